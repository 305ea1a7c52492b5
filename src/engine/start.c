#include "engine/start.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "encode/json.h"
#include "source/inspect.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

void start_init(struct start *start, struct sync *sync, struct script *script)
{
	*start = (struct start){.sync = sync, .script = script};
	position_init(&start->position);
	arena_init(&start->arena, 0);
}

static void close_snapshot(struct start *start)
{
	if (start->snapshot_is_open)
		snapshot_fini(&start->snapshot);
	start->snapshot_is_open = false;
}

/* Points live in the arena; the sync's map forgets them. */
static void forget_maps(struct sync *sync)
{
	struct point *point;
	size_t at = 0;
	while ((point = map_next(&sync->points, &at)))
		position_fini(&point->position);
	map_fini(&sync->points);
	map_init(&sync->points);
	pins_reset(&sync->pins);
}

void start_fini(struct start *start)
{
	close_snapshot(start);
	forget_maps(start->sync);
	catalog_free(start->fresh);
	catalog_free(start->catalog);
	conn_free(start->conn);
	free(start->reads);
	free(start->selected);
	position_fini(&start->position);
	arena_fini(&start->arena);
}

/* ---- the checkpoint ---- */

static struct slice without(struct slice name, struct slice prefix)
{
	return slice_of(name.ptr + prefix.len, name.len - prefix.len);
}

static int load_pins(struct start *start, struct err *err)
{
	struct slice prefix = SLICE("topic/"), name, value;
	size_t at = 0;
	while (checkpoint_next(&start->sync->checkpoint, &at, prefix, &name, &value))
		if (pins_load(&start->sync->pins, without(name, prefix), value, err) < 0)
			return -1;
	return 0;
}

static int load_catalog(struct start *start, struct err *err)
{
	struct checkpoint *checkpoint = &start->sync->checkpoint;
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("database/"), &name, &value))
		if (catalog_database_from_json(start->catalog, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("catalog/"), &name, &value))
		if (catalog_table_from_json(start->catalog, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	return 0;
}

/* How far a table's full sync has come. */
enum full_state { FULL_UNKNOWN, FULL_READING, FULL_DONE };

static struct slice record_name(struct start *start, const char *kind, const struct table *table)
{
	return arena_printf(&start->arena, "%s/%.*s", kind, SLICE_FMT(table->full_name));
}

static void set_point(struct start *start, struct slice table, const struct position *position)
{
	struct point *point = map_get(&start->sync->points, table);
	if (point == NULL) {
		point = ARENA_NEW(&start->arena, struct point);
		point->table = arena_copy(&start->arena, table);
		position_init(&point->position);
		map_set(&start->sync->points, point->table, point);
	}
	position_copy(&point->position, position);
}

/* The point of a record, unless the stream has long passed it. */
static int load_point(struct start *start, struct slice table, const cJSON *root, struct err *err)
{
	const cJSON *json = cJSON_GetObjectItemCaseSensitive(root, "position");
	struct position position;
	char *text;
	int rc;
	if (!cJSON_IsObject(json))
		return 0;
	position_init(&position);
	text = cJSON_PrintUnformatted(json);
	rc = position_from_json(&position, slice_str(text), err);
	if (rc == 0)
		set_point(start, table, &position);
	free(text);
	position_fini(&position);
	return rc;
}

static int load_state(struct start *start, const struct table *table, enum full_state *state,
		      struct err *err)
{
	struct slice json =
		checkpoint_get(&start->sync->checkpoint, record_name(start, "full", table));
	const char *text;
	cJSON *root;
	int rc;
	*state = FULL_UNKNOWN;
	if (json.ptr == NULL)
		return 0;
	root = cJSON_ParseWithLength(json.ptr, json.len);
	text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "state"));
	if (text == NULL) {
		cJSON_Delete(root);
		return err_set(err, ERR_INTERNAL, "checkpoint record full/%.*s cannot be read",
			       SLICE_FMT(table->full_name));
	}
	*state = strcmp(text, "done") == 0 ? FULL_DONE : FULL_READING;
	rc = load_point(start, table->full_name, root, err);
	cJSON_Delete(root);
	return rc;
}

/* ---- the source ---- */

static int load_named_database(struct start *start, struct slice db, struct err *err)
{
	return catalog_load_database(start->fresh, start->conn, db, err);
}

static int load_all_databases(struct start *start, struct err *err)
{
	struct result result;
	int rc = 0;
	if (conn_query(
		    start->conn, &result, err,
		    "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
		    "('mysql', 'information_schema', 'performance_schema', 'sys')") < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < result.nrows; i++)
		rc = load_named_database(start, result_cell(&result, i, 0), err);
	result_fini(&result);
	return rc;
}

/* The definitions as they are now, of every database that the patterns can name. */
static int load_fresh(struct start *start, struct err *err)
{
	const char *const *databases = script_databases(start->script, start->sync->index);
	if (databases[0] && strcmp(databases[0], "*") == 0)
		return load_all_databases(start, err);
	for (; *databases; databases++)
		if (load_named_database(start, slice_str(*databases), err) < 0)
			return -1;
	return 0;
}

static void select_tables(struct start *start)
{
	const struct table *table;
	size_t at = 0, cap = 64;
	start->nselected = 0;
	free(start->selected);
	start->selected = mem_array(cap, sizeof(*start->selected));
	while ((table = catalog_next(start->fresh, &at))) {
		if (!script_wants(start->script, start->sync->index, table->db, table->name))
			continue;
		if (start->nselected == cap) {
			cap *= 2;
			start->selected =
				mem_resize(start->selected, cap, sizeof(*start->selected));
		}
		start->selected[start->nselected++] = table;
	}
}

/* A selected table that the catalog has left out (a type or character set that is not known; the log says which) must
 * not be missed silently. */
static int check_database(struct start *start, struct slice db, struct err *err)
{
	struct result result;
	struct buf quoted;
	int rc;
	buf_init(&quoted);
	conn_quote(start->conn, db, &quoted);
	rc = conn_query(start->conn, &result, err,
			"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s "
			"AND TABLE_TYPE IN "
			"('BASE TABLE', 'SYSTEM VERSIONED')",
			buf_cstr(&quoted));
	buf_fini(&quoted);
	if (rc < 0)
		return -1;
	for (unsigned i = 0; rc == 0 && i < result.nrows; i++) {
		struct slice name = result_cell(&result, i, 0);
		if (!catalog_find(start->fresh, db, name) &&
		    script_wants(start->script, start->sync->index, db, name))
			rc = err_set(err, ERR_SOURCE,
				     "table %.*s.%.*s has a column that this version cannot read "
				     "(the warning above names "
				     "it): change the column, or exclude the table with "
				     "\"!%.*s.%.*s\" in source.tables",
				     SLICE_FMT(db), SLICE_FMT(name), SLICE_FMT(db),
				     SLICE_FMT(name));
	}
	result_fini(&result);
	return rc;
}

static int check_left_out(struct start *start, struct err *err)
{
	struct slice db;
	size_t at = 0;
	while ((db = catalog_next_database(start->fresh, &at)).ptr)
		if (check_database(start, db, err) < 0)
			return -1;
	return 0;
}

static int refuse_versioned(const struct start *start, struct err *err)
{
	for (unsigned i = 0; i < start->nselected; i++) {
		const struct table *table = start->selected[i];
		if (table->versioned)
			return err_set(err, ERR_SOURCE,
				       "table %.*s is system-versioned: its binlog holds rows of "
				       "the history, which is "
				       "not supported in this version; exclude it with \"!%.*s\" "
				       "in source.tables",
				       SLICE_FMT(table->full_name), SLICE_FMT(table->full_name));
	}
	return 0;
}

/* Nothing is selected: because there is nothing to see, or because the patterns name something else. */
static int refuse_nothing(struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	const char *user = config->source.user ? config->source.user : "";
	struct result result;
	struct buf patterns;
	bool blind;
	if (conn_query(start->conn, &result, err,
		       "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN "
		       "('information_schema', 'performance_schema')") < 0)
		return -1;
	blind = slice_equal(result_cell(&result, 0, 0), SLICE("0"));
	result_fini(&result);
	if (blind)
		return err_set(
			err, ERR_SOURCE,
			"user '%s' sees no database at all: the privilege SELECT is missing: "
			"GRANT SELECT ON *.* TO "
			"'%s'@'%%'",
			user, user);
	buf_init(&patterns);
	for (unsigned i = 0; i < config->source.ntables; i++)
		buf_printf(&patterns, "%s\"%s\"", i > 0 ? ", " : "", config->source.tables[i]);
	err_set(err, ERR_SCRIPT,
		"%s:%u: no table of the source matches source.tables = { %s } of sync '%s': check "
		"the names, and that "
		"user '%s' may SELECT from them",
		config->script, config->line, buf_cstr(&patterns), config->name, user);
	buf_fini(&patterns);
	return -1;
}

static int check_selection(struct start *start, struct err *err)
{
	if (start->nselected == 0)
		return refuse_nothing(start, err);
	return script_check(start->script, start->sync->index, start->selected, start->nselected,
			    err);
}

static int check_server(struct start *start, struct err *err)
{
	const struct server *server = conn_server(start->conn);
	if (!start->found || strcmp(start->position.server, server->identity) == 0)
		return 0;
	return err_set(err, ERR_POSITION,
		       "the checkpoint of sync '%s' belongs to server %s, this one is %s: "
		       "positions of one server "
		       "mean nothing on another; point it at the right server, or start under "
		       "another name",
		       start->sync->config->name, start->position.server, server->identity);
}

int start_connect(struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	start->conn = conn_open(&config->source, CONN_CONTROL, err);
	if (start->conn == NULL)
		return -1;
	start->fresh = catalog_new(conn_server(start->conn)->lower_case_table_names);
	start->catalog = catalog_new(conn_server(start->conn)->lower_case_table_names);
	if (load_fresh(start, err) < 0)
		return -1;
	select_tables(start);
	if (check_left_out(start, err) < 0 || refuse_versioned(start, err) < 0)
		return -1;
	return check_selection(start, err);
}

int start_look(struct start *start, struct err *err)
{
	struct checkpoint *checkpoint = &start->sync->checkpoint;
	if (checkpoint_load(checkpoint, &start->position, &start->found, err) < 0)
		return -1;
	if (start_connect(start, err) < 0 || inspect_required(start->conn, err) < 0 ||
	    check_server(start, err) < 0)
		return -1;
	if (start->found && (load_catalog(start, err) < 0 || load_pins(start, err) < 0))
		return -1;
	return 0;
}

/* ---- what is read ---- */

static void add_read(struct start *start, const struct table *table)
{
	struct full_table *read = &start->reads[start->nreads++];
	*read = (struct full_table){.table = table};
}

/* Tables whose full sync is not done. */
static int decide(struct start *start, struct err *err)
{
	enum full_state state;
	bool stream_only = start->sync->config->mode == MODE_STREAM;
	free(start->reads);
	start->reads = mem_array(start->nselected + 1, sizeof(*start->reads));
	start->nreads = 0;
	for (unsigned i = 0; i < start->nselected; i++) {
		if (load_state(start, start->selected[i], &state, err) < 0)
			return -1;
		if (state != FULL_DONE && !stream_only)
			add_read(start, start->selected[i]);
	}
	return 0;
}

/* After a round: the tables whose definition changed meanwhile, if they are still there. */
static void decide_again(struct start *start)
{
	struct full_table *old = start->reads;
	unsigned nold = start->nreads;
	start->reads = mem_array(nold + 1, sizeof(*start->reads));
	start->nreads = 0;
	for (unsigned i = 0; i < nold; i++) {
		const struct table *table;
		if (!atomic_load(&old[i].changed))
			continue;
		table = catalog_find(start->fresh, old[i].table->db, old[i].table->name);
		if (table)
			add_read(start, table);
	}
	free(old);
}

/* The definitions of the snapshot; a table that was dropped meanwhile is read no more. */
static void drop_gone(struct start *start)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < start->nreads; i++) {
		const struct table *old = start->reads[i].table;
		const struct table *table = catalog_find(start->fresh, old->db, old->name);
		if (table)
			start->reads[kept++] = (struct full_table){.table = table};
	}
	start->nreads = kept;
}

/* Called inside the snapshot: the definitions must be the ones from before it (rule 7). */
static int still_same(void *arg, struct err *err)
{
	struct start *start = arg;
	uint64_t before = catalog_version(start->fresh);
	if (load_fresh(start, err) < 0)
		return -1;
	return catalog_version(start->fresh) == before ? 0 : 1;
}

/* ---- what is saved before the first row ---- */

static void save_table(struct saves *saves, struct arena *arena, const struct table *table)
{
	struct slice name = arena_printf(arena, "catalog/%.*s/%" PRIu64,
					 SLICE_FMT(table->full_name), table->version);
	struct buf json;
	buf_init(&json);
	catalog_table_to_json(table, &json);
	saves_add(saves, name, buf_slice(&json));
	buf_fini(&json);
}

static void save_database(struct saves *saves, struct arena *arena, const struct catalog *catalog,
			  struct slice db)
{
	struct slice name = arena_printf(arena, "database/%.*s", SLICE_FMT(db));
	struct buf json;
	buf_init(&json);
	catalog_database_to_json(catalog, db, &json);
	saves_add(saves, name, buf_slice(&json));
	buf_fini(&json);
}

static void save_catalog(struct start *start, struct saves *saves)
{
	const struct table *table;
	struct slice db;
	size_t at = 0;
	while ((db = catalog_next_database(start->catalog, &at)).ptr)
		save_database(saves, &start->arena, start->catalog, db);
	at = 0;
	while ((table = catalog_next(start->catalog, &at)))
		save_table(saves, &start->arena, table);
}

static struct slice full_record(struct start *start, const char *state,
				const struct position *point)
{
	struct buf json;
	struct slice text;
	buf_init(&json);
	buf_printf(&json, "{\"state\":\"%s\"", state);
	if (point) {
		buf_put(&json, SLICE(",\"position\":"));
		position_to_json(point, &json);
	}
	buf_char(&json, '}');
	text = arena_copy(&start->arena, buf_slice(&json));
	buf_fini(&json);
	return text;
}

/* The definition of a table that the position's catalog does not have, or that is read from now on. */
static int adopt_table(struct start *start, struct saves *saves, const struct table *table,
		       struct err *err)
{
	const struct table *old = catalog_find(start->catalog, table->db, table->name);
	struct buf json;
	int rc;
	if (old) {
		struct slice name = arena_printf(&start->arena, "catalog/%.*s/%" PRIu64,
						 SLICE_FMT(old->full_name), old->version);
		saves_add(saves, name, (struct slice){NULL, 0});
	}
	if (!catalog_has_database(start->catalog, table->db)) {
		buf_init(&json);
		catalog_database_to_json(start->fresh, table->db, &json);
		rc = catalog_database_from_json(start->catalog, buf_slice(&json), err);
		buf_fini(&json);
		if (rc < 0)
			return -1;
		save_database(saves, &start->arena, start->catalog, table->db);
	}
	save_table(saves, &start->arena, catalog_put(start->catalog, table));
	return 0;
}

/* The whole catalog of a database that was not followed before, with the snapshot as its tables' point. */
static int adopt_database(struct start *start, struct saves *saves, struct slice db,
			  struct err *err)
{
	const struct table *table;
	size_t at = 0;
	while ((table = catalog_next(start->fresh, &at))) {
		if (!slice_equal(table->db, db))
			continue;
		if (adopt_table(start, saves, table, err) < 0)
			return -1;
		set_point(start, table->full_name, &start->snapshot.position);
	}
	return 0;
}

/* Where the events of a table that is read now begin to count. A keyed table whose reading was cut off keeps its
 * first point: rows deleted since must be deleted downstream too, and replaying the overlap converges
 * (docs/decisions/0001). A table without a key is taken from this snapshot on. */
static int place_read(struct start *start, struct full_table *read, struct saves *saves,
		      struct err *err)
{
	const struct table *table = read->table;
	const struct point *point = map_get(&start->sync->points, table->full_name);
	const struct position *here = table->npk == 0 && start->snapshot.positions
					      ? &start->snapshot.positions[0]
					      : &start->snapshot.position;
	enum full_state state;
	bool known;
	if (load_state(start, table, &state, err) < 0)
		return -1;
	known = state != FULL_UNKNOWN && table->npk > 0;
	if (start->found && !known) {
		if (!catalog_has_database(start->catalog, table->db) &&
		    adopt_database(start, saves, table->db, err) < 0)
			return -1;
		if (adopt_table(start, saves, table, err) < 0)
			return -1;
	}
	if (!known) {
		point = NULL;
		if (start->found || here != &start->snapshot.position) {
			set_point(start, table->full_name, here);
			point = map_get(&start->sync->points, table->full_name);
		}
	}
	saves_add(saves, record_name(start, "full", table),
		  full_record(start, "reading", point ? &point->position : NULL));
	read->done_record = full_record(start, "done", point ? &point->position : NULL);
	return 0;
}

/* The first start: the stream begins at the snapshot, with the catalog of that moment. */
static int begin(struct start *start, const struct position *at, struct saves *saves,
		 struct err *err)
{
	position_copy(&start->position, at);
	start->position.sequence = (uint64_t)start->sync->start_ms * 1000000;
	start->position.row_offset = 0;
	start->position.commit_ms = start->sync->start_ms;
	catalog_free(start->catalog);
	start->catalog = catalog_new(conn_server(start->conn)->lower_case_table_names);
	for (size_t i = 0;;) {
		struct slice db = catalog_next_database(start->fresh, &i);
		struct buf json;
		int rc;
		if (db.ptr == NULL)
			break;
		buf_init(&json);
		catalog_database_to_json(start->fresh, db, &json);
		rc = catalog_database_from_json(start->catalog, buf_slice(&json), err);
		buf_fini(&json);
		if (rc < 0)
			return -1;
	}
	for (size_t i = 0;;) {
		const struct table *table = catalog_next(start->fresh, &i);
		if (table == NULL)
			break;
		catalog_put(start->catalog, table);
	}
	save_catalog(start, saves);
	return 0;
}

static int begin_stream_only(struct start *start, struct err *err)
{
	struct saves saves = {NULL, NULL};
	struct position now;
	int rc;
	position_init(&now);
	rc = snapshot_position_now(&start->sync->config->source, &now, err);
	if (rc == 0)
		rc = begin(start, &now, &saves, err);
	for (unsigned i = 0; i < start->nselected; i++)
		saves_add(&saves, record_name(start, "full", start->selected[i]),
			  SLICE("{\"state\":\"done\"}"));
	position_fini(&now);
	if (rc == 0)
		checkpoint_post(&start->sync->checkpoint, &saves, &start->position);
	saves_fini(&saves);
	return rc;
}

static int open_snapshot(struct start *start, struct err *err)
{
	const struct sync_config *config = start->sync->config;
	int64_t before = clock_mono_ms();
	struct buf text;
	close_snapshot(start);
	if (snapshot_open(&config->source, config->has_loop ? 1 : config->full_parallel,
			  &start->snapshot, still_same, start, err) < 0)
		return -1;
	start->snapshot_is_open = true;
	buf_init(&text);
	position_print(&start->snapshot.position, &text);
	log_info("full sync: %u connections at %.*s (%s, %" PRId64 " ms)", start->snapshot.nconns,
		 SLICE_FMT(buf_slice(&text)), start->snapshot.how, clock_mono_ms() - before);
	buf_fini(&text);
	if (FAULT(SNAPSHOT))
		return err_retry(err, ERR_SOURCE, "after the snapshot: fault injected");
	return 0;
}

/* A snapshot that may hold transactions from behind its position is repaired by their replay, but for tables
 * without a key, whose rows would come twice (rule 2). */
static int check_exact(struct start *start, struct err *err)
{
	for (unsigned i = 0; !start->snapshot.exact && i < start->nreads; i++) {
		const struct table *table = start->reads[i].table;
		if (table->npk == 0)
			return err_set(err, ERR_SOURCE,
				       "table %.*s has no primary key, and this server gives no "
				       "exact position "
				       "without a lock: GRANT RELOAD ON *.* TO the user of the "
				       "sync, add a "
				       "primary key, or exclude the table in source.tables",
				       SLICE_FMT(table->full_name));
	}
	return 0;
}

static int place_reads(struct start *start, struct err *err)
{
	struct saves saves = {NULL, NULL};
	bool first = !start->found;
	int rc = 0;
	if (first)
		rc = begin(start, &start->snapshot.position, &saves, err);
	for (unsigned i = 0; rc == 0 && i < start->nreads; i++)
		rc = place_read(start, &start->reads[i], &saves, err);
	if (rc == 0)
		checkpoint_post(&start->sync->checkpoint, &saves, first ? &start->position : NULL);
	start->found = start->found || rc == 0;
	saves_fini(&saves);
	return rc;
}

int start_reads(struct start *start, bool again, struct err *err)
{
	if (again)
		decide_again(start);
	else if (decide(start, err) < 0)
		return -1;
	if (start->nreads == 0 && start->found)
		return 0;
	if (start->sync->config->mode == MODE_STREAM)
		return begin_stream_only(start, err);
	if (open_snapshot(start, err) < 0)
		return -1;
	/* the definitions may have been loaded again: the tables to read are the snapshot's */
	select_tables(start);
	if (again ? false : decide(start, err) < 0)
		return -1;
	if (again)
		drop_gone(start);
	if (check_exact(start, err) < 0)
		return -1;
	return place_reads(start, err);
}
