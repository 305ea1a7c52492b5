#include "base/cores.h"

#include "base/file.h"
#include "base/num.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define GROUPS "/sys/fs/cgroup"

/* Cut off the part of *rest up to the next blank or line end. */
static struct slice next_word(struct slice *rest)
{
	size_t len = 0;
	struct slice word;
	while (len < rest->len && rest->ptr[len] != ' ' && rest->ptr[len] != '\n')
		len++;
	word = slice_of(rest->ptr, len);
	len += len < rest->len;
	*rest = slice_of(rest->ptr + len, rest->len - len);
	return word;
}

/* The file contains "150000 100000" (microseconds in each period) or "max 100000". */
unsigned cores_of_quota(struct slice cpu_max)
{
	uint64_t quota, period;
	struct slice first = next_word(&cpu_max), second = next_word(&cpu_max);
	if (!num_parse_u64(first, &quota) || !num_parse_u64(second, &period) || quota == 0 ||
	    period == 0)
		return 0;
	return (unsigned)((quota + period - 1) / period);
}

static unsigned affinity(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

/* Append the path of this process's group, "/a/b"; nothing if it has no group of version 2. */
static void put_group(struct buf *path)
{
	struct err ignored = ERR_INIT;
	struct buf text;
	struct slice rest;
	buf_init(&text);
	if (file_read("/proc/self/cgroup", &text, &ignored) == 0)
		for (rest = buf_slice(&text); rest.len > 0;) {
			struct slice line = next_word(&rest);
			if (line.len > 3 && memcmp(line.ptr, "0::", 3) == 0)
				buf_put(path, slice_of(line.ptr + 3, line.len - 3));
		}
	buf_fini(&text);
}

/* Return the quota of the group with this path; 0: none. */
static unsigned quota_at(struct slice group)
{
	struct err ignored = ERR_INIT;
	struct buf path, text;
	unsigned cores = 0;
	buf_init(&path);
	buf_init(&text);
	buf_printf(&path, GROUPS "%.*s/cpu.max", SLICE_FMT(group));
	if (file_read(buf_cstr(&path), &text, &ignored) == 0)
		cores = cores_of_quota(buf_slice(&text));
	buf_fini(&text);
	buf_fini(&path);
	return cores;
}

/* The quota of each group above also applies. */
unsigned cores_available(void)
{
	unsigned cores = affinity(), quota;
	struct buf group;
	buf_init(&group);
	put_group(&group);
	for (;;) {
		quota = quota_at(buf_slice(&group));
		if (quota > 0 && quota < cores)
			cores = quota;
		if (group.len == 0)
			break;
		while (group.len > 0 && group.ptr[--group.len] != '/')
			;
	}
	buf_fini(&group);
	return cores;
}

/* ---- how busy they are ---- */

static uint64_t timeval_ms(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

static uint64_t own_ms(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return timeval_ms(&usage.ru_utime) + timeval_ms(&usage.ru_stime);
}

/* The file begins with "cpu user nice system idle iowait irq softirq steal ...", in ticks. */
static uint64_t machine_ms(void)
{
	struct err ignored = ERR_INIT;
	uint64_t user, nice, system, idle, wait, irq, soft, ticks = 0;
	struct buf text;
	buf_init(&text);
	if (file_read("/proc/stat", &text, &ignored) == 0 &&
	    sscanf(buf_cstr(&text),
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64,
		   &user, &nice, &system, &idle, &wait, &irq, &soft) == 7)
		ticks = user + nice + system + irq + soft;
	buf_fini(&text);
	return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

uint64_t cores_busy_ms(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 && cores_available() >= (unsigned long)online ? machine_ms() : own_ms();
}
