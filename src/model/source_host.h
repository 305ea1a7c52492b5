/* source_host: one host of source.mysql { hosts = {...} }: "db1", "db2:3307", "[::1]:3306".
 * Thread: any; plain data. Owner: the configuration's arena. */
#ifndef TIDEWAY_SOURCE_HOST_H
#define TIDEWAY_SOURCE_HOST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct source_host {
	const char *name; /* name or address without brackets, NUL-terminated */
	unsigned port;
};

/* Splits the text of a host into name and port. Leaves *port unchanged if the text has no port.
 * Returns NULL, or the reason why the text is not valid. */
const char *source_host_parse(struct slice text, struct slice *name, unsigned *port);
/* Writes the host for messages: "db1:3306", "[::1]:3306". Truncates it to `size`. */
void source_host_print(const struct source_host *host, char *text, size_t size);

#endif
