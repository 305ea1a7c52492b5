#include "engine/stream/offline_priv.h"

#include "base/mem.h"
#include "schema/ddl.h"
#include "engine/lane/map_change.h"
#include "engine/lane/send.h"
#include "sink/store/store.h"

#include <stdlib.h>

enum { OFFLINE_MS = 1614748870 };

/* The decoder of a layout whose values are in an array instead of in bytes. */
static int array_cell(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
		      struct arena *arena, struct value *value, struct err *err)
{
	(void)layout;
	(void)len;
	(void)arena;
	(void)err;
	memcpy(value, ptr, sizeof(*value));
	return 0;
}

static const struct row_layout *make_layout(const struct table *table, struct arena *arena)
{
	struct row_layout *layout = ARENA_NEW(arena, struct row_layout);
	layout->table = table;
	layout->ncells = table->ncolumns;
	layout->cells = ARENA_ARRAY(arena, table->ncolumns + 1, struct cell_layout);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		layout->cells[i].decode = array_cell;
		layout->cells[i].column = &table->columns[i];
	}
	return layout;
}

struct offline *offline_new(const struct script_options *script, struct err *err)
{
	struct offline *offline = mem_array(1, sizeof(*offline));
	struct position position;
	arena_init(&offline->arena, 0);
	arena_init(&offline->texts, 0);
	offline->script = *script;
	sync_init(&offline->sync, &offline->script, 0, NULL);
	offline->sync.output.dry_run = true;
	offline->sync.start_ms = OFFLINE_MS;
	checkpoint_init(&offline->sync.checkpoint, store_open_memory(), "test");
	position_init(&position);
	offline->stream =
		stream_new(&offline->sync,
			   &(struct stream_start){.position = &position, .catalog = catalog_new(0)},
			   NULL, &offline->metrics);
	position_fini(&position);
	offline->stream->cursor.file = "test.000001";
	if (lane_open(&offline->stream->lane, &offline->sync, SYNC_STREAM, "test", 1 << 20, NULL,
		      NULL, &offline->metrics, err) == 0) {
		offline->sync.config = offline->stream->lane.config;
		return offline;
	}
	offline_free(offline);
	return NULL;
}

void offline_free(struct offline *offline)
{
	if (offline == NULL)
		return;
	lane_close(&offline->stream->lane);
	stream_free(offline->stream);
	checkpoint_fini(&offline->sync.checkpoint);
	sync_fini(&offline->sync);
	arena_fini(&offline->texts);
	arena_fini(&offline->arena);
	free(offline);
}

static void begin(struct offline *offline)
{
	arena_reset(&offline->arena);
	offline->stream->reader.trx.gtid.commit_ms = (int64_t)OFFLINE_MS * 1000;
}

static void end(struct offline *offline, const struct message **messages, unsigned *n)
{
	const struct message_batch *batch = &offline->stream->lane.batch;
	*messages = batch->messages;
	*n = batch->n;
	offline->stream->reader.row_bytes++;
	mark_fini(&offline->stream->current.durable);
}

/* Creating a table also creates its database. */
static int make_database(struct offline *offline, struct slice sql,
			 const struct ddl_context *context, struct err *err)
{
	struct catalog *catalog = offline->stream->catalog;
	struct arena arena;
	const struct ddl_step *steps;
	const struct ddl_effect *effects;
	struct ddl_step make = {
		.kind = DDL_STEP_CREATE_DATABASE, .has_charset = true, .charset = CHARSET_UTF8MB4};
	unsigned n, neffects;
	int rc;
	arena_init(&arena, 0);
	rc = ddl_parse(sql, context, &arena, &steps, &n, err);
	for (unsigned i = 0; rc == 0 && i < n; i++) {
		make.name.db = steps[i].name.db;
		if (make.name.db.len > 0 && !catalog_has_database(catalog, make.name.db))
			rc = catalog_apply(catalog, context, &make, 1, &effects, &neffects, err);
	}
	arena_fini(&arena);
	return rc;
}

int offline_statement(struct offline *offline, struct slice sql, const struct message **records,
		      unsigned *n, struct err *err)
{
	const struct ddl_context context = {.db = SLICE("test"), .mariadb = true};
	int rc = make_database(offline, sql, &context, err);
	*n = 0;
	if (rc < 0)
		return -1;
	begin(offline);
	rc = stream_statement(offline->stream, sql, &context, &offline->stream->lane.batch, err);
	end(offline, records, n);
	return rc;
}

const struct table *offline_table(struct offline *offline, struct slice full_name)
{
	const char *dot = memchr(full_name.ptr, '.', full_name.len);
	size_t at = dot ? (size_t)(dot - full_name.ptr) : 0;
	if (dot == NULL)
		return NULL;
	return catalog_find(offline->stream->catalog, slice_of(full_name.ptr, at),
			    slice_of(dot + 1, full_name.len - at - 1));
}

int offline_find_plan(struct offline *offline, const struct table *table, struct plan **plan,
		      struct err *err)
{
	struct lane *lane = &offline->stream->lane;
	*plan = map_get(&lane->plans, table->full_name);
	if (*plan)
		return 0;
	*plan = plan_new(lane, table, err);
	if (*plan == NULL)
		return -1;
	if (!(*plan)->mapping.wanted) {
		plan_free(lane, *plan);
		return err_set(err, E_TABLE_NOT_SELECTED,
			       "source.tables does not select table %.*s",
			       SLICE_FMT(table->full_name));
	}
	plan_set_layout(*plan, make_layout((*plan)->table, &(*plan)->arena));
	map_set(&lane->plans, (*plan)->table->full_name, *plan);
	return 0;
}

/* Return the new values. An unchanged value is the old one, with the same bytes, so that change:changed() answers as it does
 * for a binlog. */
static const struct value *share_values(unsigned n, const struct value *before,
					const struct value *after, struct arena *arena)
{
	struct value *shared = ARENA_ARRAY(arena, n + 1, struct value);
	for (unsigned i = 0; i < n; i++)
		memcpy(&shared[i], value_equal(&before[i], &after[i]) ? &before[i] : &after[i],
		       sizeof(*shared));
	return shared;
}

void offline_set_image(struct plan *plan, struct image *image, const struct value *values,
		       struct arena *arena)
{
	unsigned n = plan->table->ncolumns;
	struct value *copy = ARENA_ARRAY(arena, n + 1, struct value);
	memcpy(copy, values, n * sizeof(*copy));
	image->row.base = (const uint8_t *)copy;
	for (unsigned i = 0; i < n; i++) {
		bool null = copy[i].kind == VALUE_UNSET || copy[i].kind == VALUE_NULL;
		image->row.cells[i] = (struct cell){(uint32_t)(i * sizeof(*copy)),
						    null ? CELL_NULL : (uint32_t)sizeof(*copy)};
	}
}

/* Return the messages of the change. They stay valid when the script's values are gone. */
static int map_kept(struct offline *offline, struct plan *plan, struct err *err)
{
	struct lane *lane = &offline->stream->lane;
	int rc = map_check_table(lane, plan, err);
	message_batch_clear(&lane->batch);
	if (rc < 0)
		return -1;
	rc = map_change(lane, plan, &lane->batch, err);
	if (rc == 0 && find_destinations(lane, plan, &lane->batch, err) < 0)
		rc = map_error(plan, err);
	message_batch_keep(&lane->batch, &offline->arena);
	map_done(lane, plan);
	return rc;
}

int offline_change(struct offline *offline, enum change_op op, const struct table *table,
		   const struct value *before, const struct value *after,
		   const struct message **records, unsigned *n, struct err *err)
{
	struct stream *stream = offline->stream;
	struct plan *plan;
	struct arena *arena = &offline->arena;
	int rc;
	*n = 0;
	if (offline_find_plan(offline, table, &plan, err) < 0)
		return -1;
	begin(offline);
	if (before && after)
		after = share_values(plan->table->ncolumns, before, after, arena);
	if (before)
		offline_set_image(plan, &plan->before, before, arena);
	if (after)
		offline_set_image(plan, &plan->after, after, arena);
	plan->change = (struct change){
		.op = op,
		.table = plan->table,
		.before = before ? &plan->before.row : NULL,
		.after = after ? &plan->after.row : NULL,
		.time_ms = stream->reader.trx.gtid.commit_ms,
		.gtid = op == CHANGE_READ ? NULL : &stream->reader.trx.gtid.gtid,
		.file = op == CHANGE_READ ? NULL : stream->cursor.file,
		.sequence = stream->read.sequence + stream->reader.row_bytes,
	};
	rc = map_kept(offline, plan, err);
	end(offline, records, n);
	return rc;
}

/* ---- functions for the test module ---- */

static void *host_load(void *arg, const char *path, const struct property *env, unsigned n,
		       struct err *err)
{
	struct script_options options = {.path = path, .args = env, .nargs = n};
	(void)arg;
	return offline_new(&options, err);
}

static int host_statement(void *handle, struct slice sql, const struct message **records,
			  unsigned *n, struct err *err)
{
	return offline_statement(handle, sql, records, n, err);
}

static const struct table *host_table(void *handle, struct slice full_name)
{
	return offline_table(handle, full_name);
}

static int host_change(void *handle, enum change_op op, const struct table *table,
		       const struct value *before, const struct value *after,
		       const struct message **records, unsigned *n, struct err *err)
{
	return offline_change(handle, op, table, before, after, records, n, err);
}

static void host_free(void *handle)
{
	offline_free(handle);
}

void offline_host(struct script_host *host)
{
	host->test.load = host_load;
	host->test.statement = host_statement;
	host->test.table = host_table;
	host->test.change = host_change;
	host->test.free = host_free;
}
