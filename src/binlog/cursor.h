/* cursor: the place in a binlog while its events are read: file, 64-bit offset, and the format of the events there. Every
 * reader of a binlog uses one, so that all of them compute the same places.
 * Thread: the one that reads. Owner: cursor_fini. */
#ifndef TIDEWAY_CURSOR_H
#define TIDEWAY_CURSOR_H

#include "base/arena.h"
#include "decode/event.h"

struct cursor {
	struct event_format format;
	bool verify;      /* check checksums */
	const char *file; /* current binlog file; "": unknown so far */
	uint64_t offset;  /* after the last event */
	uint64_t start;   /* of the last event */
	const char *
		begin_file; /* file where the dump begins, until its first transaction; NULL after it */
	uint64_t begin_offset;
	struct arena names; /* names of files; each lives until cursor_fini */
};

void cursor_init(struct cursor *cursor, bool verify);
void cursor_fini(struct cursor *cursor);
/* Begins a dump at this place, with an unknown format. An empty file: the server names it. A dump by GTID may start at the
 * beginning of the file and leave out what is before the place. The cursor then chooses the upper 32 bits of the first
 * transaction's offset so that the offset is nearest to the place. */
void cursor_begin(struct cursor *cursor, struct slice file, uint64_t offset);
/* Parses the next event, moves past it, and follows FORMAT_DESCRIPTION and ROTATE. Fails with file and
 * offset on events that event_parse refuses; the cursor has then moved past them too. Heartbeats and artificial events do
 * not move it. An Incident event before the place where the dump begins is passed over. */
int cursor_read(struct cursor *cursor, struct slice packet, struct event *event,
		struct err *err) MUST_CHECK;
/* Fills the error's operation and position: "<what> at file:offset". Returns -1. */
int cursor_wrap(const struct cursor *cursor, const char *what, uint64_t offset, struct err *err);

#endif
