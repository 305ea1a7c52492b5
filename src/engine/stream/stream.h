/* stream: the lane that follows the binlog, from a position, for ever.
 * Thread: stream_run in a thread of its own.
 * Owner: stream_new / stream_free; it takes the catalogs. */
#ifndef TIDEWAY_STREAM_H
#define TIDEWAY_STREAM_H

#include "engine/lane/lane.h"
#include "binlog/packet_source.h"
#include "schema/catalog.h"

struct doubt;
struct stream;

struct stream_options {
	bool until_end; /* end when the binlog that exists now is read (mode "full", tests) */
	size_t hold_max; /* bytes of a transaction that are held until its outcome is known; 0: 4 MB */
	/* Opens the binlog at a position instead of the server's dump: recorded packets, in tests. NULL: there is a server. */
	struct packet_source *(*open_packets)(void *arg, const struct position *position,
					      struct err *err);
	void *open_arg;
};

/* What a start has found for the stream, which frees catalog and pending. The rest is borrowed until stream_free. */
struct stream_start {
	const struct position *position; /* where the stream begins; copied */
	struct catalog *catalog;         /* as of the position */
	/* Definitions that the catalog gets at the positions that sync->states has for them; NULL: none. */
	struct catalog *pending;
	struct doubt *doubts; /* of the checkpoint */
	/* The tables of the source at the time of the start, and the binlog's end before they were loaded; NULL or no file: not
	 * known. */
	const struct catalog *catalog_now;
	const struct position *binlog_end_at_load;
};

struct stream *stream_new(struct sync *sync, const struct stream_start *start,
			  const struct stream_options *options, struct lane_metrics *metrics);
void stream_free(struct stream *stream);
/* What it ended with is of this host alone and does not pass there (several hosts). */
bool stream_was_refused(const struct stream *stream);
/* Whether something after its start is acknowledged, or nothing was to be sent. */
bool stream_went_on(const struct stream *stream);
/* Opens the lane, whose steps (engine/lane/step.h) follow the binlog until the sync, or its stream alone, is stopped (LANE_DONE: everything written is
 * acknowledged and posted), or an error. Close it in any case. */
int stream_open(struct stream *stream, struct lane **lane, struct err *err) MUST_CHECK;
/* rc: of the last step, or of stream_open. */
void stream_close(struct stream *stream, int rc);
/* All of that, in this thread. Returns 0 or -1. */
int stream_run(struct stream *stream, struct err *err) MUST_CHECK;

#endif
