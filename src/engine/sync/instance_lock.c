#include "engine/sync/instance_lock.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/state/sync.h"
#include "source/lock.h"

#include <stdio.h>

enum {
	TRY_S = 1,       /* one turn of waiting */
	ANSWER_S = 10,   /* a connection that does not answer is lost; well below the lease, for
	                     the checkpoint is not saved meanwhile */
	LOOK_MS = 10000, /* how often the lock is checked */
	LOCK_NAME = 100,
};

void instance_lock_init(struct instance_lock *lock, const struct sync *sync)
{
	*lock = (struct instance_lock){.sync = sync};
}

void instance_lock_free(struct instance_lock *lock)
{
	conn_free(lock->conn);
	lock->conn = NULL;
	lock->place = (struct lock_place){.started_s = 0};
}

/* Record where the lock is held. A server that does not report when it started cannot be recognised
 * later: record no place. */
static int note_place(struct instance_lock *lock, struct err *err)
{
	int64_t started_s;
	if (lock_server_started(lock->conn, &started_s, err) < 0) {
		if (err->retriable)
			return -1;
		log_debug("%s", err->text);
		*err = (struct err)ERR_INIT;
		return 0;
	}
	lock->place.started_s = started_s;
	snprintf(lock->place.server, sizeof(lock->place.server), "%s",
		 conn_server(lock->conn)->identity);
	return 0;
}

static void print_name(const struct instance_lock *lock, char name[LOCK_NAME])
{
	snprintf(name, LOCK_NAME, "tideway.%s", lock->sync->config->name);
}

static int connect(struct instance_lock *lock, struct err *err)
{
	instance_lock_free(lock);
	lock->conn = conn_open(lock->sync->source, CONN_LOCK, err);
	if (lock->conn == NULL)
		return -1;
	conn_set_deadline(lock->conn, ANSWER_S);
	return 0;
}

/* Return 1 if this connection now has the lock; 0 if *holder, a connection of the source, has it;
 * -1. Some proxies and clusters do not support such locks: then do not wait here, and record no
 * place (see handover_wait). */
static int take(struct instance_lock *lock, struct buf *holder, struct err *err)
{
	char name[LOCK_NAME];
	int rc;
	print_name(lock, name);
	rc = lock_take(lock->conn, name, TRY_S, holder, err);
	if (rc < 0) {
		if (err->retriable)
			return -1;
		log_debug("%s", err->text);
		*err = (struct err)ERR_INIT;
		return 1;
	}
	if (rc == 1 && note_place(lock, err) < 0)
		return -1;
	return rc;
}

/* Wait for another process of this name. It is fenced by now, but notices only at its next save,
 * and what it sends until then would follow newer messages of ours. One that still exists after its
 * lease hangs, or its host has failed. */
static int wait_for_it(struct instance_lock *lock, struct err *err)
{
	const struct sync *sync = lock->sync;
	int64_t limit_ms = sync->checkpoint.lease.times[LEASE_HANDOVER];
	int64_t until = clock_mono_ms() + limit_ms;
	bool said = false;
	struct buf holder;
	int rc;
	buf_init(&holder);
	while ((rc = take(lock, &holder, err)) == 0 && !atomic_load(&sync->flags.stop)) {
		if (clock_mono_ms() > until) {
			log_warn("connection %s of the source still has the lock of sync '%s' "
				 "after %.0f s: assuming that its process is dead",
				 buf_cstr(&holder), sync->config->name, (double)limit_ms / 1000);
			break;
		}
		if (!said)
			log_info("another process of sync '%s' is running (connection %s of the "
				 "source): waiting for its next save, which ends it",
				 sync->config->name, buf_cstr(&holder));
		said = true;
	}
	buf_fini(&holder);
	return rc < 0 ? -1 : 0;
}

/* Return whether this run saves anything: then it must be the only one of its name. */
static bool is_kept(const struct sync *sync)
{
	return !sync->output.dry_run &&
	       (sync->config->sink.kind == SINK_KAFKA || sync->config->checkpoint_file);
}

int instance_lock_take(struct instance_lock *lock, struct err *err)
{
	if (!is_kept(lock->sync))
		return 0;
	if (connect(lock, err) < 0)
		return -1;
	lock->look_ms = clock_mono_ms() + LOOK_MS;
	return wait_for_it(lock, err);
}

/* Return 1 if this connection has the lock; 0 if not; -1 if the connection is lost. */
static int has(struct instance_lock *lock, struct err *err)
{
	char name[LOCK_NAME];
	int rc;
	if (lock->conn == NULL)
		return -1;
	print_name(lock, name);
	rc = lock_is_held(lock->conn, name, err);
	return rc < 0 && !err->retriable ? 1 : rc;
}

static void look(struct instance_lock *lock)
{
	struct err err = ERR_INIT;
	struct buf holder;
	int rc = has(lock, &err);
	if (rc > 0 || atomic_load(&lock->sync->flags.halt))
		return;
	lock->place = (struct lock_place){.started_s = 0};
	if (rc < 0 && lock->conn) { /* opened again in the next turn: the checkpoint comes first */
		instance_lock_free(lock);
		lock->look_ms = 0;
		return;
	}
	if (lock->conn == NULL && connect(lock, &err) < 0) {
		log_debug("%s", err.text);
		return;
	}
	buf_init(&holder);
	if (take(lock, &holder, &err) <= 0) /* the process that has it fences this one by now */
		log_debug("did not get the lock of sync '%s'", lock->sync->config->name);
	buf_fini(&holder);
}

void instance_lock_keep(struct instance_lock *lock)
{
	if (!is_kept(lock->sync) || atomic_load(&lock->sync->flags.halt) ||
	    clock_mono_ms() < lock->look_ms)
		return;
	lock->look_ms = clock_mono_ms() + LOOK_MS;
	look(lock);
}
