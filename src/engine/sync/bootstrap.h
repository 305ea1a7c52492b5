/* bootstrap: what an attempt does before its first row: read the checkpoint, query the source, and
 * decide what is read and where the stream begins (rules: start-under-lock, one-shared-point,
 * table-position, ddl-while-copying; docs/decisions/0001, 0004).
 * Thread: the sync's own. Owner: bootstrap_init / bootstrap_fini. */
#ifndef TIDEWAY_BOOTSTRAP_H
#define TIDEWAY_BOOTSTRAP_H

#include "engine/copy/full.h"
#include "engine/state/sync.h"
#include "engine/stream/stream.h"
#include "engine/sync/handover.h"
#include "engine/sync/instance_lock.h"
#include "script/script.h"
#include "schema/catalog.h"
#include "source/conn.h"
#include "source/snapshot.h"

/* What a start finds for the stream. */
struct findings {
	struct doubt *doubts; /* of the checkpoint; in the arena */
	/* what setup_topics has checked: the definitions of catalog_now at that time, and the constant topics of the selected tables, which
	 * are in the arena */
	struct catalog *checked;
	struct constant_topic *topics;
	unsigned ntopics;
};

struct bootstrap {
	struct sync *sync;
	struct script *script;               /* in the sync's own thread: patterns and checks */
	struct conn *conn;                   /* control connection */
	struct catalog *catalog_at_position; /* the stream takes it */
	struct catalog *
		catalog_pending; /* definitions that the stream adds to it later; the stream takes this, too */
	struct catalog *catalog_now; /* as the source is now; full-sync lanes read its tables */
	bool will_stream;            /* binlog_end_at_load is kept */
	struct position
		binlog_end_at_load; /* the binlog's end before catalog_now was loaded; no file: not known */
	struct findings findings;
	bool moved; /* the position has a new server or identity that is not saved yet */
	bool found; /* there is a position: from the checkpoint, or from an earlier round */
	struct position position; /* where the stream begins */
	struct snapshot snapshot;
	bool snapshot_is_open;
	unsigned nselected;
	const struct table **selected; /* tables of catalog_now, in name order */
	unsigned nreads;
	struct full_table *reads; /* those of selected that must still be read */
	struct instance_lock name;
	struct arena arena;
};

void bootstrap_init(struct bootstrap *bootstrap, struct sync *sync, struct script *script);
void bootstrap_fini(struct bootstrap *bootstrap);
/* Pass the captured tables to the lanes that open from now on: those of the source, and those that the stream has at its position
 * or gets later, whose columns may differ. */
void bootstrap_know_tables(struct bootstrap *bootstrap);
/* Read the checkpoint, connect, check the source, load the catalogs, select the tables and check
 * the script against them. Wait until no earlier process can still be sending (handover). Send
 * nothing. jumps: bootstrap_jump follows if there is a position, so the source need not have what is after it. */
int bootstrap_look(struct bootstrap *bootstrap, struct handover *handover, bool jumps,
		   struct err *err) MUST_CHECK;
/* Return whether the sync continues after the error, without the part of the binlog that is missing (on_purged). */
bool bootstrap_may_jump(const struct sync_config *config, const struct err *why);
/* Let the stream begin at the present end of the binlog, with the present definitions, and save that. Tables that were not
 * copied completely are copied from their beginning. */
int bootstrap_jump(struct bootstrap *bootstrap, const struct err *why, struct err *err) MUST_CHECK;
/* Decide which tables to read, open the snapshot for them, and post what must be durable before the
 * first row; the caller then calls checkpoint_save. bootstrap->nreads may be 0. again: read the
 * tables that the last round did not finish. */
int bootstrap_reads(struct bootstrap *bootstrap, bool again, struct err *err) MUST_CHECK;
/* Fill in the tables that are copied beside the stream, nselected at most; NULL: only count them. Return their number. */
unsigned bootstrap_backfills(const struct bootstrap *bootstrap, const struct table **tables);
/* End the snapshot. */
void bootstrap_close_snapshot(struct bootstrap *bootstrap);

/* For `check`, after bootstrap_connect: read the position of the checkpoint, and set `found` if
 * there is one. Fail if it is not of this server, or no longer there. */
int bootstrap_check_saved(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Refuse a table that no transaction protects: it is read as it is after the position, and the
 * stream repeats rows of that time, which only a key makes converge. */
int bootstrap_check_engine(const struct table *table, struct err *err) MUST_CHECK;
/* Refuse a condition of full.where for this table that the source does not accept. */
int bootstrap_check_condition(struct bootstrap *bootstrap, const struct table *table,
			      struct err *err) MUST_CHECK;
/* For `plan`, `preview`, `check` and commands: as bootstrap_look, without a checkpoint. */
int bootstrap_connect(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;

#endif
