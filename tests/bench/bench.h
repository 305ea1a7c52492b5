/* bench: helpers of the programs that measure a limit: address of the server, wall and CPU time, one line of result.
 * Thread: one. */
#ifndef TIDEWAY_TESTS_BENCH_H
#define TIDEWAY_TESTS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/config.h"

/* root without a password on this machine */
static inline struct source_config bench_config(const char *port)
{
	return (struct source_config){.host = "127.0.0.1",
				      .port = (unsigned)strtoul(port, NULL, 10),
				      .user = "root",
				      .password = "",
				      .connect_timeout_s = 10};
}

static inline double bench_cpu(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Prints the result as one line of JSON, the only output on stdout. */
static inline void bench_print(uint64_t count, uint64_t bytes, int64_t began_ns)
{
	double seconds = (double)(clock_mono_ns() - began_ns) / 1e9;
	printf("{\"count\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"cpu\": %.6f}\n",
	       (unsigned long long)count, (unsigned long long)bytes, seconds, bench_cpu());
}

static inline int bench_fail(const struct err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

#endif
