/* bootstrap_copies: which tables and rows are copied, and in which order (options full.skip, full.where and full.order). */
#include "base/log.h"
#include "base/mem.h"
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"
#include "script/script.h"
#include "source/chunk.h"

#include <stdlib.h>
#include <string.h>

/* Ask the script how the table is copied, and the source whether it accepts the condition. */
static int find_copy(struct bootstrap *bootstrap, const struct table *table,
		     struct script_copy *copy, struct err *err)
{
	if (script_copy(bootstrap->script, bootstrap->sync->index, table, &bootstrap->arena, copy,
			err) < 0)
		return err_table(err, table->full_name);
	if (copy->where == NULL || chunk_check_where(bootstrap->conn, table, copy->where, err) == 0)
		return 0;
	err_wrap(err, "%s", copy->place);
	return err->retriable ? -1 : err_become(err, E_COPY_WHERE);
}

int bootstrap_check_condition(struct bootstrap *bootstrap, const struct table *table,
			      struct err *err)
{
	struct script_copy copy;
	return find_copy(bootstrap, table, &copy, err);
}

static int set_copy(struct bootstrap *bootstrap, const struct table *table, struct err *err)
{
	struct table_state *state = table_states_get(&bootstrap->sync->states, table->full_name);
	struct script_copy copy;
	if (find_copy(bootstrap, table, &copy, err) < 0)
		return -1;
	state->where = copy.where;
	state->order = copy.order;
	return 0;
}

static bool is_backfilled(const struct bootstrap *bootstrap, const struct table *table)
{
	const struct table_state *state =
		table_states_find(&bootstrap->sync->states, table->full_name);
	return state && state->backfilled;
}

static unsigned order_of(const struct bootstrap *bootstrap, const struct table *table)
{
	return table_states_get(&bootstrap->sync->states, table->full_name)->order;
}

static unsigned last_order(const struct bootstrap *bootstrap)
{
	unsigned last = 0, order;
	for (unsigned i = 0; i < bootstrap->nreads; i++) {
		order = order_of(bootstrap, bootstrap->reads[i].table);
		last = order > last ? order : last;
	}
	return last;
}

/* Tables of one number stay in the order of their names. */
static void sort_reads(struct bootstrap *bootstrap)
{
	unsigned last = last_order(bootstrap), n = 0;
	struct full_table *sorted;
	if (last == 0)
		return;
	sorted = mem_array(bootstrap->nreads + 1, sizeof(*sorted));
	for (unsigned order = 0; order <= last; order++)
		for (unsigned i = 0; i < bootstrap->nreads; i++)
			if (order_of(bootstrap, bootstrap->reads[i].table) == order)
				memcpy(&sorted[n++], &bootstrap->reads[i], sizeof(*sorted));
	free(bootstrap->reads);
	bootstrap->reads = sorted;
}

int bootstrap_set_copies(struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (is_backfilled(bootstrap, bootstrap->selected[i]) &&
		    set_copy(bootstrap, bootstrap->selected[i], err) < 0)
			return -1;
	for (unsigned i = 0; i < bootstrap->nreads; i++)
		if (set_copy(bootstrap, bootstrap->reads[i].table, err) < 0)
			return -1;
	sort_reads(bootstrap);
	return 0;
}

/* Add the next table that is copied beside the stream and has this number. */
static unsigned add_backfills(const struct bootstrap *bootstrap, unsigned order, unsigned *left,
			      const struct table **tables)
{
	unsigned n = 0;
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		const struct table *table = bootstrap->selected[i];
		if (!is_backfilled(bootstrap, table) || order_of(bootstrap, table) != order)
			continue;
		tables[n++] = table;
		--*left;
	}
	return n;
}

unsigned bootstrap_backfills(const struct bootstrap *bootstrap, const struct table **tables)
{
	unsigned left = 0, n = 0;
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		left += is_backfilled(bootstrap, bootstrap->selected[i]);
	if (tables == NULL)
		return left;
	for (unsigned order = 0; left > 0; order++)
		n += add_backfills(bootstrap, order, &left, tables + n);
	return n;
}

/* ---- tables that are not copied ---- */

int bootstrap_skips(struct bootstrap *bootstrap, const struct table *table, struct err *err)
{
	struct table_state *state;
	struct script_copy copy;
	if (script_copy(bootstrap->script, bootstrap->sync->index, table, &bootstrap->arena, &copy,
			err) < 0)
		return err_table(err, table->full_name);
	if (!copy.skips)
		return 0;
	state = table_states_get(&bootstrap->sync->states, table->full_name);
	if (state->record.again.id > 0)
		return 0; /* a command wants the copy */
	state->skipped = true;
	return 1;
}

static struct table_state *skipped_state(const struct bootstrap *bootstrap, unsigned i)
{
	struct table_state *state =
		table_states_find(&bootstrap->sync->states, bootstrap->selected[i]->full_name);
	return state && state->skipped ? state : NULL;
}

bool bootstrap_any_skipped(const struct bootstrap *bootstrap)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++)
		if (skipped_state(bootstrap, i))
			return true;
	return false;
}

/* A table whose copy was under way keeps its start position. */
static void place_skipped(struct bootstrap *bootstrap, struct table_state *state,
			  const struct table *table, const struct position *now,
			  struct record_batch *records)
{
	bool is_new = state->record.phase == TABLE_NEW;
	if (is_new) {
		table_state_set_start(state,
				      position_passed(&bootstrap->position, now) ? NULL : now);
		bootstrap_keep_definition(bootstrap, records, state, table, now);
	}
	log_info("table %.*s is not copied%s (full.skip)", SLICE_FMT(table->full_name),
		 is_new ? "" : " to its end");
	key_ranges_fini(&state->record.ranges);
	state->record.phase = TABLE_COPIED;
	state->skipped = false;
	record_copied(records, state);
}

void bootstrap_place_skipped(struct bootstrap *bootstrap, const struct position *now,
			     struct record_batch *records)
{
	for (unsigned i = 0; i < bootstrap->nselected; i++) {
		struct table_state *state = skipped_state(bootstrap, i);
		if (state)
			place_skipped(bootstrap, state, bootstrap->selected[i], now, records);
	}
}
