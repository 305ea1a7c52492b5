/* progress: what a running sync says about itself: a line on a terminal, log lines elsewhere.
 * Thread: main. */
#ifndef TIDEWAY_PROGRESS_H
#define TIDEWAY_PROGRESS_H

#include "engine/sync/supervisor.h"

struct progress {
	uint64_t last_rows; /* of the last line */
	int64_t last_ms;    /* monotonic, of the last line */
	int64_t started_ms;
	bool terminal; /* stderr is one */
	bool several;  /* syncs run */
};

void progress_init(struct progress *progress, bool several);
/* Shows the numbers: at once on a terminal, if it is the turn of this one of several, every 30 s in the log. */
void progress_show(struct progress *progress, struct supervisor *supervisor, bool turn);
/* The last line: totals. */
void progress_end(struct progress *progress, struct supervisor *supervisor);

#endif
