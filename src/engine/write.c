#include "engine/write.h"

#include "base/num.h"
#include "format/json.h"
#include "engine/fields.h"
#include "engine/loop.h"
#include "script/script.h"
#include "sink/sink.h"

#include <inttypes.h>
#include <limits.h>

enum { KEEP_BYTES = 4 << 20 }; /* of a buffer, behind a large row (rule 9) */

/* One change being written. */
struct writing {
	struct lane *lane;
	struct plan *plan;
	struct event_result event;         /* what the event function said; zeros without one */
	struct slice topic;                /* of the last record written, for change:emit{} */
	struct slice key;                  /* likewise */
	bool wrote;                        /* lane->value holds the last record */
	const struct header_pair *headers; /* of the record that is written next */
	unsigned nheaders;
};

/* The destination of that name, if it is the table's own or where the record before went. */
static struct destination *recent(const struct plan *plan, struct slice topic)
{
	if (plan->destination && slice_equal(plan->destination->name, topic))
		return plan->destination;
	return plan->last && slice_equal(plan->last->name, topic) ? plan->last : NULL;
}

static int out(struct writing *w, struct slice topic, int partition, struct slice key,
	       struct slice value, struct slice op, struct err *err)
{
	struct plan *plan = w->plan;
	struct destination *destination = recent(plan, topic);
	bool own = op.len > 0 && !w->event.has_key; /* its key is the mapping's */
	if (destination == NULL &&
	    lane_destination(w->lane, topic, plan->mapping.key_kind != KEY_EMPTY, plan->table,
			     &destination, err) < 0)
		return -1;
	if (own && plan->last != destination &&
	    plan_check_topic(w->lane, plan, destination, err) < 0)
		return -1;
	plan->last = destination;
	return lane_send(w->lane, destination,
			 &(struct message){partition, key, value, op, w->headers, w->nheaders},
			 err);
}

/* Decodes the columns that are written. A cell that the image does not carry is an error, but for a
 * virtual column, which the binlog may leave out. */
static int fill_columns(struct writing *w, struct image *image, struct err *err)
{
	const struct mapping *mapping = &w->plan->mapping;
	for (unsigned i = 0; i < mapping->ncolumns; i++) {
		unsigned column = mapping->columns[i].column;
		struct value *value = &image->values[i];
		if (row_value(&image->row, column, &w->lane->arena, value, err) < 0)
			return -1;
		if (value->kind != VALUE_UNSET)
			continue;
		value->kind = VALUE_NULL;
		if (!w->plan->table->columns[column].is_virtual)
			return err_set(err, ERR_DATA,
				       "the row image lacks column '%.*s': set binlog_row_image = "
				       "FULL on the source and reconnect its writers, and start "
				       "behind it under another sync name",
				       SLICE_FMT(w->plan->table->columns[column].name));
	}
	return 0;
}

/* The value of a key part: one that is written anyway, or of a column that is not. */
static int key_value(struct writing *w, const struct image *image, unsigned k, struct value *value,
		     struct err *err)
{
	const struct plan *plan = w->plan;
	if (plan->key_values[k] == UINT_MAX)
		return row_value(&image->row, plan->mapping.key[k].index, &w->lane->arena, value,
				 err);
	*value = image->values[plan->key_values[k]];
	return 0;
}

/* "7,a", or {"id":7,"code":"a"}. */
static int key_of_parts(struct writing *w, const struct image *image, struct buf *key,
			struct err *err)
{
	const struct mapping *mapping = &w->plan->mapping;
	struct value value;
	for (unsigned k = 0; k < mapping->nkey; k++) {
		if (key_value(w, image, k, &value, err) < 0)
			return -1;
		if (mapping->key_json) {
			buf_char(key, k > 0 ? ',' : '{');
			json_string(key, mapping->key[k].name);
			buf_char(key, ':');
			json_value(key, &value);
		} else {
			if (k > 0)
				buf_char(key, ',');
			json_bare(key, &value);
		}
	}
	if (mapping->key_json)
		buf_char(key, '}');
	return 0;
}

/* What a key function returned: a text as it is; a list as "7,a", or [7,"a"]. */
static void key_of_function(const struct image_result *result, bool json, struct buf *key)
{
	bool array = json && result->key_list;
	for (unsigned k = 0; k < result->nkey; k++) {
		if (k > 0)
			buf_char(key, ',');
		else if (array)
			buf_char(key, '[');
		if (array)
			json_value(key, &result->key[k]);
		else
			json_bare(key, &result->key[k]);
	}
	if (array)
		buf_char(key, ']');
}

static uint64_t row_hash(const struct plan *plan, const struct image *image, struct buf *scratch)
{
	for (unsigned i = 0; i < plan->mapping.ncolumns; i++) {
		if (i > 0)
			buf_char(scratch, ',');
		json_value(scratch, &image->values[i]);
	}
	return slice_hash(buf_slice(scratch));
}

/* The key of one image, from what the mapping says; functions' results come as `result`. */
static int make_key(struct writing *w, const struct image *image, const struct image_result *result,
		    struct buf *key, struct err *err)
{
	const struct mapping *mapping = &w->plan->mapping;
	uint64_t hash;
	buf_clear(key);
	buf_reserve(key, 1); /* the empty key is a pointer, too */
	switch (mapping->key_kind) {
	case KEY_REJECT:
		return err_set(err, ERR_INTERNAL, "a key was asked for where there is none");
	case KEY_EMPTY:
		return 0;
	case KEY_TABLE:
		buf_put(key, w->plan->table->full_name);
		return 0;
	case KEY_ROW:
		hash = row_hash(w->plan, image, key);
		buf_clear(key);
		buf_printf(key, "%016" PRIx64, hash);
		return 0;
	case KEY_FUNCTION:
		key_of_function(result, mapping->key_json, key);
		return 0;
	case KEY_PARTS:
		break;
	}
	return key_of_parts(w, image, key, err);
}

/* The result's topics are the script's until it is asked for the next image. */
static void keep_topics(struct writing *w, struct image *image, const struct image_result *result)
{
	struct slice *topics = &image->topic;
	image->ntopics = 1;
	if (w->event.topic.ptr) {
		image->topics = &w->event.topic;
		return;
	}
	if (!w->plan->mapping.topic_function) {
		image->topics = &w->plan->mapping.topic;
		return;
	}
	if (result->ntopics > 1)
		topics = ARENA_ARRAY(&w->lane->arena, result->ntopics, struct slice);
	memcpy(topics, result->topics, result->ntopics * sizeof(*topics));
	image->topics = topics;
	image->ntopics = result->ntopics;
}

/* Values, key and topics of one image. */
static int make_image(struct writing *w, struct image *image, enum change_image which,
		      struct buf *key, struct err *err)
{
	struct plan *plan = w->plan;
	struct lane *lane = w->lane;
	struct image_result result = {.topics = NULL};
	struct field_context context;
	if (fill_columns(w, image, err) < 0)
		return -1;
	if (plan->mapping.image_function != MAPPING_NO_FUNCTION &&
	    script_image(lane->script, &plan->mapping, &plan->change, which, &result, err) < 0)
		return -1;
	keep_topics(w, image, &result);
	if (plan->mapping.nfields > 0) {
		context = (struct field_context){plan->change.time_ms, lane->now_ms,
						 image->topics[0], result.slots};
		if (fields_fill(plan, image, &context, &lane->arena, err) < 0)
			return -1;
	}
	if (!w->event.has_key)
		return make_key(w, image, &result, key, err);
	buf_clear(key);
	buf_reserve(key, 1);
	buf_put(key, w->event.key);
	return 0;
}

/* One record to the topics of an image. */
static int put_record(struct writing *w, enum record_op op, const struct image *before,
		      const struct image *after, const struct image *route, const struct buf *key,
		      struct err *err)
{
	const struct change *change = &w->plan->change;
	struct lane *lane = w->lane;
	bool full = change->op == CHANGE_READ;
	struct record record = {
		.before = before ? before->values : NULL,
		.after = after ? after->values : NULL,
		.op = op,
		.sequence = full ? -1 : (int64_t)change->sequence,
		.event_ms = full ? -1 : change->time_ms,
		.system_ms = lane->now_ms,
	};
	buf_clear(&lane->value);
	envelope_write(&lane->value, &w->plan->envelope, &record);
	w->wrote = true;
	w->key = buf_slice(key);
	for (unsigned i = 0; i < route->ntopics; i++) {
		w->topic = route->topics[i];
		if (out(w, w->topic, SINK_PARTITION_BY_KEY, w->key, buf_slice(&lane->value),
			record_op_name(op), err) < 0)
			return -1;
	}
	return 0;
}

static int put_insert(struct writing *w, struct err *err)
{
	struct image *after = &w->plan->after;
	struct buf *key = &w->lane->key[IMAGE_AFTER];
	if (make_image(w, after, IMAGE_AFTER, key, err) < 0)
		return -1;
	return put_record(w, RECORD_INSERT, NULL, after, after, key, err);
}

static int put_delete(struct writing *w, struct err *err)
{
	struct image *before = &w->plan->before;
	struct buf *key = &w->lane->key[IMAGE_BEFORE];
	if (make_image(w, before, IMAGE_BEFORE, key, err) < 0)
		return -1;
	return put_record(w, RECORD_DELETE, before, NULL, before, key, err);
}

static bool same_route(const struct image *a, const struct buf *key_a, const struct image *b,
		       const struct buf *key_b)
{
	if (!slice_equal(buf_slice(key_a), buf_slice(key_b)) || a->ntopics != b->ntopics)
		return false;
	for (unsigned i = 0; i < a->ntopics; i++)
		if (!slice_equal(a->topics[i], b->topics[i]))
			return false;
	return true;
}

static int put_update(struct writing *w, struct err *err)
{
	struct image *before = &w->plan->before, *after = &w->plan->after;
	struct buf *old_key = &w->lane->key[IMAGE_BEFORE], *new_key = &w->lane->key[IMAGE_AFTER];
	if (make_image(w, before, IMAGE_BEFORE, old_key, err) < 0 ||
	    make_image(w, after, IMAGE_AFTER, new_key, err) < 0)
		return -1;
	if (w->plan->mapping.update == UPDATE_TWO) {
		if (put_record(w, RECORD_UPDATE_BEFORE, before, NULL, before, old_key, err) < 0)
			return -1;
		return put_record(w, RECORD_UPDATE_AFTER, NULL, after, after, new_key, err);
	}
	if (!w->plan->mapping.key_change_split || same_route(before, old_key, after, new_key))
		return put_record(w, RECORD_UPDATE_AFTER, before, after, after, new_key, err);
	if (put_record(w, RECORD_DELETE, before, NULL, before, old_key, err) < 0)
		return -1;
	return put_record(w, RECORD_INSERT, NULL, after, after, new_key, err);
}

static int put_own(struct writing *w, struct err *err)
{
	const struct change *change = &w->plan->change;
	switch (w->event.verdict) {
	case VERDICT_DROP:
		return 0;
	case VERDICT_INSERT:
		return put_insert(w, err);
	case VERDICT_DELETE:
		return put_delete(w, err);
	case VERDICT_KEEP:
		break;
	}
	if (change->op == CHANGE_UPDATE)
		return put_update(w, err);
	return change->op == CHANGE_DELETE ? put_delete(w, err) : put_insert(w, err);
}

/* An emit leans on the change's own record; of a dropped change that record is made here, not sent. */
static int make_own(struct writing *w, struct err *err)
{
	struct plan *plan = w->plan;
	bool deleted = plan->change.after == NULL;
	bool updated = plan->change.op == CHANGE_UPDATE;
	bool both = updated && plan->mapping.update == UPDATE_ONE;
	enum record_op op = deleted ? RECORD_DELETE : updated ? RECORD_UPDATE_AFTER : RECORD_INSERT;
	struct image *image = deleted ? &plan->before : &plan->after;
	struct buf *key = &w->lane->key[deleted ? IMAGE_BEFORE : IMAGE_AFTER];
	struct image nowhere;
	if (both &&
	    make_image(w, &plan->before, IMAGE_BEFORE, &w->lane->key[IMAGE_BEFORE], err) < 0)
		return -1;
	if (make_image(w, image, deleted ? IMAGE_BEFORE : IMAGE_AFTER, key, err) < 0)
		return -1;
	nowhere = *image;
	nowhere.ntopics = 0;
	w->topic = image->topics[0];
	return put_record(w, op, deleted || both ? &plan->before : NULL, deleted ? NULL : image,
			  &nowhere, key, err);
}

static int put_emits(struct writing *w, struct err *err)
{
	if (w->event.nemits > 0 && !w->wrote && make_own(w, err) < 0)
		return -1;
	for (unsigned i = 0; i < w->event.nemits; i++) {
		const struct emitted *emit = &w->event.emits[i];
		struct slice topic = emit->topic.ptr ? emit->topic : w->topic;
		struct slice key = emit->has_key ? emit->key : w->key;
		struct slice value = emit->has_value ? emit->value : buf_slice(&w->lane->value);
		w->headers = emit->headers ? emit->headers : w->event.headers;
		w->nheaders = emit->headers ? emit->nheaders : w->event.nheaders;
		if (out(w, topic, emit->partition, key, value, SLICE(""), err) < 0)
			return -1;
	}
	return 0;
}

static void clear_edits(const struct plan *plan, struct image *image)
{
	if (image->edits)
		memset(image->edits, 0, plan->table->ncolumns * sizeof(*image->edits));
}

static int run(struct writing *w, struct err *err)
{
	struct plan *plan = w->plan;
	if (plan->mapping.event_function != MAPPING_NO_FUNCTION) {
		clear_edits(plan, &plan->before);
		clear_edits(plan, &plan->after);
		if (script_event(w->lane->script, &plan->mapping, &plan->change, &w->event, err) <
		    0)
			return -1;
		w->headers = w->event.headers;
		w->nheaders = w->event.nheaders;
	}
	if (put_own(w, err) < 0)
		return -1;
	return put_emits(w, err);
}

static int where(const struct plan *plan, struct err *err)
{
	const struct change *change = &plan->change;
	if (err->code != ERR_DATA)
		return -1;
	if (change->file)
		return err_wrap(err, "table %.*s, %s at %s:%" PRIu64,
				SLICE_FMT(plan->table->full_name), change_op_name(change->op),
				change->file, change->pos);
	return err_wrap(err, "table %.*s, full sync", SLICE_FMT(plan->table->full_name));
}

int write_records(struct lane *lane, struct plan *plan, bool events, struct err *err)
{
	struct writing w = {.lane = lane, .plan = plan};
	return events ? run(&w, err) : put_own(&w, err);
}

/* At the start such a table is refused with all the others (core.check); here it has lost its key, or has come without
 * one, while the sync runs. */
static int refuse_keyless(const struct plan *plan, struct err *err)
{
	struct slice name = plan->table->full_name;
	err_set(err, ERR_DATA,
		"the table has no primary key, and the script gives it no other: nothing of it is "
		"written. Say what its key is with key = { [\"%.*s\"] = \"column\" }, take "
		"no_primary_key = { [\"%.*s\"] = \"empty\" } (or \"unique\", \"row\", \"table\"), "
		"or "
		"exclude it with \"!%.*s\" in source.tables, and start again: the sync goes on "
		"here",
		SLICE_FMT(name), SLICE_FMT(name), SLICE_FMT(name));
	return where(plan, err);
}

/* What is asked only before a row of the table is written. */
static int check_table(struct lane *lane, struct plan *plan, struct err *err)
{
	if (plan->mapping.key_kind == KEY_REJECT)
		return refuse_keyless(plan, err);
	if (!plan->mapping.unseen)
		return 0;
	if (script_known(lane->script, lane->sync->index, plan->table, err) < 0)
		return where(plan, err);
	plan->mapping.unseen = false;
	return 0;
}

int write_collected(struct lane *lane, struct plan *plan, struct err *err)
{
	struct writing w = {.lane = lane, .plan = plan};
	int rc;
	if (check_table(lane, plan, err) < 0)
		return -1;
	rc = run(&w, err);
	if (plan->mapping.event_function != MAPPING_NO_FUNCTION ||
	    plan->mapping.image_function != MAPPING_NO_FUNCTION)
		script_done(lane->script);
	return rc < 0 ? where(plan, err) : 0;
}

static unsigned largest_column(const struct row *row)
{
	unsigned largest = 0;
	uint32_t most = 0;
	for (unsigned i = 0; i < row->layout->ncells; i++)
		if (row->cells[i].len < CELL_ABSENT && row->cells[i].len > most) {
			most = row->cells[i].len;
			largest = i;
		}
	return largest;
}

/* limits.row_max (rule 9): before a function, a value or a message is made of the row. Its values are not told: they may
 * be masked. */
static int refuse_large(const struct lane *lane, const struct plan *plan, const struct row *row,
			struct err *err)
{
	unsigned largest = largest_column(row);
	err_set(err, ERR_DATA,
		"a row of %" PRIu32 " bytes, %" PRIu32
		" of them in column '%.*s', is more than limits.row_max = %" PRIu64
		" allows: nothing of it is written. Raise limits.row_max (a row takes about three "
		"times its size of memory), or exclude the table with \"!%.*s\" in "
		"source.tables, and start again: the sync goes on here",
		row->size, row->cells[largest].len < CELL_ABSENT ? row->cells[largest].len : 0,
		SLICE_FMT(plan->table->columns[largest].name), lane->config->row_max,
		SLICE_FMT(plan->table->full_name));
	return where(plan, err);
}

/* The image that is larger than the script allows; NULL: none. */
static const struct row *too_large(const struct lane *lane, const struct change *change)
{
	uint64_t max = lane->config->row_max;
	if (max == 0)
		return NULL;
	if (change->before && change->before->size > max)
		return change->before;
	return change->after && change->after->size > max ? change->after : NULL;
}

int write_change(struct lane *lane, struct plan *plan, struct err *err)
{
	const struct row *large = too_large(lane, &plan->change);
	int rc;
	if (check_table(lane, plan, err) < 0)
		return -1;
	if (large)
		return refuse_large(lane, plan, large, err);
	if (lane->config->has_loop)
		return loop_change(lane, plan, err) < 0 ? where(plan, err) : 0;
	rc = write_collected(lane, plan, err);
	arena_reset(&lane->arena);
	buf_shrink(&lane->value, KEEP_BYTES);
	buf_shrink(&lane->key[IMAGE_BEFORE], KEEP_BYTES);
	buf_shrink(&lane->key[IMAGE_AFTER], KEEP_BYTES);
	metric_add(&lane->metrics->rows, 1);
	return rc;
}
