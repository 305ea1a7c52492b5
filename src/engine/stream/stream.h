/* stream: the lane that follows the binlog from a position until it is stopped.
 * Thread: stream_run in a thread of its own. Owner: stream_new / stream_free; it takes the catalogs. */
#ifndef TIDEWAY_STREAM_H
#define TIDEWAY_STREAM_H

#include "engine/lane/lane.h"
#include "binlog/packet_source.h"
#include "schema/catalog.h"

struct backfill_link;
struct doubt;
struct stream;

struct stream_options {
	bool until_end; /* end at the present end of the binlog (mode "full", tests) */
	size_t hold_max; /* bytes of a transaction to hold at most until its outcome is known; 0: 4 MB */
	/* Open recorded packets at a position, in tests. NULL: open the server's dump. */
	struct packet_source *(*open_packets)(void *arg, const struct position *position,
					      struct err *err);
	void *open_arg;
	struct backfill_link *backfill; /* a backfill beside the stream; NULL: none */
};

/* A topic that the rules without a function give to tables of the source. */
struct constant_topic {
	struct slice name;
	bool keyed;         /* the first of these tables has keys */
	bool not_compacted; /* as in struct mapping, of any of these tables */
};

/* What a start found for the stream. The stream frees catalog and pending, and borrows the rest until stream_free. */
struct stream_start {
	const struct position *position; /* where the stream begins; copied */
	struct catalog *catalog;         /* as of the position */
	/* definitions that the catalog gets at later positions, which sync->states has; NULL: none */
	struct catalog *pending;
	struct doubt *doubts; /* of the checkpoint */
	/* the definitions that the script was checked with, and their topics; NULL: none were. If it was checked with all that the
	 * stream begins with, their plans are made when rows of the tables come. */
	const struct catalog *checked;
	const struct constant_topic *topics;
	unsigned ntopics;
	/* tables of the source at the start, and the end of the binlog before they were loaded; NULL or no file: unknown */
	const struct catalog *catalog_now;
	const struct position *binlog_end_at_load;
};

struct stream *stream_new(struct sync *sync, const struct stream_start *start,
			  const struct stream_options *options, struct lane_metrics *metrics);
void stream_free(struct stream *stream);
/* Return whether the stream ended with an error that lasts on this host and may not exist on others. */
bool stream_was_refused(const struct stream *stream);
/* Return whether something after the start was acknowledged, or there was nothing to send. */
bool stream_went_on(const struct stream *stream);
/* Open the lane. Its steps (engine/lane/step.h) follow the binlog until the sync or its stream is stopped (LANE_DONE:
 * everything sent is acknowledged and posted) or fails. Close it in any case. */
int stream_open(struct stream *stream, struct lane **lane, struct err *err) MUST_CHECK;
/* rc: the result of the last step, or of stream_open. */
void stream_close(struct stream *stream, int rc);
/* Open, run and close the stream in this thread. Return 0 or -1. */
int stream_run(struct stream *stream, struct err *err) MUST_CHECK;

#endif
