/* table_state: how far each table of a sync has come, and the databases that are tracked only after a position. One object of
 * the sync for all of them (docs/decisions/0001, 0004).
 * Thread: one at a time. The sync's own thread changes it while no lane runs. While full-sync lanes run, nobody does. The
 * stream lane is its only user while it runs.
 * Owner: the sync; table_states_init / table_states_fini. States live until table_states_clear. */
#ifndef TIDEWAY_TABLE_STATE_H
#define TIDEWAY_TABLE_STATE_H

#include "base/map.h"
#include "engine/state/table_record.h"

struct table_state {
	struct slice name; /* "db.table" */
	/* What the checkpoint records once the table is copied. start: unset also when the stream begins after it; read_at: set
	 * only while the stream is not there yet; definition: in the arena of the states. */
	struct table_record record;
	bool pending; /* the catalog gets the definition when the stream reaches the start position */
	bool unread; /* the rows that the name has had so far were read nowhere, under no name */
};

/* A database that the stream's catalog does not have until the stream has passed `start`. */
struct pending_database {
	struct slice name;
	struct position start;
};

struct table_states {
	struct map tables;    /* "db.table" -> struct table_state */
	struct map databases; /* name -> struct pending_database */
	struct map pending;   /* name -> those of the tables with `pending` */
	struct arena arena;
};

void table_states_init(struct table_states *states);
void table_states_fini(struct table_states *states);
/* Forgets everything: the next attempt loads the checkpoint again. */
void table_states_clear(struct table_states *states);

/* ---- one table ---- */

/* NULL: nothing is known of the table. */
struct table_state *table_states_find(const struct table_states *states, struct slice name);
/* Likewise, made when there is none. */
struct table_state *table_states_get(struct table_states *states, struct slice name);
enum table_phase table_states_phase(const struct table_states *states, struct slice name);
/* Takes over a record, as far as the stream, which begins at `begin`, has not passed its positions. */
void table_state_load(struct table_states *states, struct table_state *state,
		      const struct table_record *record, const struct position *begin);
/* NULL: the events of the table count from the beginning of the stream. */
void table_state_set_start(struct table_state *state, const struct position *start);
/* Remembers where its rows are read, if the stream, which begins at `begin`, has not passed that place. */
void table_state_set_read(struct table_state *state, const struct position *at,
			  const struct position *begin);
/* Its rows so far cannot be read any more. */
void table_state_set_unread(struct table_state *state);
/* Copies the definition. pending: the catalog does not have it until the start position. */
void table_state_set_definition(struct table_states *states, struct table_state *state,
				const struct table *definition, bool pending);
void table_state_end_pending(struct table_states *states, struct table_state *state);

/* The state may be NULL: no. */
/* Whether the events of the transaction are in the copy of the table, so that they are dropped. */
bool table_state_drops(const struct table_state *state, const struct trx_place *trx);
/* Whether the rows that the name stands for at this transaction are in no copy: it was read later, when another table may
 * have had the name, or not at all. */
bool table_state_misses_rows(const struct table_state *state, const struct trx_place *trx);
/* Whether the table that has the name later than the transaction was read there. */
bool table_state_is_read_later(const struct table_state *state, const struct trx_place *trx);
/* Whether the transaction is in the copy of any table. */
bool table_states_any_drops(const struct table_states *states, const struct trx_place *trx);

/* ---- pending definitions ---- */

/* Whether the stream may reach a position at which its catalog gets a definition. */
bool table_states_has_pending(const struct table_states *states);
void table_states_add_database(struct table_states *states, struct slice name,
			       const struct position *start);
void table_states_remove_database(struct table_states *states, struct pending_database *database);
/* Whether the database is not tracked yet at this transaction. */
bool table_states_before_database(const struct table_states *states, struct slice name,
				  const struct trx_place *trx);
/* The next database, or table, whose start position the transaction is after: NULL: none. */
struct pending_database *table_states_reached_database(const struct table_states *states,
						       const struct trx_place *trx);
struct table_state *table_states_reached_table(const struct table_states *states,
					       const struct trx_place *trx);

#endif
