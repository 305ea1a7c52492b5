#include "engine/map_change.h"

#include "base/num.h"
#include "format/json.h"
#include "engine/fields.h"
#include "script/script.h"

#include <inttypes.h>
#include <limits.h>

/* One change on its way into the batch. */
struct writing {
	struct lane *lane;
	struct plan *plan;
	struct message_batch *batch;
	const struct event_result *event; /* what the event function has set */

	/* of the change's last record, for change:emit{} */
	struct slice topic, key, value;
	bool wrote; /* they are set */
};

static const struct event_result no_result; /* of a mapping without an event function */

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
	if (w->event->topic.ptr) {
		image->topics = &w->event->topic;
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
	if (!w->event->has_key)
		return make_key(w, image, &result, key, err);
	buf_clear(key);
	buf_reserve(key, 1);
	buf_put(key, w->event->key);
	return 0;
}

/* One record to the topics of an image. */
static void put_record(struct writing *w, enum record_op op, const struct image *before,
		       const struct image *after, const struct image *route, const struct buf *key)
{
	const struct change *change = &w->plan->change;
	bool full = change->op == CHANGE_READ;
	struct buf *value = message_batch_value(w->batch);
	struct record record = {
		.before = before ? before->values : NULL,
		.after = after ? after->values : NULL,
		.op = op,
		.sequence = full ? -1 : (int64_t)change->sequence,
		.event_ms = full ? -1 : change->time_ms,
		.system_ms = w->lane->now_ms,
	};
	envelope_write(value, &w->plan->envelope, &record);
	w->wrote = true;
	w->key = buf_slice(key);
	w->value = buf_slice(value);
	for (unsigned i = 0; i < route->ntopics; i++) {
		w->topic = route->topics[i];
		*message_batch_next(w->batch) = (struct message){
			.topic = w->topic,
			.key = w->key,
			.value = w->value,
			.op = record_op_name(op),
			.headers = w->event->headers,
			.nheaders = w->event->nheaders,
			.partition = MESSAGE_BY_KEY,
			.mapped_key = !w->event->has_key,
			.destination = NULL, /* each field is named: nothing is cleared first */
			.offset = 0,
			.time_ms = 0,
		};
	}
}

static int put_insert(struct writing *w, struct err *err)
{
	struct image *after = &w->plan->after;
	struct buf *key = &w->batch->key[IMAGE_AFTER];
	if (make_image(w, after, IMAGE_AFTER, key, err) < 0)
		return -1;
	put_record(w, RECORD_INSERT, NULL, after, after, key);
	return 0;
}

static int put_delete(struct writing *w, struct err *err)
{
	struct image *before = &w->plan->before;
	struct buf *key = &w->batch->key[IMAGE_BEFORE];
	if (make_image(w, before, IMAGE_BEFORE, key, err) < 0)
		return -1;
	put_record(w, RECORD_DELETE, before, NULL, before, key);
	return 0;
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
	struct buf *old_key = &w->batch->key[IMAGE_BEFORE], *new_key = &w->batch->key[IMAGE_AFTER];
	if (make_image(w, before, IMAGE_BEFORE, old_key, err) < 0 ||
	    make_image(w, after, IMAGE_AFTER, new_key, err) < 0)
		return -1;
	if (w->plan->mapping.update == UPDATE_TWO) {
		put_record(w, RECORD_UPDATE_BEFORE, before, NULL, before, old_key);
		put_record(w, RECORD_UPDATE_AFTER, NULL, after, after, new_key);
	} else if (!w->plan->mapping.key_change_split ||
		   same_route(before, old_key, after, new_key)) {
		put_record(w, RECORD_UPDATE_AFTER, before, after, after, new_key);
	} else {
		put_record(w, RECORD_DELETE, before, NULL, before, old_key);
		put_record(w, RECORD_INSERT, NULL, after, after, new_key);
	}
	return 0;
}

static int put_own(struct writing *w, struct err *err)
{
	const struct change *change = &w->plan->change;
	switch (w->event->verdict) {
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
	struct buf *key = &w->batch->key[deleted ? IMAGE_BEFORE : IMAGE_AFTER];
	struct image nowhere;
	if (both &&
	    make_image(w, &plan->before, IMAGE_BEFORE, &w->batch->key[IMAGE_BEFORE], err) < 0)
		return -1;
	if (make_image(w, image, deleted ? IMAGE_BEFORE : IMAGE_AFTER, key, err) < 0)
		return -1;
	nowhere = *image;
	nowhere.ntopics = 0;
	w->topic = image->topics[0];
	put_record(w, op, deleted || both ? &plan->before : NULL, deleted ? NULL : image, &nowhere,
		   key);
	return 0;
}

static int put_emits(struct writing *w, struct err *err)
{
	const struct event_result *event = w->event;
	if (event->nemits > 0 && !w->wrote && make_own(w, err) < 0)
		return -1;
	for (unsigned i = 0; i < event->nemits; i++) {
		const struct emitted *emit = &event->emits[i];
		struct message *message = message_batch_next(w->batch);
		*message = emit->message;
		if (message->topic.ptr == NULL)
			message->topic = w->topic;
		if (!emit->has_key)
			message->key = w->key;
		if (!emit->has_value)
			message->value = w->value;
		if (message->headers == NULL) {
			message->headers = event->headers;
			message->nheaders = event->nheaders;
		}
	}
	return 0;
}

static void clear_edits(const struct plan *plan, struct image *image)
{
	if (image->edits)
		memset(image->edits, 0, plan->table->ncolumns * sizeof(*image->edits));
}

static int put_all(struct writing *w, struct err *err)
{
	if (put_own(w, err) < 0)
		return -1;
	return put_emits(w, err);
}

static int run(struct writing *w, struct err *err)
{
	struct plan *plan = w->plan;
	struct event_result result = {.nemits = 0};
	if (plan->mapping.event_function == MAPPING_NO_FUNCTION)
		return put_all(w, err);
	clear_edits(plan, &plan->before);
	clear_edits(plan, &plan->after);
	if (script_event(w->lane->script, &plan->mapping, &plan->change, &result, err) < 0)
		return -1;
	w->event = &result;
	return put_all(w, err);
}

int map_error(const struct plan *plan, struct err *err)
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

int map_again(struct lane *lane, struct plan *plan, bool events, struct message_batch *batch,
	      struct err *err)
{
	struct writing w = {.lane = lane, .plan = plan, .batch = batch, .event = &no_result};
	message_batch_clear(batch);
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
	return map_error(plan, err);
}

int map_check_table(struct lane *lane, struct plan *plan, struct err *err)
{
	if (plan->mapping.key_kind == KEY_REJECT)
		return refuse_keyless(plan, err);
	if (!plan->mapping.unseen)
		return 0;
	if (script_known(lane->script, lane->sync->index, plan->table, err) < 0)
		return map_error(plan, err);
	plan->mapping.unseen = false;
	return 0;
}

int map_change(struct lane *lane, struct plan *plan, struct message_batch *batch, struct err *err)
{
	struct writing w = {.lane = lane, .plan = plan, .batch = batch, .event = &no_result};
	message_batch_clear(batch);
	return run(&w, err) < 0 ? map_error(plan, err) : 0;
}

void map_done(struct lane *lane, struct plan *plan)
{
	if (plan->mapping.event_function != MAPPING_NO_FUNCTION ||
	    plan->mapping.image_function != MAPPING_NO_FUNCTION)
		script_done(lane->script);
	arena_reset(&lane->arena);
}
