/* commit: how "everything up to here is in Kafka" becomes durable. A lane sends its messages in
 * slots, in source order: commit_begin, messages (commit_sent for each), commit_done with the mark
 * of what follows. A mark carries what must become durable with it. The lane calls commit_serve
 * often. It makes finished marks durable, in order and without a gap, each with its records and the
 * state of the topics that it covers.
 * There is one implementation: commit_post, at least once. decisions/0023 shows how exactly once
 * fits.
 * Thread: the lane's. Owner: the lane; commit_free. */
#ifndef TIDEWAY_COMMIT_H
#define TIDEWAY_COMMIT_H

#include "base/err.h"
#include "engine/lane/window.h"

#include <pthread.h>

struct sink;
struct sync;

/* What a lane's marks mean. The user of the lane provides it. */
struct commit_meaning {
	/* Everything up to the mark is in Kafka. Add to the batch what becomes durable with it. The
	 * mark's own records are in the batch already. NULL: nothing to add. */
	void (*reached)(void *arg, const struct mark *mark, struct record_batch *batch);
	/* Return the position that becomes durable with the batch; NULL: no newer one. Called when
	 * the batch is posted. NULL: the lane has no position. */
	const struct position *(*position)(void *arg);
	void *arg;
	int64_t interval_ms; /* post at most this often */
	/* Held from the first mark that is reached until its records are posted, by lanes that write records of the same names: a
	 * later record must not be posted earlier. NULL: no other lane does. */
	pthread_mutex_t *order;
};

struct commit;

struct commit_ops {
	int (*begin)(struct commit *commit, struct err *err);
	void (*sent)(struct commit *commit, unsigned n);
	void (*acked)(struct commit *commit, uint64_t token, unsigned n);
	void (*done)(struct commit *commit, const struct mark *mark);
	void (*serve)(struct commit *commit, bool now);
	bool (*idle)(const struct commit *commit);
	bool (*full)(const struct commit *commit);
	void (*free)(struct commit *commit);
};

struct commit {
	const struct commit_ops *ops;
	uint64_t
		token; /* of the slot that commit_begin has opened last: messages carry it to the sink */
};

/* At least once: post the marks whose messages are acknowledged to the checkpoint of the sync.
 * *halt: commit_begin gives up. */
struct commit *commit_post_new(struct sync *sync, struct sink *sink, const _Atomic bool *halt,
			       const struct commit_meaning *meaning);

static inline void commit_free(struct commit *commit)
{
	if (commit)
		commit->ops->free(commit);
}

/* Open a slot. While there is no room, serve the sink's reports and commit what they finish, until
 * the lane must stop. */
static inline int MUST_CHECK commit_begin(struct commit *commit, struct err *err)
{
	return commit->ops->begin(commit, err);
}

/* Count n messages that were sent in the open slot. */
static inline void commit_sent(struct commit *commit, unsigned n)
{
	commit->ops->sent(commit, n);
}

/* Count n messages of a slot that the brokers have acknowledged. */
static inline void commit_acked(struct commit *commit, uint64_t token, unsigned n)
{
	commit->ops->acked(commit, token, n);
}

/* Close the open slot: everything before the mark has been sent. The commit takes what the mark
 * owns. */
static inline void commit_done(struct commit *commit, const struct mark *mark)
{
	commit->ops->done(commit, mark);
}

/* Make finished marks durable. now: do not wait for the interval. */
static inline void commit_serve(struct commit *commit, bool now)
{
	commit->ops->serve(commit, now);
}

/* Return whether nothing is in flight. */
static inline bool commit_is_idle(const struct commit *commit)
{
	return commit->ops->idle(commit);
}

/* Return whether commit_begin would wait for room: until commit_serve has found something finished. */
static inline bool commit_is_full(const struct commit *commit)
{
	return commit->ops->full(commit);
}

#endif
