/* stream_ddl: statements of the stream lane: the catalog follows them, and DDL messages are written. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "schema/ddl.h"
#include "schema/statement.h"
#include "decode/table_map.h"
#include "engine/lane/loop.h"
#include "engine/lane/send.h"
#include "engine/state/records.h"
#include "engine/stream/stream_priv.h"
#include "script/script.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	TEXT_IN_ERRORS = 200,
	NAME_MAX_LENGTH = 64, /* of a table, in characters */
	TIME_IN_NAME = 15,    /* "_20240102030405" */
	ACKNOWLEDGED_MS = 10000,
	POLL_MS = 50,
};

/* One statement being followed. */
struct following {
	struct stream *stream;
	struct ddl_context context;
	struct slice text;
	const struct ddl_effect *effects; /* of the statement */
	unsigned neffects;
	struct message_batch *batch; /* gets the messages */
	bool sends;                  /* which go to the sink */
	const struct ddl_effect *of; /* that `value` is the message of; NULL: none yet */
	struct slice value;          /* the same for all topics of an effect */
};

/* Fill the place of an error about the statement that is followed. Return -1. */
static int statement_error(const struct stream *stream, struct err *err)
{
	err_operation(err, "statement");
	return err_position(err, stream->cursor.file, stream->read.offset);
}

void stream_attach(struct stream *stream, struct slice name, struct slice value)
{
	record_batch_add(&stream->current.durable.records, name, value);
}

static bool selects(struct stream *stream, struct slice db, struct slice table)
{
	return table.len > 0 &&
	       script_wants(stream->lane.script, stream->lane.sync->index, db, table);
}

static struct slice full_name(struct stream *stream, struct slice db, struct slice table)
{
	return arena_printf(&stream->statement, "%.*s.%.*s", SLICE_FMT(db), SLICE_FMT(table));
}

static struct table_state *find_state(struct stream *stream, struct slice db, struct slice table)
{
	return table_states_find(&stream->lane.sync->states, full_name(stream, db, table));
}

/* Whether the table is captured, and the statement is not in its copy: the statement is sent and recorded. */
static bool wants(struct stream *stream, struct slice db, struct slice table)
{
	const struct trx_place trx = stream_place(stream);
	return selects(stream, db, table) &&
	       !table_state_drops(find_state(stream, db, table), &trx);
}

static void save_phase(struct stream *stream, struct slice db, struct slice table,
		       enum table_phase phase)
{
	record_phase(&stream->current.durable.records, full_name(stream, db, table), phase);
}

/* Note a table without a known definition in the record of its database. */
static void note_made(struct stream *stream, const struct ddl_effect *effect, bool wanted)
{
	struct slice name =
		arena_copy(&stream->lane.texts, full_name(stream, effect->db, effect->table));
	record_database(&stream->current.durable.records, stream->catalog, effect->db);
	if (wanted)
		map_set(&stream->ddl.made, name, stream);
}

/* Whether the rows that the name stands for at this statement are in no copy. */
static bool unread(struct stream *stream, struct slice db, struct slice table)
{
	const struct trx_place trx = stream_place(stream);
	return table.len > 0 && table_state_misses_rows(find_state(stream, db, table), &trx);
}

/* Whether the start has read the table that has the name after the statement. */
static bool is_read_later(struct stream *stream, const struct ddl_name *name)
{
	const struct trx_place trx = stream_place(stream);
	return table_state_is_read_later(find_state(stream, name->db, name->table), &trx);
}

static void save_effect(struct stream *stream, const struct ddl_effect *effect)
{
	bool before = wants(stream, effect->db, effect->table);
	bool renamed = effect->new_table.len > 0;
	bool after = renamed ? wants(stream, effect->new_db, effect->new_table) : before;
	const struct ddl_name from = {effect->db, effect->table};
	const struct ddl_name to =
		renamed ? (struct ddl_name){effect->new_db, effect->new_table} : from;
	if (effect->before)
		record_table(&stream->current.durable.records, effect->before, false);
	if (effect->after)
		record_table(&stream->current.durable.records, effect->after, true);
	else if (effect->op == DDL_CREATE)
		note_made(stream, effect, before);
	if (effect->after == NULL || renamed)
		script_forget(stream->lane.script, stream->lane.sync->index,
			      full_name(stream, effect->db, effect->table));
	/* what the start has read after the statement has a record with a position of its own */
	if (before && (effect->after == NULL || renamed) && !is_read_later(stream, &from))
		save_phase(stream, effect->db, effect->table, TABLE_NEW);
	if (after && effect->after &&
	    (effect->op == DDL_CREATE || (renamed && !is_read_later(stream, &to))))
		save_phase(stream, to.db, to.table,
			   renamed && unread(stream, to.db, to.table) ? TABLE_COPYING
								      : TABLE_COPIED);
}

/* The plan whose prepared table a DDL message is made from: of the definition after the change; of a dropped table
 * before it. NULL: there is none. */
static struct plan *message_plan(struct stream *stream, const struct ddl_effect *effect)
{
	const struct table *table = effect->after ? effect->after : effect->before;
	struct err ignored = ERR_INIT;
	if (table == NULL || effect->table.len == 0)
		return NULL;
	return plan_new(&stream->lane, table, &ignored);
}

static struct slice message_value(struct following *f, const struct format_ddl *ddl)
{
	struct stream *stream = f->stream;
	struct buf value;
	if (f->of == ddl->effect)
		return f->value;
	buf_init(&value);
	stream->lane.format->ddl(ddl, &value);
	f->of = ddl->effect;
	f->value = arena_copy(&stream->statement, buf_slice(&value));
	buf_fini(&value);
	return f->value;
}

static struct slice message_key(struct stream *stream, const struct format_ddl *ddl,
				const struct destination *destination)
{
	bool compacted = sink_topic_info(destination->topic)->compacted;
	struct slice key = {NULL, 0};
	struct buf text;
	buf_init(&text);
	if (stream->lane.format->ddl_key(ddl, compacted, &text))
		key = arena_copy(&stream->statement, buf_slice(&text));
	buf_fini(&text);
	return key;
}

static void add_message(struct following *f, const struct format_ddl *ddl,
			struct destination *destination)
{
	struct stream *stream = f->stream;
	const struct message message = {
		.topic = destination->name,
		.key = message_key(stream, ddl, destination),
		.op = stream->lane.format->ddl_op(ddl),
		.value = message_value(f, ddl),
		.destination = destination,
	};
	message_batch_add(f->batch, &message);
}

/* Send the DDL message anyway: the next statement may add the key. The first row stops the sync (map_change.c). */
static void warn_keyless(const struct stream *stream, const struct table *table)
{
	log_warn("table %.*s has no primary key since the statement at %s:%" PRIu64
		 ", and the script gives it no other: its first row will stop the sync. Give it a "
		 "key before that, or see key and no_primary_key",
		 SLICE_FMT(table->full_name), stream->cursor.file, stream->read.offset);
}

/* Walks the topics that a table writes to: the constant one, or those its function has returned; starts with *at = 0. */
static struct destination *next_destination(const struct lane *lane, const struct plan *plan,
					    size_t *at)
{
	struct destination *destination;
	if (!plan->mapping.topic_function)
		return (*at)++ == 0 ? plan->destination : NULL;
	while ((destination = map_next(&lane->destinations.by_name, at)))
		if (map_get(&destination->tables, plan->table->full_name))
			return destination;
	return NULL;
}

/* To each topic of the table; sent: those that have had the message, which do not get it again (NULL: none has). */
static int send_to_topics(struct following *f, const struct format_ddl *ddl,
			  const struct table *table, struct map *sent, struct err *err)
{
	struct lane *lane = &f->stream->lane;
	struct destination *destination;
	struct plan *plan = plan_new(lane, table, err);
	size_t at = 0;
	if (plan == NULL)
		return -1;
	if (plan->mapping.key.kind == KEY_REJECT && plan->mapping.wanted &&
	    table == ddl->effect->after)
		warn_keyless(f->stream, table);
	while ((destination = next_destination(lane, plan, &at)))
		if (sent == NULL || map_set(sent, destination->name, destination) == NULL)
			add_message(f, ddl, destination);
	plan_free(lane, plan);
	return 0;
}

/* A statement that concerns a database as a whole: once to each topic of its tables. */
static int send_to_database(struct following *f, const struct format_ddl *ddl, struct err *err)
{
	struct stream *stream = f->stream;
	struct slice db = ddl->effect->db;
	struct map sent;
	const struct table *table;
	size_t at = 0;
	int rc = 0;
	map_init(&sent);
	while (rc == 0 && (table = catalog_next(stream->catalog, &at)))
		if (slice_equal(table->db, db) && wants(stream, table->db, table->name))
			rc = send_to_topics(f, ddl, table, &sent, err);
	map_fini(&sent);
	return rc;
}

/* To the topics of the table before the statement and after it. */
static int send_to_tables(struct following *f, const struct format_ddl *ddl, bool before,
			  bool after, struct err *err)
{
	const struct ddl_effect *effect = ddl->effect;
	if (after && send_to_topics(f, ddl, effect->after, NULL, err) < 0)
		return -1;
	if (before && (effect->after == NULL ||
		       !slice_equal(effect->before->full_name, effect->after->full_name)))
		return send_to_topics(f, ddl, effect->before, NULL, err);
	return 0;
}

static struct format_ddl describe(struct following *f, const struct ddl_effect *effect,
				  const struct format_sync *sync)
{
	const struct stream *stream = f->stream;
	return (struct format_ddl){
		.sync = sync,
		.effect = effect,
		.text = f->text,
		.file = stream->cursor.file,
		.offset = stream->read.offset,
		.gtid = &stream->reader.trx.gtid.gtid,
		.server_id = stream->reader.event.server_id,
		.sequence = stream->read.sequence + stream->reader.row_bytes,
		.commit_ms = stream->reader.trx.gtid.commit_ms,
		.now_ms = stream->lane.now_ms,
	};
}

/* Once, to the topic that has the sync's name. */
static int send_to_sync_topic(struct following *f, const struct format_ddl *ddl, struct err *err)
{
	struct destination *destination;
	if (lane_destination(&f->stream->lane, ddl->sync->name, false, NULL, &destination, err) < 0)
		return -1;
	add_message(f, ddl, destination);
	return 0;
}

static int send_effect(struct following *f, const struct ddl_effect *effect, struct err *err)
{
	struct stream *stream = f->stream;
	const struct format_sync sync = lane_format_sync(&stream->lane);
	struct format_ddl ddl = describe(f, effect, &sync);
	bool before = effect->before && wants(stream, effect->db, effect->table);
	bool after = effect->after && wants(stream, effect->after->db, effect->after->name);
	struct plan *plan;
	int rc;
	if (effect->table.len > 0 && !before && !after)
		return 0;
	if (stream->lane.format->ddl_to_sync_topic)
		return send_to_sync_topic(f, &ddl, err);
	if (effect->table.len == 0)
		return send_to_database(f, &ddl, err);
	plan = message_plan(stream, effect);
	if (plan && plan->mapping.wanted)
		ddl.prepared = plan->prepared;
	rc = send_to_tables(f, &ddl, before, after, err);
	plan_free(&stream->lane, plan);
	return rc;
}

/* Where the statement moves the table that has the effect's new name; NULL: nowhere. */
static const struct ddl_effect *moved_away(const struct following *f,
					   const struct ddl_effect *effect)
{
	for (unsigned i = 0; i < f->neffects; i++)
		if (f->effects[i].op == DDL_RENAME &&
		    slice_equal(f->effects[i].db, effect->new_db) &&
		    slice_equal(f->effects[i].table, effect->new_table))
			return &f->effects[i];
	return NULL;
}

/* Whether the rest of a name is the suffix, or gh-ost's time before it: "_20240102030405_del". */
static bool ends_as(struct slice rest, struct slice suffix)
{
	size_t i = 1;
	if (rest.len == suffix.len + TIME_IN_NAME)
		while (i < TIME_IN_NAME && rest.ptr[i] >= '0' && rest.ptr[i] <= '9')
			i++;
	if (i == TIME_IN_NAME)
		rest = slice_of(rest.ptr + i, rest.len - i);
	return slice_equal(rest, suffix);
}

/* Whether it is "_" table suffix; more "_" where that name was taken, and less of a table's name that is too long. */
static bool is_shadow(struct slice name, struct slice table, struct slice suffix)
{
	for (size_t at = 1; at <= name.len && name.ptr[at - 1] == '_'; at++) {
		struct slice rest = slice_of(name.ptr + at, name.len - at);
		size_t same = 0;
		while (same < rest.len && same < table.len && rest.ptr[same] == table.ptr[same])
			same++;
		if (same == table.len &&
		    ends_as(slice_of(rest.ptr + same, rest.len - same), suffix))
			return true;
		if (name.len == NAME_MAX_LENGTH && rest.len > suffix.len &&
		    same >= rest.len - suffix.len &&
		    slice_equal(slice_of(name.ptr + name.len - suffix.len, suffix.len), suffix))
			return true;
	}
	return false;
}

/* gh-ost and pt-online-schema-change put a copy of the same rows in the table's place: by their names that is believed,
 * by no others. */
static bool swapped(const struct ddl_effect *in, const struct ddl_effect *out)
{
	static const char *const pairs[][2] = {{"_gho", "_del"}, {"_new", "_old"}};
	if (out == NULL || !slice_equal(in->db, in->new_db) || !slice_equal(out->db, out->new_db))
		return false;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (is_shadow(in->table, in->new_table, slice_str(pairs[i][0])) &&
		    is_shadow(out->new_table, out->table, slice_str(pairs[i][1])))
			return true;
	return false;
}

/* A table that is not captured gets a captured name: its rows were never read. */
static int refuse_unread(const struct following *f, const struct ddl_effect *effect,
			 struct err *err)
{
	struct stream *stream = f->stream;
	const struct ddl_effect *away;
	if (effect->new_table.len == 0 || !wants(stream, effect->new_db, effect->new_table) ||
	    selects(stream, effect->db, effect->table))
		return 0;
	away = moved_away(f, effect);
	if (swapped(effect, away))
		return 0;
	err_set(err, E_RENAMED_IN,
		"table %.*s.%.*s, which is not captured, was renamed to %.*s.%.*s, which is: its "
		"rows were never read%s. " REMEDY_NEW_NAME ", or exclude the new name",
		SLICE_FMT(effect->db), SLICE_FMT(effect->table), SLICE_FMT(effect->new_db),
		SLICE_FMT(effect->new_table),
		away ? ", and by its name it is not a copy that gh-ost (_gho for _del) or "
		       "pt-online-schema-change (_new for _old) has made"
		     : "");
	return statement_error(stream, err);
}

/* Every group before the current one is acknowledged, and its position posted. */
static int wait_acknowledged(struct stream *stream, struct err *err)
{
	int64_t until = clock_mono_ms() + ACKNOWLEDGED_MS;
	for (;;) {
		commit_serve(stream->lane.commit, true);
		if (stream->acked.position.sequence == stream->read.sequence)
			return 0;
		if (lane_stopping(&stream->lane) || clock_mono_ms() > until)
			return err_retry(err, E_NOT_ACKNOWLEDGED,
					 "what was sent before the statement at %s:%" PRIu64
					 " is not acknowledged yet",
					 stream->cursor.file, stream->read.offset);
		if (sink_poll(stream->lane.sink, POLL_MS, err) < 0)
			return -1;
	}
}

/* Make the next start read the table, with this statement as its start position. What the stream brought before it is in Kafka.
 * What the stream brings after it may delete rows that are there (docs/decisions/0001). */
static int read_from_here(struct stream *stream, const struct ddl_name *name,
			  const struct table *table, struct err *err)
{
	const struct gtid *gtid = &stream->reader.trx.gtid.gtid;
	struct record_batch records = {NULL, NULL};
	struct table_record record;
	struct position *here = &record.start;
	if (wait_acknowledged(stream, err) < 0)
		return -1;
	table_record_init(&record, TABLE_COPYING);
	record.definition = table;
	position_copy(here, &stream->read);
	here->offset = stream->cursor.offset;
	if (gtid->flavour != GTID_NONE && gtid->flavour == here->gtids.flavour)
		gtid_set_add(&here->gtids, gtid);
	record_progress(&records, full_name(stream, name->db, name->table), &record);
	checkpoint_post(&stream->lane.sync->checkpoint, &records, NULL);
	table_record_fini(&record);
	record_batch_fini(&records);
	return 0;
}

/* Whether the name, which the statement gives, was gone when the start looked at the source, after the statement. */
static bool passes_by(const struct stream *stream, const struct ddl_name *name)
{
	const struct catalog *now = stream->ddl.catalog_now;
	const struct position *end = stream->ddl.binlog_end_at_load;
	return end && end->file[0] != '\0' &&
	       position_compare_files(stream->cursor.file, stream->cursor.offset, end->file,
				      end->offset) <= 0 &&
	       !catalog_find(now, name->db, name->table) &&
	       !catalog_cannot_read(now, name->db, name->table);
}

/* Nobody can read the rows under such a name. The next name has the unread rows then, so that all statements of a time when
 * the sync did not run are followed in one go. */
static void carry_unread(struct stream *stream, const struct ddl_name *to)
{
	struct table_states *states = &stream->lane.sync->states;
	table_state_set_unread(table_states_get(states, full_name(stream, to->db, to->table)));
}

/* Rows that are in no copy come into a captured table, by RENAME or as a partition: the sync starts again and reads the table. */
static int refuse_unread_rows(const struct following *f, const struct ddl_effect *effect,
			      struct err *err)
{
	struct stream *stream = f->stream;
	bool renamed = effect->new_table.len > 0;
	struct ddl_name from = {effect->db, effect->table}, to = from;
	if (renamed)
		to = (struct ddl_name){effect->new_db, effect->new_table};
	else
		from = effect->rows_from;
	if (!unread(stream, from.db, from.table) || !wants(stream, to.db, to.table))
		return 0;
	if (renamed && is_read_later(stream, &to))
		return 0;
	if (renamed && passes_by(stream, &to)) {
		carry_unread(stream, &to);
		return 0;
	}
	if (read_from_here(stream, &to, effect->after, err) < 0)
		return -1;
	return err_retry(err, E_TABLES_CHANGE,
			 "table %.*s.%.*s %s %.*s.%.*s before it was read, at %s:%" PRIu64
			 ". %.*s.%.*s is read now",
			 SLICE_FMT(from.db), SLICE_FMT(from.table),
			 renamed ? "was renamed to" : "has become a partition of", SLICE_FMT(to.db),
			 SLICE_FMT(to.table), stream->cursor.file, stream->read.offset,
			 SLICE_FMT(to.db), SLICE_FMT(to.table));
}

/* The name with unread rows is gone from here on: what gets it next comes from the stream. */
static void forget_unread(struct stream *stream, const struct ddl_effect *effect)
{
	struct table_state *state;
	if (effect->op != DDL_ERASE && effect->new_table.len == 0)
		return;
	state = find_state(stream, effect->db, effect->table);
	if (state)
		state->unread = false;
}

/* Partition DDL brings rows into a captured table that are not in its topic: those of a table that is not captured, or
 * that are in another topic, where EXCHANGE leaves them. */
static int refuse_moved(const struct following *f, const struct ddl_effect *effect, struct err *err)
{
	struct stream *stream = f->stream;
	const struct ddl_name *from = &effect->rows_from;
	bool captured;
	if (from->table.len == 0 || !wants(stream, effect->db, effect->table))
		return 0;
	captured = selects(stream, from->db, from->table);
	if (captured && !effect->exchanged)
		return 0;
	err_set(err, E_PARTITION_MOVED,
		"rows of table %.*s.%.*s, which is %scaptured, came into table %.*s.%.*s, which "
		"is, by %s PARTITION: the binlog does not contain them. " REMEDY_NEW_NAME
		", or exclude %s in source.tables",
		SLICE_FMT(from->db), SLICE_FMT(from->table), captured ? "" : "not ",
		SLICE_FMT(effect->db), SLICE_FMT(effect->table),
		effect->exchanged ? "EXCHANGE" : "CONVERT", captured ? "both" : "the latter");
	return statement_error(stream, err);
}

/* The table that a statement replaces by the one that it makes; NULL: none. */
static const struct table *replaced_by(const struct following *f, const struct ddl_effect *effect)
{
	bool replaces = effect->op == DDL_CREATE && effect > f->effects && effect[-1].replaced;
	return replaces ? effect[-1].before : NULL;
}

/* No mask and no drop falls off because a column, or its table, has another name now. Of a table that takes another's
 * place, which was not captured itself, only both definitions are known. */
static int guard(const struct following *f, const struct ddl_effect *effect, struct err *err)
{
	struct stream *stream = f->stream;
	const struct table *before = effect->before ? effect->before : replaced_by(f, effect);
	const struct ddl_rename *renamed = effect->renamed;
	const struct ddl_effect *away;
	static const struct ddl_rename none;
	if (effect->after == NULL || !wants(stream, effect->after->db, effect->after->name))
		return 0;
	if (script_learn(stream->lane.script, stream->lane.sync->index, &effect->after, 1, false,
			 err) < 0)
		return -1;
	if (renamed == NULL)
		renamed = &none;
	if (before == NULL || !selects(stream, before->db, before->name)) {
		away = moved_away(f, effect);
		before = away ? away->before : NULL;
		renamed = NULL;
	}
	if (before == NULL ||
	    script_guard(stream->lane.script, stream->lane.sync->index, before, effect->after,
			 renamed, renamed ? effect->nrenamed : 0, err) == 0)
		return 0;
	return statement_error(stream, err);
}

/* Stop at a statement after which the table's rows could not be read. */
static int refuse_unreadable(const struct following *f, const struct ddl_effect *effect,
			     struct err *err)
{
	const struct table *after = effect->after;
	if (after == NULL || !wants(f->stream, after->db, after->name) ||
	    table_map_refuse(after, err) == 0)
		return 0;
	return statement_error(f->stream, err);
}

static int follow_effect(struct following *f, const struct ddl_effect *effect, struct err *err)
{
	struct stream *stream = f->stream;
	stream->ddl.said = (struct ddl_name){effect->db, effect->table};
	if (refuse_unread(f, effect, err) < 0 || refuse_unread_rows(f, effect, err) < 0 ||
	    refuse_moved(f, effect, err) < 0 || refuse_unreadable(f, effect, err) < 0 ||
	    guard(f, effect, err) < 0)
		return -1;
	forget_unread(stream, effect);
	stream_forget_plan(stream, effect->db, effect->table);
	if (effect->before) /* as the server spells it, where it takes any case */
		stream_forget_plan(stream, effect->before->db, effect->before->name);
	if (effect->new_table.len > 0)
		stream_forget_plan(stream, effect->new_db, effect->new_table);
	if (effect->table.len == 0)
		record_database(&stream->current.durable.records, stream->catalog, effect->db);
	else
		save_effect(stream, effect);
	return send_effect(f, effect, err);
}

static int stop_at(struct following *f, const struct ddl_step *step, enum err_id id,
		   const char *why, const char *remedy, struct err *err)
{
	struct stream *stream = f->stream;
	int shown = f->text.len > TEXT_IN_ERRORS ? TEXT_IN_ERRORS : (int)f->text.len;
	err_set(err, id, "%s%s%.*s: %.*s%s; %s", why, step->reason.len ? ": " : "",
		SLICE_FMT(step->reason), shown, f->text.ptr,
		(size_t)shown < f->text.len ? "..." : "", remedy);
	return statement_error(stream, err);
}

/* Whether a statement of this database can concern a captured table. */
static bool captured_database(struct following *f, const struct ddl_step *step)
{
	struct slice db = step->name.db.len > 0 ? step->name.db : f->context.db;
	return db.len == 0 || catalog_has_database(f->stream->catalog, db);
}

static int check_step(struct following *f, const struct ddl_step *step, struct err *err)
{
	const struct ddl_name real =
		catalog_known_name(f->stream->catalog, &step->name, &f->stream->statement);
	const struct ddl_name *name = &real;
	bool concerns;
	if (step->kind != DDL_STEP_DML && step->kind != DDL_STEP_UNPLACED)
		return 0;
	if (name->table.len == 0)
		concerns = captured_database(f, step);
	else if (step->kind == DDL_STEP_DML) /* rows that the full sync has read are not lost */
		concerns = wants(f->stream, name->db, name->table);
	else
		concerns = selects(f->stream, name->db, name->table);
	if (!concerns || stream_before_database(f->stream, name->db))
		return 0;
	if (step->kind == DDL_STEP_DML)
		return stop_at(f, step, E_ROWS_AS_STATEMENT,
			       "a change of rows was logged as a statement",
			       "set binlog_format = ROW on the source and reconnect its writers, "
			       "then start "
			       "again under another sync name",
			       err);
	if (f->stream->connection.row_metadata_full) {
		log_warn("a statement could not be parsed, at %s:%" PRIu64
			 "; row metadata FULL contains the columns from here on: %.*s",
			 f->stream->cursor.file, f->stream->read.offset, SLICE_FMT(f->text));
		stream_doubt(f->stream,
			     &(struct ddl_name){name->table.len || name->db.len ? name->db
										: f->context.db,
						name->table});
		return 0;
	}
	return stop_at(f, step, E_STATEMENT_UNKNOWN,
		       "it may change a captured table and cannot be placed",
		       "set binlog_row_metadata = FULL on the source, so that every change carries "
		       "its columns",
		       err);
}

/* Leave out the steps that create a database before its start position: its pending definitions are of that position. */
static unsigned without_pending(struct stream *stream, const struct ddl_step *steps, unsigned n,
				const struct ddl_step **out)
{
	struct ddl_step *kept = ARENA_ARRAY(&stream->statement, n + 1, struct ddl_step);
	unsigned nkept = 0;
	for (unsigned i = 0; i < n; i++)
		if (steps[i].kind != DDL_STEP_CREATE_DATABASE ||
		    !stream_before_database(stream, steps[i].name.db))
			kept[nkept++] = steps[i];
	*out = kept;
	return nkept;
}

static int follow(struct following *f, const struct ddl_step *steps, unsigned n, struct err *err)
{
	for (unsigned i = 0; i < n; i++)
		if (check_step(f, &steps[i], err) < 0)
			return -1;
	n = without_pending(f->stream, steps, n, &steps);
	if (catalog_apply(f->stream->catalog, &f->context, steps, n, &f->effects, &f->neffects,
			  err) < 0)
		return statement_error(f->stream, err);
	for (unsigned i = 0; i < f->neffects; i++)
		if (follow_effect(f, &f->effects[i], err) < 0)
			return -1;
	if (f->sends && send_batch(&f->stream->lane, f->batch, err) < 0)
		return -1;
	if (f->neffects > 0 && FAULT(DDL))
		return err_retry(err, E_FAULT, "after a statement was followed: fault injected");
	return 0;
}

static int follow_text(struct stream *stream, struct slice text, const struct ddl_context *context,
		       struct message_batch *batch, bool sends, struct err *err)
{
	struct following f = {.stream = stream,
			      .context = *context,
			      .text = text,
			      .batch = batch,
			      .sends = sends};
	const struct ddl_step *steps;
	unsigned n;
	message_batch_clear(batch);
	catalog_forget(
		stream->catalog); /* plans have copies; effects of the last statement are used up */
	arena_reset(&stream->statement);
	if (ddl_parse(text, context, &stream->statement, &steps, &n, err) < 0)
		return stream_at(stream, stream->read.offset, SLICE(""), err);
	return follow(&f, steps, n, err);
}

/* The script's own loop gets the statement, and its messages from records(). */
static int follow_in_loop(struct stream *stream, struct slice text,
			  const struct ddl_context *context, struct err *err)
{
	struct lane *lane = &stream->lane;
	struct loop_item item = {
		.kind = LOOP_DDL, .text = text, .time_ms = stream->reader.trx.gtid.commit_ms};
	int rc = follow_text(stream, text, context, &lane->batch, false, err);
	if (rc == 0 && lane->batch.n > 0) {
		item.db = stream->ddl.said.db;
		item.table = stream->ddl.said.table;
		rc = loop_item(lane, &item, &lane->batch, err);
	}
	arena_reset(&lane->arena);
	return rc;
}

int stream_statement(struct stream *stream, struct slice text, const struct ddl_context *context,
		     struct message_batch *batch, struct err *err)
{
	struct ddl_context utf8 = *context;
	struct arena arena;
	int rc;
	arena_init(&arena, 0);
	if (ddl_to_utf8(&utf8, &arena, &text, err) < 0) /* messages and loops have it so, too */
		rc = stream_at(stream, stream->read.offset, SLICE(""), err);
	else if (batch)
		rc = follow_text(stream, text, &utf8, batch, false, err);
	else if (stream->lane.config->has_loop)
		rc = follow_in_loop(stream, text, &utf8, err);
	else
		rc = follow_text(stream, text, &utf8, &stream->lane.batch, true, err);
	arena_fini(&arena);
	return rc;
}

int stream_ddl(struct stream *stream, const struct event_query *query, struct err *err)
{
	struct ddl_context context;
	/* Written twice: what counts is COMMIT ALTER (consistency rule: two-phase-alter). */
	if (stream->reader.trx.gtid.alter == ALTER_START ||
	    stream->reader.trx.gtid.alter == ALTER_ROLLBACK)
		return 0;
	context = ddl_context_of(query, &stream->cursor.format);
	/* not in the event */
	context.utf8_is_mb4 = context.mariadb && catalog_utf8_is_mb4(stream->catalog);
	return stream_statement(stream, query->sql, &context, NULL, err);
}

/* ---- pending definitions ---- */

static struct plan *plan_in(const struct lane *lane, struct slice db)
{
	struct plan *plan;
	size_t at = 0;
	while ((plan = map_next(&lane->plans, &at)))
		if (slice_equal(plan->table->db, db))
			return plan;
	return NULL;
}

static void take_database(struct stream *stream, struct pending_database *database)
{
	struct plan *plan;
	table_states_remove_database(&stream->lane.sync->states, database);
	catalog_move_database(stream->catalog, stream->catalog_pending, database->name);
	while ((plan = plan_in(&stream->lane, database->name)))
		stream_forget_plan(stream, plan->table->db, plan->table->name);
	stream_attach(stream, record_name(&stream->statement, "adopted", database->name),
		      (struct slice){NULL, 0});
}

/* A definition that the stream has brought meanwhile is newer. */
static void take_table(struct stream *stream, struct table_state *state)
{
	const struct table *table = state->record.definition;
	table_state_end_pending(&stream->lane.sync->states, state);
	if (!catalog_find(stream->catalog, table->db, table->name))
		record_table(&stream->current.durable.records, catalog_put(stream->catalog, table),
			     true);
}

void stream_take_pending(struct stream *stream)
{
	const struct table_states *states = &stream->lane.sync->states;
	const struct trx_place trx = stream_place(stream);
	struct pending_database *database;
	struct table_state *state;
	while ((database = table_states_reached_database(states, &trx)))
		take_database(stream, database);
	while ((state = table_states_reached_table(states, &trx)))
		take_table(stream, state);
}
