/* packet_source: a sequence of binlog events as raw packets, from a dump (source/dump.h), a file or memory.
 * Thread: the one that reads. Owner: packet_source_free. */
#ifndef TIDEWAY_PACKET_SOURCE_H
#define TIDEWAY_PACKET_SOURCE_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wait.h"

#include <stddef.h>

struct packet_source {
	int (*next)(struct packet_source *source, struct slice *packet, struct err *err);
	void (*free)(struct packet_source *source);
	/* NULL: `next` never waits */
	int (*ready)(struct packet_source *source, struct wait *wait, struct err *err);
};

/* Returns 1 when packet_source_next returns without waiting for the beginning of an event, 0 when it would wait: until
 * *wait is over, -1 on error. */
static inline int packet_source_ready(struct packet_source *source, struct wait *wait,
				      struct err *err)
{
	return source->ready ? source->ready(source, wait, err) : 1;
}

/* Sets *packet to the next event with its header, valid until the next call. Returns 1, 0 at the end, -1 on error. */
static inline int packet_source_next(struct packet_source *source, struct slice *packet,
				     struct err *err)
{
	return source->next(source, packet, err);
}

/* Frees the source, which may be NULL. */
static inline void packet_source_free(struct packet_source *source)
{
	if (source)
		source->free(source);
}

/* Opens a binlog file. Its source ends with the file. A file that ends within an event is damaged: the server that wrote it
 * stopped there. Returns NULL on error. */
struct packet_source *file_source_new(const char *path, struct err *err);
/* Makes a source of recorded packets, which it borrows. */
struct packet_source *memory_source_new(const struct slice *packets, size_t n);

#endif
