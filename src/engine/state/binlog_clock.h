/* binlog_clock: periodically ask the source, by a connection of its own, for its clock and then for
 * the end of its binlog. Everything after that end was written after that time. A slow or half-open
 * connection makes readings late, never wrong.
 * Thread: one of its own; the functions are the owner's. Owner: binlog_clock_start /
 * binlog_clock_end. */
#ifndef TIDEWAY_BINLOG_CLOCK_H
#define TIDEWAY_BINLOG_CLOCK_H

#include "source/source.h"

#include <stdbool.h>
#include <stdint.h>

struct binlog_clock;

struct binlog_reading {
	int64_t asked_ms;  /* monotonic, before the server was asked */
	int64_t server_ms; /* the server's clock */
	char file[256];    /* where its binlog ended after that */
	uint64_t offset;
	char server[64]; /* identity of struct server */
	char from
		[256]; /* the file that the owner reads; "": unknown, or the server does not have it */
	uint64_t between; /* bytes of the files from `from` up to `file`, without the latter */
};

/* config, and label (of log lines; may be NULL), must outlive the clock. */
struct binlog_clock *binlog_clock_start(struct source *source, int64_t interval_ms,
					const char *label);
/* NULL is allowed. */
void binlog_clock_end(struct binlog_clock *clock);
/* Ask the server now, since it is reachable again. */
void binlog_clock_hurry(struct binlog_clock *clock);
/* Take the newest reading. Return false if it was taken already. reads: the file that the owner reads now, for the next readings;
 * NULL: unknown. */
bool binlog_clock_take(struct binlog_clock *clock, const char *reads,
		       struct binlog_reading *reading);

#endif
