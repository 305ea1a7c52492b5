/* stream_ddl: statements in the stream: update the catalog and send DDL messages. */
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

/* A statement that is being applied. */
struct following {
	struct stream *stream;
	struct ddl_context context;
	struct slice text;
	const struct ddl_effect *effects; /* of the statement */
	unsigned neffects;
	struct message_batch *batch; /* gets the messages */
	bool sends;                  /* and sends them to the sink */
	bool silent;                 /* no message is written (option `ddl`) */
	const struct ddl_effect *of; /* the effect whose message `value` is; NULL: none yet */
	struct slice value;          /* the same for all topics of an effect */
};

/* Fill in the place of an error about the statement. Return -1. */
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

/* Return whether to send and record the statement: the table is captured, and its copy does not contain the statement. */
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

/* Return whether no copy contains the rows that the table of this name has at this statement. */
static bool unread(struct stream *stream, struct slice db, struct slice table)
{
	const struct trx_place trx = stream_place(stream);
	return table.len > 0 && table_state_misses_rows(find_state(stream, db, table), &trx);
}

/* Return whether the start read the table that has the name after the statement. */
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
	/* a table that the start read after the statement has a record with its own position */
	if (before && (effect->after == NULL || renamed) && !is_read_later(stream, &from))
		save_phase(stream, effect->db, effect->table, TABLE_NEW);
	if (after && effect->after &&
	    (effect->op == DDL_CREATE || (renamed && !is_read_later(stream, &to))))
		save_phase(stream, to.db, to.table,
			   renamed && unread(stream, to.db, to.table) ? TABLE_COPYING
								      : TABLE_COPIED);
}

/* Return the plan that a DDL message is made with: that of the definition after the change, or before it if the table was
 * dropped. NULL: none. */
static struct plan *message_plan(struct stream *stream, const struct ddl_effect *effect)
{
	const struct table *table = effect->after ? effect->after : effect->before;
	struct err ignored = ERR_INIT;
	if (table == NULL || effect->table.len == 0)
		return NULL;
	return stream_plan(stream, table, &ignored);
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
	bool all = stream->lane.config->ddl_partitions == DDL_PARTITIONS_ALL;
	int n = all ? sink_topic_info(destination->topic)->present : 1;
	struct message message = {
		.topic = destination->name,
		.key = message_key(stream, ddl, destination),
		.op = stream->lane.format->ddl_op(ddl),
		.value = message_value(f, ddl),
		.destination = destination,
	};
	for (message.partition = 0; message.partition < n; message.partition++)
		message_batch_add(f->batch, &message);
}

/* Send the DDL message anyway: the next statement may add the key. The first row stops the sync (map_change.c). */
static void warn_keyless(const struct stream *stream, const struct table *table)
{
	log_warn(
		"table %.*s has no primary key since the statement at %s:%" PRIu64
		", and the script gives it no key: its first row will stop the sync. Add a primary "
		"key before that, or set key or no_primary_key in the script",
		SLICE_FMT(table->full_name), stream->cursor.file, stream->read.offset);
}

/* Send to each topic of the table, except those in `sent`, which have the message already (NULL: none). */
static int send_to_topics(struct following *f, const struct format_ddl *ddl,
			  const struct table *table, struct map *sent, struct err *err)
{
	struct lane *lane = &f->stream->lane;
	struct destination *destination;
	struct plan *plan = stream_plan(f->stream, table, err);
	size_t at = 0;
	if (plan == NULL) {
		if (err->code != ERR_SCRIPT)
			return -1;
		err_table(err, table->full_name);
		return statement_error(f->stream, err);
	}
	if (plan->mapping.key.kind == KEY_REJECT && plan->mapping.wanted &&
	    table == ddl->effect->after)
		warn_keyless(f->stream, table);
	while ((destination = plan_next_destination(lane, plan, &at)))
		if (sent == NULL || map_set(sent, destination->name, destination) == NULL)
			add_message(f, ddl, destination);
	plan_free(lane, plan);
	return 0;
}

static int send_to_topic(struct following *f, const struct format_ddl *ddl, struct slice topic,
			 struct err *err)
{
	struct destination *destination;
	if (lane_destination(&f->stream->lane, topic, false, NULL, &destination, err) < 0)
		return -1;
	add_message(f, ddl, destination);
	return 0;
}

/* Return the next captured table of the database. Set *at to 0 first. */
static const struct table *next_captured(struct stream *stream, struct slice db, size_t *at)
{
	const struct table *table;
	while ((table = catalog_next(stream->catalog, at)))
		if (slice_equal(table->db, db) && wants(stream, table->db, table->name))
			break;
	return table;
}

/* Send a statement about a whole database: to the topic for statements, or once to each topic of its tables. */
static int send_to_database(struct following *f, const struct format_ddl *ddl, struct err *err)
{
	struct stream *stream = f->stream;
	const char *topic = stream->lane.config->ddl_topic;
	struct slice db = ddl->effect->db;
	struct map sent;
	const struct table *table;
	size_t at = 0;
	int rc = 0;
	if (topic)
		return next_captured(stream, db, &at) ? send_to_topic(f, ddl, slice_str(topic), err)
						      : 0;
	map_init(&sent);
	while (rc == 0 && (table = next_captured(stream, db, &at)))
		rc = send_to_topics(f, ddl, table, &sent, err);
	map_fini(&sent);
	return rc;
}

/* Send to the topics that the table has before and after the statement. */
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

/* Return whether the statement concerns a captured table, or a whole database. */
static bool concerns(struct stream *stream, const struct ddl_effect *effect)
{
	return effect->table.len == 0 ||
	       (effect->before && wants(stream, effect->db, effect->table)) ||
	       (effect->after && wants(stream, effect->after->db, effect->after->name));
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
	if (f->silent || (effect->table.len > 0 && !before && !after))
		return 0;
	if (stream->lane.format->ddl_to_sync_topic)
		return send_to_topic(f, &ddl, sync.name, err);
	if (effect->table.len == 0)
		return send_to_database(f, &ddl, err);
	plan = message_plan(stream, effect);
	if (plan && plan->mapping.wanted)
		ddl.prepared = plan->prepared;
	rc = send_to_tables(f, &ddl, before, after, err);
	plan_free(&stream->lane, plan);
	return rc;
}

/* Return where the statement moves the table that had the effect's new name; NULL: nowhere. */
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

/* Return whether the rest of a name is the suffix, or the suffix after gh-ost's time: "_20240102030405_del". */
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

/* Return whether the name is "_" table suffix. It has more "_" if that name was taken, and only a part of a long table name. */
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

/* Return whether the name is one by which gh-ost or pt-online-schema-change replaces a table with a copy of its rows. No other
 * name is trusted to be such a copy. */
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

/* Refuse that an uncaptured table gets a captured name: its rows were never read. */
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
		away ? ", and its name is not that of a copy by gh-ost (_gho for _del) or "
		       "pt-online-schema-change (_new for _old)"
		     : "");
	err_table_of(err, effect->new_db, effect->new_table);
	return statement_error(stream, err);
}

/* Wait until every transaction before the current one is acknowledged, and post that position. */
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

/* Make the next start read the table, with this statement as its start position. Changes before it are in Kafka. Changes after
 * it may delete rows that the copy contains (docs/decisions/0001). */
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

/* Return whether the new name no longer existed when the start looked at the source, after the statement. */
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

/* Give the unread rows to the next name, because nobody can read them under a name that no longer exists. In this way all
 * statements from a time when the sync did not run are followed in one pass. */
static void carry_unread(struct stream *stream, const struct ddl_name *to)
{
	struct table_states *states = &stream->lane.sync->states;
	table_state_set_unread(table_states_get(states, full_name(stream, to->db, to->table)));
}

/* Restart the sync, so that it reads the table, if a RENAME or a partition brings rows into a captured table that no copy
 * contains. */
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

/* Forget unread rows of a name that no longer exists. The next table of that name comes from the stream. */
static void forget_unread(struct stream *stream, const struct ddl_effect *effect)
{
	struct table_state *state;
	if (effect->op != DDL_ERASE && effect->new_table.len == 0)
		return;
	state = find_state(stream, effect->db, effect->table);
	if (state)
		state->unread = false;
}

/* Refuse partition DDL that brings rows into a captured table which are not in its topic: rows of an uncaptured table, or rows
 * that EXCHANGE leaves in another topic. */
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
		"%s PARTITION moved rows of table %.*s.%.*s, which is %scaptured, into table "
		"%.*s.%.*s, which is captured: the binlog does not contain them. " REMEDY_NEW_NAME
		", or exclude %s in source.tables",
		effect->exchanged ? "EXCHANGE" : "CONVERT", SLICE_FMT(from->db),
		SLICE_FMT(from->table), captured ? "" : "not ", SLICE_FMT(effect->db),
		SLICE_FMT(effect->table), captured ? "both" : "the latter");
	err_table_of(err, effect->db, effect->table);
	return statement_error(stream, err);
}

/* Return the table that a statement replaces by a new one; NULL: none. */
static const struct table *replaced_by(const struct following *f, const struct ddl_effect *effect)
{
	bool replaces = effect->op == DDL_CREATE && effect > f->effects && effect[-1].replaced;
	return replaces ? effect[-1].before : NULL;
}

/* Refuse that a mask or a drop no longer applies because a column or its table was renamed. If the new table was not captured
 * before, compare both definitions. */
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
	err_table(err, effect->after->full_name);
	return statement_error(stream, err);
}

/* Stop at a statement after which the rows of the table cannot be read. */
static int refuse_unreadable(const struct following *f, const struct ddl_effect *effect,
			     struct err *err)
{
	const struct table *after = effect->after;
	if (after == NULL || !wants(f->stream, after->db, after->name) ||
	    table_map_refuse(after, err) == 0)
		return 0;
	return statement_error(f->stream, err);
}

/* Restart the sync, so that it reads the table, if a RENAME gives another table the name of one whose rows are not all copied.
 * Checked before any effect of the statement: the backfill of the name ends when the first table leaves it. */
static int refuse_replaced(const struct following *f, const struct ddl_effect *effect,
			   struct err *err)
{
	struct stream *stream = f->stream;
	const struct ddl_name to = {effect->new_db, effect->new_table};
	if (to.table.len == 0 || !wants(stream, to.db, to.table) ||
	    !stream_backfill_lacks(stream, full_name(stream, to.db, to.table)))
		return 0;
	if (read_from_here(stream, &to, effect->after, err) < 0)
		return -1;
	return err_retry(err, E_TABLES_CHANGE,
			 "table %.*s.%.*s was replaced by %.*s.%.*s while it was copied, at "
			 "%s:%" PRIu64 ". It is read again",
			 SLICE_FMT(to.db), SLICE_FMT(to.table), SLICE_FMT(effect->db),
			 SLICE_FMT(effect->table), stream->cursor.file, stream->read.offset);
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
	stream_backfill_effect(stream, effect);
	stream_forget_plan(stream, effect->db, effect->table);
	if (effect->before) /* in the server's spelling, if names ignore case */
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

/* Return whether a statement in this database can concern a captured table. */
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
	else if (step->kind == DDL_STEP_DML) /* rows that the full sync read are not lost */
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
		log_warn("the statement at %s:%" PRIu64
			 " could not be parsed; from here on, row metadata FULL defines the "
			 "columns: %.*s",
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

/* Decide what becomes of the statement. */
static int decide(struct following *f, const struct ddl_step *steps, unsigned n, struct err *err)
{
	struct statement_kinds found = {.text = f->text};
	for (unsigned i = 0; i < f->neffects; i++) {
		if (!concerns(f->stream, &f->effects[i]))
			continue;
		found.kinds |= ddl_kinds(&f->effects[i], steps, n);
		if (found.effect == NULL)
			found.effect = &f->effects[i];
	}
	return found.effect ? stream_ddl_policy(f->stream, &found, &f->silent, err) : 0;
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
	if (decide(f, steps, n, err) < 0)
		return statement_error(f->stream, err);
	for (unsigned i = 0; i < f->neffects; i++)
		if (refuse_replaced(f, &f->effects[i], err) < 0)
			return -1;
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
		stream->catalog); /* plans have copies; the effects of the last statement are done */
	arena_reset(&stream->statement);
	if (ddl_parse(text, context, &stream->statement, &steps, &n, err) < 0)
		return stream_at(stream, stream->read.offset, SLICE(""), err);
	return follow(&f, steps, n, err);
}

/* Give the statement to the script's own loop. records() returns its messages. */
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
	if (ddl_to_utf8(&utf8, &arena, &text, err) < 0) /* as messages and loops do */
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
	/* The server writes the statement twice. COMMIT ALTER counts (rule: two-phase-alter). */
	if (stream->reader.trx.gtid.alter == ALTER_START ||
	    stream->reader.trx.gtid.alter == ALTER_ROLLBACK)
		return 0;
	context = ddl_context_of(query, &stream->cursor.format);
	/* not in the event */
	context.utf8_is_mb4 = context.mariadb && catalog_utf8_is_mb4(stream->catalog);
	return stream_statement(stream, query->sql, &context, NULL, err);
}
