/* cursor: the place in a binlog while its events are read: file, 64-bit offset, and the format of the events there. Every
 * reader of a binlog has one, so that all of them know the same places.
 * Thread: the one that reads. Owner: cursor_fini. */
#ifndef TIDEWAY_CURSOR_H
#define TIDEWAY_CURSOR_H

#include "base/arena.h"
#include "decode/event.h"

struct cursor {
	struct event_format format;
	bool verify;      /* check checksums */
	const char *file; /* current binlog file; "": not known yet */
	uint64_t offset;  /* after the last event */
	uint64_t start;   /* of the last event */
	const char
		*begin_file; /* where the dump begins, until its first transaction; NULL after it */
	uint64_t begin_offset;
	struct arena names; /* of files: each lives until cursor_fini */
};

void cursor_init(struct cursor *cursor, bool verify);
void cursor_fini(struct cursor *cursor);
/* A dump begins at this place. Its format is not known yet. An empty file: the server names it. A dump by GTID may start at the
 * beginning of the file, and leave out what is before the place: the upper 32 bits of its first transaction's offset are those
 * that bring it nearest to the place. */
void cursor_begin(struct cursor *cursor, struct slice file, uint64_t offset);
/* Parses the next event, moves past it, and follows FORMAT_DESCRIPTION and ROTATE. Events that event_parse refuses are errors with
 * file and offset; the cursor has moved past them, too. Heartbeats and artificial events do not move it. */
int cursor_read(struct cursor *cursor, struct slice packet, struct event *event,
		struct err *err) MUST_CHECK;
/* Fills operation and position of the error: "<what> at file:offset". Returns -1. */
int cursor_wrap(const struct cursor *cursor, const char *what, uint64_t offset, struct err *err);

#endif
