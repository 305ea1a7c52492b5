/* bootstrap: what a run does before the first row: reads the checkpoint, looks at the source, and decides what is
 * read and where the stream begins (rules: start-under-lock, one-shared-point, table-position, ddl-while-copying; docs/decisions/0001,
 * 0004).
 * Thread: the sync's own. Owner: bootstrap_fini. */
#ifndef TIDEWAY_BOOTSTRAP_H
#define TIDEWAY_BOOTSTRAP_H

#include "engine/copy/full.h"
#include "engine/state/sync.h"
#include "engine/sync/handover.h"
#include "engine/sync/instance_lock.h"
#include "script/script.h"
#include "schema/catalog.h"
#include "source/conn.h"
#include "source/snapshot.h"

struct bootstrap {
	struct sync *sync;
	struct script *script;               /* of the sync's own thread: patterns and checks */
	struct conn *conn;                   /* control connection */
	struct catalog *catalog_at_position; /* the stream takes it */
	struct catalog *catalog_pending;     /* what the stream adds to it later: likewise */
	struct catalog *catalog_now; /* as the source is now; full-sync lanes read its tables */
	bool will_stream;            /* binlog_end_at_load is kept */
	struct position
		binlog_end_at_load; /* the binlog's end before catalog_now was loaded; no file: not known */
	struct doubt *doubts; /* of the checkpoint; in the arena */
	bool moved; /* the position has a new server or identity, which is not saved yet */
	bool found; /* there is a position: of the checkpoint, or of a round before */
	struct position position; /* where the stream begins */
	struct snapshot snapshot;
	bool snapshot_is_open;
	unsigned nselected;
	const struct table **selected; /* of catalog_now, in name order */
	unsigned nreads;
	struct full_table *reads; /* those of selected that are still to be read */
	struct instance_lock name;
	struct arena arena;
};

void bootstrap_init(struct bootstrap *bootstrap, struct sync *sync, struct script *script);
void bootstrap_fini(struct bootstrap *bootstrap);
/* Tells the lanes that open from now on of the captured tables: those of the source, and those of the stream's position, whose
 * columns may be others. */
void bootstrap_know_tables(struct bootstrap *bootstrap);
/* Reads the checkpoint, connects, checks the source, loads the catalogs, selects the tables and checks the script
 * against them. Waits until no process before this one can be sending (handover). Sends nothing. */
int bootstrap_look(struct bootstrap *bootstrap, struct handover *handover,
		   struct err *err) MUST_CHECK;
/* Which tables are to be read; opens the snapshot for them; saves what must be durable before the first row (the
 * caller calls checkpoint_save). bootstrap->nreads may be 0. again: the tables that the round before could not finish. */
int bootstrap_reads(struct bootstrap *bootstrap, bool again, struct err *err) MUST_CHECK;
/* Ends the snapshot. */
void bootstrap_close_snapshot(struct bootstrap *bootstrap);

/* `check`, after bootstrap_connect: reads the position of the checkpoint, and sets `found` if there is one. It
 * must be of this server and still there. */
int bootstrap_check_saved(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* What `plan`, `preview` and `check` need: like bootstrap_look, but without a checkpoint. */
int bootstrap_connect(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;

#endif
