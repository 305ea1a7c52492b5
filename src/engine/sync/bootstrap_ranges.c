/* bootstrap_ranges: which finished ranges of an interrupted copy are still valid (docs/decisions/0034). The bounds must mean the
 * same, and no statement may have brought the rows of another table under the name. */
#include "base/log.h"
#include "engine/sync/bootstrap_priv.h"
#include "source/chunk.h"

#include <inttypes.h>

static struct table_state *state_of(struct bootstrap *bootstrap, const struct full_table *read)
{
	return table_states_get(&bootstrap->sync->states, read->table->full_name);
}

static struct key_ranges *ranges_of(struct bootstrap *bootstrap, const struct full_table *read)
{
	return &state_of(bootstrap, read)->record.ranges;
}

/* ---- signature ---- */

/* Return why the bounds of the ranges may mean something else now; empty: they do not. */
static void find_reason(const struct bootstrap *bootstrap, const struct table_state *state,
			const struct chunk_key *key, struct slice signature, struct buf *why)
{
	const struct key_ranges *ranges = &state->record.ranges;
	struct key_range missing;
	size_t at = 0;
	if (!bootstrap->will_stream)
		buf_put(why, SLICE("with mode = \"full\" nothing brings what has changed since"));
	else if (!slice_equal(slice_str(ranges->signature), signature))
		buf_printf(why, "its key was %s, and is %.*s", ranges->signature,
			   SLICE_FMT(signature));
	else if (!position_is_set(&state->reached) || key_ranges_width(ranges) > key->ncut ||
		 !key_ranges_next_missing(ranges, &at, &missing))
		buf_put(why, SLICE("its record does not fit its key"));
}

/* Keep the finished ranges if the key is the one that they were cut by. */
static void compare_key(struct bootstrap *bootstrap, const struct full_table *read,
			const struct chunk_key *key)
{
	struct key_ranges *ranges = ranges_of(bootstrap, read);
	struct buf signature, why;
	buf_init(&signature);
	buf_init(&why);
	chunk_key_sign(key, read->table, state_of(bootstrap, read)->where,
		       conn_server(bootstrap->conn), &signature);
	find_reason(bootstrap, state_of(bootstrap, read), key, buf_slice(&signature), &why);
	if (why.len > 0)
		log_info("full sync: table %.*s is read from the beginning again: %s",
			 SLICE_FMT(read->table->full_name), buf_cstr(&why));
	if (why.len > 0)
		key_ranges_fini(ranges);
	else
		key_ranges_uncut(ranges);
	buf_fini(&signature);
	buf_fini(&why);
}

static int check_signature(struct bootstrap *bootstrap, const struct full_table *read,
			   struct err *err)
{
	struct chunk_query query = {.table = read->table};
	struct chunk_key key;
	struct arena arena;
	int rc;
	if (!key_ranges_any(ranges_of(bootstrap, read))) {
		key_ranges_fini(ranges_of(bootstrap, read));
		return 0;
	}
	arena_init(&arena, 0);
	query.comment = arena_printf(&arena, "tideway %s copy %.*s", bootstrap->sync->config->name,
				     SLICE_FMT(read->table->full_name));
	rc = chunk_key_load(bootstrap->conn, &query, &arena, &key, err);
	if (rc == 0)
		compare_key(bootstrap, read, &key);
	arena_fini(&arena);
	return rc;
}

/* ---- statements since the ranges were read ---- */

/* A scan for the tables whose ranges were read up to one place. */
struct check {
	struct bootstrap *bootstrap;
	const struct position *from;
};

static bool is_same_place(const struct position *a, const struct position *b)
{
	return position_passed(a, b) && position_passed(b, a);
}

static bool is_named(const struct ddl_name *name, const struct table *table)
{
	if (name->table.len > 0 && !slice_equal(name->table, table->name))
		return false;
	return name->db.len == 0 || slice_equal(name->db, table->db);
}

/* Drop the ranges of a table that a statement names: it may have got the rows of another one. */
static bool drop_named(void *arg, const struct ddl_name *name, const struct cursor *cursor)
{
	const struct check *check = arg;
	(void)cursor;
	for (unsigned i = 0; i < check->bootstrap->nreads; i++) {
		const struct full_table *read = &check->bootstrap->reads[i];
		struct table_state *state = state_of(check->bootstrap, read);
		if (!key_ranges_any(&state->record.ranges) || !is_named(name, read->table) ||
		    !is_same_place(&state->reached, check->from))
			continue;
		log_info("full sync: table %.*s is read from the beginning again: a statement has "
			 "changed it, or its database, since it was read",
			 SLICE_FMT(read->table->full_name));
		key_ranges_restart(&state->record.ranges,
				   slice_str(state->record.ranges.signature));
	}
	return false;
}

/* Return whether the binlog can be scanned from this place to the open snapshot. */
static bool can_scan(const struct bootstrap *bootstrap, const struct position *from)
{
	if (from->gtids.flavour != GTID_NONE)
		return from->gtids.flavour == bootstrap->snapshot.position.gtids.flavour;
	return from->file[0] != '\0' && from->offset <= UINT32_MAX &&
	       strcmp(from->server, bootstrap->snapshot.position.server) == 0;
}

/* Return the highest position whose rows may be read now: lanes opened without a lock may be after the snapshot's position. */
static const struct position *highest(const struct snapshot *snapshot)
{
	const struct position *highest = &snapshot->position;
	for (unsigned i = 0; snapshot->positions && i < snapshot->nconns; i++) {
		const struct position *at = &snapshot->positions[i];
		if (at->gtids.flavour != GTID_NONE && gtid_set_subset(&highest->gtids, &at->gtids))
			highest = at;
	}
	return highest;
}

/* Drop the ranges of tables that a statement between `from` and the snapshot names. */
static int scan_from(struct bootstrap *bootstrap, const struct position *from, struct err *err)
{
	static const struct ddl_name all = {.db = {NULL, 0}};
	struct check check = {bootstrap, from};
	int rc = 1;
	if (is_same_place(from, highest(&bootstrap->snapshot)))
		return 0;
	if (can_scan(bootstrap, from))
		rc = bootstrap_scan(bootstrap, from, &bootstrap->snapshot.position, drop_named,
				    &check, err);
	if (rc > 0)
		drop_named(&check, &all, NULL);
	return rc < 0 ? err_wrap(err, "definitions since the copy was interrupted") : 0;
}

/* The tables that were read up to the same place, mostly all, need one scan. */
static int check_statements(struct bootstrap *bootstrap, struct err *err)
{
	struct position from;
	int rc = 0;
	position_init(&from);
	for (unsigned i = 0; rc == 0 && i < bootstrap->nreads; i++) {
		struct table_state *state = state_of(bootstrap, &bootstrap->reads[i]);
		if (!key_ranges_any(&state->record.ranges))
			continue;
		position_copy(&from, &state->reached);
		rc = scan_from(bootstrap, &from, err);
		for (unsigned j = i; j < bootstrap->nreads; j++) {
			state = state_of(bootstrap, &bootstrap->reads[j]);
			if (is_same_place(&state->reached, &from))
				position_copy(&state->reached, highest(&bootstrap->snapshot));
		}
	}
	position_fini(&from);
	return rc;
}

static void report_kept(const struct table *table, const struct key_ranges *ranges)
{
	struct key_range missing;
	unsigned n = 0;
	if (!key_ranges_any(ranges))
		return;
	for (size_t at = 0; key_ranges_next_missing(ranges, &at, &missing);)
		n++;
	log_info("full sync: table %.*s continues: %" PRIu64
		 " rows were copied before, %u range%s of its key %s missing",
		 SLICE_FMT(table->full_name), ranges->rows, n, n == 1 ? "" : "s",
		 n == 1 ? "is" : "are");
}

int bootstrap_keep_ranges(struct bootstrap *bootstrap, struct err *err)
{
	for (unsigned i = 0; i < bootstrap->nreads; i++)
		if (check_signature(bootstrap, &bootstrap->reads[i], err) < 0)
			return -1;
	if (check_statements(bootstrap, err) < 0)
		return -1;
	for (unsigned i = 0; i < bootstrap->nreads; i++) {
		const struct full_table *read = &bootstrap->reads[i];
		report_kept(read->table, ranges_of(bootstrap, read));
		position_copy(&state_of(bootstrap, read)->reached, highest(&bootstrap->snapshot));
	}
	return 0;
}
