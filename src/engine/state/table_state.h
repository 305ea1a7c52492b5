/* table_state: how far each table of a sync has come, and which databases are tracked only after a
 * position. A sync has one object for all of them (docs/decisions/0001, 0004).
 * Thread: one at a time. The sync's own thread changes it while no lane runs. While full-sync lanes
 * run, they change the finished ranges of the tables that they read, under the lock of the copy. The stream lane is its only
 * user while it runs.
 * Owner: the sync; table_states_init / table_states_fini. States are valid until
 * table_states_clear. */
#ifndef TIDEWAY_TABLE_STATE_H
#define TIDEWAY_TABLE_STATE_H

#include "base/map.h"
#include "engine/state/table_record.h"

struct table_state {
	struct slice name; /* "db.table" */
	/* What the checkpoint records once the table is copied. start: unset if the stream begins
	 * after it; read_at: set only until the stream has reached it; definition: in the arena of
	 * the states; ranges: what is finished until then. */
	struct table_record record;
	/* of a table that is being copied: the latest position that its rows may be from. No statement before it has changed the
	 * table since its finished ranges were read. */
	struct position reached;
	bool pending; /* the catalog gets the definition when the stream reaches the start position */
	bool unread; /* the rows that the name had so far were not read, under any name */
	bool backfilled; /* its rows are read beside the stream, for the first time or again, and not all of them are sent */
	/* options of `full` for its copy; the bootstrap sets them */
	const char *where; /* of its rows, a condition in SQL; NULL: all rows */
	unsigned order;    /* tables with a lower number are copied first */
	bool skipped;      /* it is not copied, and its record does not say so yet */
	bool left;         /* it lost its name before all of them were sent for the first time */
};

/* A database that the stream's catalog does not have until the stream has passed `start`. */
struct pending_database {
	struct slice name;
	struct position start;
};

struct table_states {
	struct map tables; /* "db.table" -> struct table_state */
	struct map
		copied; /* the names of the tables that are copied and have nothing else to remember */
	struct map databases; /* name -> struct pending_database */
	struct map pending;   /* name -> the tables with `pending` */
	struct arena arena;
};

void table_states_init(struct table_states *states);
void table_states_fini(struct table_states *states);
/* Forget everything, before the next attempt loads the checkpoint again. */
void table_states_clear(struct table_states *states);

/* ---- one table ---- */

/* Return the state of a table; NULL: it is new, or copied with nothing else to remember. */
struct table_state *table_states_find(const struct table_states *states, struct slice name);
/* Return the state of a table. Make it if there is none. */
struct table_state *table_states_get(struct table_states *states, struct slice name);
/* Keep only the name of a table that is copied. A state is fifty times as large, and a sync may have many thousands of tables. */
void table_states_add_copied(struct table_states *states, struct slice name);
enum table_phase table_states_phase(const struct table_states *states, struct slice name);
/* Take a record of the checkpoint, without the positions that a stream beginning at `begin` has
 * passed. The record has no finished ranges then. */
void table_state_load(struct table_states *states, struct table_state *state,
		      struct table_record *record, const struct position *begin);
/* Set the start position. NULL: no events of the table are dropped. */
void table_state_set_start(struct table_state *state, const struct position *start);
/* Record where the table's rows are read, unless a stream beginning at `begin` has passed that
 * place. */
void table_state_set_read(struct table_state *state, const struct position *at,
			  const struct position *begin);
/* Record that the rows which the table has had so far cannot be read any more. */
void table_state_set_unread(struct table_state *state);
/* Begin to read the rows of the table beside a stream that begins at `begin`. A new table counts from `now` on; one that was begun
 * before keeps its start position. */
void table_state_begin_backfill(struct table_state *state, const struct position *now,
				const struct position *begin);
/* Log that another copy has ended before all of its rows were sent. */
void table_state_log_cut_off(const struct table_state *state, const char *why);
/* Let the rows of a table be copied again. where: a condition in SQL; ptr NULL: all rows. deletes: rows that are only in the topic are
 * deleted there. */
void table_state_begin_again(struct table_state *state, int64_t id, struct slice where,
			     bool deletes);
/* Return whether rows of the table are missing downstream until its backfill ends: it is copied for the first time, or after a quarantine. */
bool table_state_is_incomplete(const struct table_state *state);
/* No more of its rows are read: all are sent. */
void table_state_end_backfill(struct table_state *state);
/* No more of its rows are read: the table is gone, or has another name. If it was copied for the first time, the rows of the next
 * table of this name are not read. */
void table_state_leave_backfill(struct table_state *state);
/* Copies the definition. pending: the catalog does not have it until the start position. */
void table_state_set_definition(struct table_states *states, struct table_state *state,
				const struct table *definition, bool pending);
/* The catalog has the definition: forget it here. */
void table_state_end_pending(struct table_states *states, struct table_state *state);

/* For these functions the state may be NULL: they return false. */
/* Return whether the copy of the table contains the transaction, whose events are then dropped. */
bool table_state_drops(const struct table_state *state, const struct trx_place *trx);
/* Return whether no copy contains the rows that this name has at the transaction: the name was read
 * later, when another table may have had it, or not at all. */
bool table_state_misses_rows(const struct table_state *state, const struct trx_place *trx);
/* Return whether the table that has this name after the transaction was read there. */
bool table_state_is_read_later(const struct table_state *state, const struct trx_place *trx);
/* Return whether the copy of any table contains the transaction. */
bool table_states_any_drops(const struct table_states *states, const struct trx_place *trx);

/* ---- pending definitions ---- */

/* Return whether the catalog gets a definition at a position that the stream may still reach. */
bool table_states_has_pending(const struct table_states *states);
void table_states_add_database(struct table_states *states, struct slice name,
			       const struct position *start);
void table_states_remove_database(struct table_states *states, struct pending_database *database);
/* Return whether the database is not tracked yet at this transaction. */
bool table_states_before_database(const struct table_states *states, struct slice name,
				  const struct trx_place *trx);
/* Returns whether the stream has reached a start position. */
typedef bool start_reached(const void *arg, const struct position *start);
/* Return the next database, or table, whose start position is reached; NULL: none. */
struct pending_database *table_states_reached_database(const struct table_states *states,
						       start_reached *reached, const void *arg);
struct table_state *table_states_reached_table(const struct table_states *states,
					       start_reached *reached, const void *arg);

#endif
