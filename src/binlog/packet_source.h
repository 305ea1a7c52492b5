/* packet_source: binlog events as raw packets, one after the other, wherever they come from: a dump (source/dump.h) or memory.
 * Thread: the one that reads. Owner: packet_source_free. */
#ifndef TIDEWAY_PACKET_SOURCE_H
#define TIDEWAY_PACKET_SOURCE_H

#include "base/err.h"
#include "base/slice.h"

struct packet_source {
	int (*next)(struct packet_source *source, struct slice *packet, struct err *err);
	void (*free)(struct packet_source *source);
};

/* One event, header first; valid until the next call. 1: an event; 0: the end; -1. */
static inline int packet_source_next(struct packet_source *source, struct slice *packet,
				     struct err *err)
{
	return source->next(source, packet, err);
}

/* source may be NULL. */
static inline void packet_source_free(struct packet_source *source)
{
	if (source)
		source->free(source);
}

/* The packets are borrowed. */
struct packet_source *memory_source_new(const struct slice *packets, size_t n);

#endif
