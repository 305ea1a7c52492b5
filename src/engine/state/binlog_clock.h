/* binlog_clock: asks the source again and again, by a connection of its own, for its clock and then for the end of its binlog.
 * Whatever lies after that end was written after that time. A slow or half-open link makes readings late, never wrong.
 * Thread: has one of its own; the functions are the owner's. Owner: binlog_clock_start / binlog_clock_end. */
#ifndef TIDEWAY_BINLOG_CLOCK_H
#define TIDEWAY_BINLOG_CLOCK_H

#include "source/source.h"

#include <stdbool.h>
#include <stdint.h>

struct binlog_clock;

struct binlog_reading {
	int64_t asked_ms;  /* monotonic, before the server was asked */
	int64_t server_ms; /* its clock, */
	char file[256];    /* and where its binlog ended after that */
	uint64_t offset;
	char server[64]; /* identity of struct server */
};

/* config and label (of its log lines; may be NULL) must outlive it. */
struct binlog_clock *binlog_clock_start(struct source *source, int64_t interval_ms,
					const char *label);
/* NULL is fine. */
void binlog_clock_end(struct binlog_clock *clock);
/* The server has come back: it is asked now. */
void binlog_clock_hurry(struct binlog_clock *clock);
/* The newest reading that was not taken yet. */
bool binlog_clock_take(struct binlog_clock *clock, struct binlog_reading *reading);

#endif
