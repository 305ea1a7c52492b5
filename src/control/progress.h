/* progress: show how far a running sync has come: on one line of a terminal, or as log lines
 * elsewhere.
 * Thread: main. */
#ifndef TIDEWAY_PROGRESS_H
#define TIDEWAY_PROGRESS_H

#include "engine/sync/supervisor.h"

struct progress {
	uint64_t last_rows; /* when the last line was shown */
	int64_t last_ms;    /* monotonic, when the last line was shown */
	int64_t started_ms;
	bool terminal; /* stderr is a terminal */
	bool several;  /* several syncs run */
};

void progress_init(struct progress *progress, bool several);
/* Show the numbers. On a terminal, at once if it is this sync's turn; in the log, every 30 s. */
void progress_show(struct progress *progress, struct supervisor *supervisor, bool turn);
/* Log the totals. */
void progress_end(struct progress *progress, struct supervisor *supervisor);

#endif
