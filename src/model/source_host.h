/* source_host: one of the servers of source.mysql { hosts = {...} }: "db1", "db2:3307", "[::1]:3306".
 * Thread: plain data; any. Owner: the configuration's arena. */
#ifndef TIDEWAY_SOURCE_HOST_H
#define TIDEWAY_SOURCE_HOST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct source_host {
	const char *name; /* or address, without brackets; NUL-terminated */
	unsigned port;
};

/* Takes such a text apart; without a port, *port stays. NULL, or what is wrong with it. */
const char *source_host_parse(struct slice text, struct slice *name, unsigned *port);
/* "db1:3306", "[::1]:3306", for texts; cut to size. */
void source_host_print(const struct source_host *host, char *text, size_t size);

#endif
