#include "engine/lane/map_change.h"

#include "engine/lane/headers.h"
#include "format/json.h"
#include "script/script.h"

#include <inttypes.h>
#include <limits.h>

/* A change that is being mapped into the batch. */
struct writing {
	struct lane *lane;
	struct plan *plan;
	struct message_batch *batch;
	const struct event_result *event; /* what the event function set */
	const struct image *own;          /* of the change's own message, once it is made */
};

static const struct event_result no_result; /* for a mapping without an event function */

/* Read a column as it is written. */
static int read_column(struct writing *w, const struct image *image, unsigned column,
		       struct value *value, struct err *err)
{
	const struct mapping *mapping = &w->plan->mapping;
	if (row_value(&image->row, column, &w->lane->arena, value, err) < 0)
		return -1;
	if (mapping->conversions == NULL || mapping->conversions[column] == NULL)
		return 0;
	return conversion_apply(mapping->conversions[column], value, &w->lane->arena, err);
}

/* Convert the values of the columns that are not written in their default form. */
static int convert_columns(struct writing *w, struct image *image, struct err *err)
{
	const struct plan *plan = w->plan;
	for (unsigned i = 0; i < plan->nconverted; i++) {
		unsigned at = plan->converted[i];
		unsigned column = plan->mapping.columns[at].column;
		if (conversion_apply(plan->mapping.conversions[column], &image->values[at],
				     &w->lane->arena, err) < 0)
			return -1;
	}
	return 0;
}

/* Decode the columns that are written. A cell that is not in the image is an error, except that of a virtual column, which the
 * binlog may omit. */
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
		if (!w->plan->table->columns[column].is_virtual) {
			err_set(err, E_ROW_IMAGE,
				"the row image does not contain this column. " REMEDY_ROW_IMAGE
				". " REMEDY_NEW_NAME_AFTER);
			return err_column(err, w->plan->table->columns[column].name);
		}
	}
	return convert_columns(w, image, err);
}

/* Return the value of a key part, whether its column is written or not. */
static int key_value(struct writing *w, const struct image *image, unsigned k, struct value *value,
		     struct err *err)
{
	const struct plan *plan = w->plan;
	if (plan->key_values[k] == UINT_MAX)
		return read_column(w, image, plan->mapping.key.parts[k].index, value, err);
	*value = image->values[plan->key_values[k]];
	return 0;
}

/* Fail if a part of the key is NULL. A field is never NULL there: it is a constant or a text. */
static int refuse_null_parts(const struct plan *plan, const struct image *image, struct err *err)
{
	const struct mapping_key *key = &plan->mapping.key;
	for (unsigned k = 0; k < key->nparts; k++) {
		if (image->key_parts[k].kind != VALUE_NULL || key->parts[k].is_field)
			continue;
		err_set(err, E_KEY_NULL,
			"the value is NULL, but key_null = \"error\" refuses NULL in a key. "
			"Nothing of the row is written. Write key_null = \"null\", or another key "
			"with key = { [\"%.*s\"] = ... }, and start again: the sync resumes at "
			"this row",
			SLICE_FMT(plan->table->full_name));
		return err_column(err, plan->table->columns[key->parts[k].index].name);
	}
	return 0;
}

/* Make the key of one image. result: what the script's functions returned. */
static int make_key(struct writing *w, struct image *image, const struct image_result *result,
		    struct buf *key, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct format_key in = {
		.values = image->values,
		.parts = image->key_parts,
		.results = result->key,
		.nresults = result->nkey,
		.is_list = result->key_list,
	};
	if (plan->mapping.key.kind == KEY_REJECT)
		return err_set(err, E_BUG, "a key is needed, and the table has none");
	for (unsigned k = 0; k < plan->mapping.key.nparts; k++)
		if (key_value(w, image, k, &image->key_parts[k], err) < 0)
			return -1;
	if (plan->mapping.key.refuses_null && refuse_null_parts(plan, image, err) < 0)
		return -1;
	image->out.key_parts = image->key_parts;
	buf_clear(key);
	buf_reserve(key, 1); /* the empty key is not NULL either */
	image->out.key = plan->format->key(plan->prepared, &in, key) ? buf_slice(key)
								     : (struct slice){NULL, 0};
	return 0;
}

/* Keep the topics of the result, which belong to the script until it gets the next image. */
static void keep_topics(struct writing *w, struct image *image, const struct image_result *result)
{
	struct slice *topics = &image->topic;
	image->out.ntopics = 1;
	if (w->event->topic.ptr) {
		image->out.topics = &w->event->topic;
		return;
	}
	if (!w->plan->mapping.topic_function) {
		image->out.topics = &w->plan->mapping.topic;
		return;
	}
	if (result->ntopics > 1)
		topics = ARENA_ARRAY(&w->lane->arena, result->ntopics, struct slice);
	memcpy(topics, result->topics, result->ntopics * sizeof(*topics));
	image->out.topics = topics;
	image->out.ntopics = result->ntopics;
}

/* Set the headers of one image: those of the event function, or else those of the rules. The rows of another copy also have one
 * that names the copy. */
static void set_headers(struct writing *w, struct image *image, const struct field_context *context)
{
	struct arena *arena = &w->lane->arena;
	struct slice copy = w->plan->change.copy;
	image->out.headers = w->event->headers;
	image->out.nheaders = w->event->nheaders;
	if (w->plan->mapping.nheaders > 0 && w->event->headers == NULL)
		headers_fill(&w->plan->mapping, context, arena, &image->out);
	if (copy.ptr)
		format_put_header(&image->out, (struct header){SLICE(HEADER_COPY), copy}, arena);
}

/* Make the values, key, topics and headers of one image. */
static int make_image(struct writing *w, struct image *image, enum change_image which,
		      struct buf *key, struct err *err)
{
	struct plan *plan = w->plan;
	struct lane *lane = w->lane;
	struct image_result result = {.topics = NULL};
	if (fill_columns(w, image, err) < 0)
		return -1;
	if (plan->mapping.functions.image != MAPPING_NO_FUNCTION &&
	    script_image(lane->script, &plan->mapping, &plan->change, which, &result, err) < 0)
		return -1;
	keep_topics(w, image, &result);
	const struct field_context context = {plan->change.time_ms, lane->now_ms,
					      image->out.topics[0], result.slots};
	if (plan->mapping.nfields > 0 && fields_fill(plan, image, &context, &lane->arena, err) < 0)
		return -1;
	set_headers(w, image, &context);
	if (!w->event->has_key)
		return make_key(w, image, &result, key, err);
	image->out.key = w->event->key;
	image->out.key_parts = NULL;
	return 0;
}

/* Make the image after a logical delete: that of the deleted row, with the flag set. */
static int make_deleted(struct writing *w, struct err *err)
{
	struct plan *plan = w->plan;
	const struct row row = plan->after.row;
	int rc;
	plan->after.row = plan->before.row;
	rc = make_image(w, &plan->after, IMAGE_BEFORE, &w->batch->key[IMAGE_AFTER], err);
	plan->after.row = row;
	plan->after.values[plan->mapping.ncolumns + plan->mapping.dml.flag] =
		(struct value){.kind = VALUE_BOOL, .i = true};
	return rc;
}

static int make_after(struct writing *w, bool deleted, struct err *err)
{
	if (deleted)
		return make_deleted(w, err);
	return make_image(w, &w->plan->after, IMAGE_AFTER, &w->batch->key[IMAGE_AFTER], err);
}

/* Write the change as `op`, as one message if `single` is set. */
static int put_change(struct writing *w, enum change_op op, bool single, struct err *err)
{
	struct plan *plan = w->plan;
	struct image *before = &plan->before, *after = &plan->after;
	bool deleted = op == CHANGE_DELETE && plan->mapping.dml.of[op] == DML_LOGICAL;
	if (deleted)
		op = CHANGE_UPDATE;
	bool has_before =
		op == CHANGE_DELETE ||
		(op == CHANGE_UPDATE && plan->format->needs_before(plan->prepared, single));
	bool has_after = op != CHANGE_DELETE;
	if (has_before &&
	    make_image(w, before, IMAGE_BEFORE, &w->batch->key[IMAGE_BEFORE], err) < 0)
		return -1;
	if (has_after && make_after(w, deleted, err) < 0)
		return -1;
	const struct format_change change = {
		.change = &plan->change,
		.op = op,
		.before = has_before ? &before->out : NULL,
		.after = has_after ? &after->out : NULL,
		.single = single,
		.mapped_key = !w->event->has_key,
		.now_ms = w->lane->now_ms,
		.arena = &w->lane->arena,
	};
	w->own = has_after ? after : before;
	plan->format->write(plan->prepared, &change, w->batch);
	return 0;
}

/* Return what the change is after the filter. */
static enum change_op effective_op(const struct writing *w)
{
	switch (w->event->verdict) {
	case VERDICT_INSERT:
		return CHANGE_INSERT;
	case VERDICT_DELETE:
		return CHANGE_DELETE;
	case VERDICT_DROP:
	case VERDICT_KEEP:
		break;
	}
	return w->plan->change.op;
}

static int put_own(struct writing *w, struct err *err)
{
	enum change_op op = effective_op(w);
	if (w->event->verdict == VERDICT_DROP || w->plan->mapping.dml.of[op] == DML_IGNORE)
		return 0;
	return put_change(w, op, false, err);
}

/* Find the change's own message, which supplies what an emit omits: the last one that has a value. For a dropped change it is
 * made here and not sent. */
static int find_own(struct writing *w, struct message *own, struct err *err)
{
	struct message_batch *batch = w->batch;
	bool dropped = batch->n == 0;
	unsigned i;
	if (dropped && put_change(w, effective_op(w), true, err) < 0)
		return -1;
	for (i = batch->n - 1; i > 0 && batch->messages[i].value.ptr == NULL; i--)
		;
	*own = batch->messages[i];
	if (!dropped)
		return 0;
	own->topic = w->own->out.topics[0];
	batch->n = 0;
	return 0;
}

static int put_emits(struct writing *w, struct err *err)
{
	struct message own;
	if (w->event->nemits == 0)
		return 0;
	if (find_own(w, &own, err) < 0)
		return -1;
	for (unsigned i = 0; i < w->event->nemits; i++) {
		const struct emitted *emit = &w->event->emits[i];
		struct message *message = message_batch_next(w->batch);
		*message = emit->message;
		if (message->topic.ptr == NULL)
			message->topic = own.topic;
		if (!emit->has_key)
			message->key = own.key;
		if (!emit->has_value)
			message->value = own.value;
		if (message->headers == NULL) {
			message->headers = w->own->out.headers;
			message->nheaders = w->own->out.nheaders;
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
	int rc;
	if (plan->mapping.functions.event == MAPPING_NO_FUNCTION)
		return put_all(w, err);
	clear_edits(plan, &plan->before);
	clear_edits(plan, &plan->after);
	if (script_event(w->lane->script, &plan->mapping, &plan->change, &result, err) < 0)
		return -1;
	w->event = &result;
	rc = put_all(w, err);
	w->event = &no_result;
	return rc;
}

/* Return whether the message has the key of the row: no function edits the row, and no mask covers the column. */
static bool is_key_as_read(const struct plan *plan, unsigned column)
{
	const struct mapping_shown *shown = &plan->mapping.shown;
	if (plan->mapping.functions.event == MAPPING_NO_FUNCTION)
		return true;
	if (shown->non_row > 0 || shown->non_change > 0)
		return false;
	return shown->masks == NULL || shown->masks[column][0] == '\0';
}

/* Fill in the key of an error from the columns of the row. Leave it out if the message would have another key, since the log
 * must not reveal it. */
static void name_key(struct writing *w, struct err *err)
{
	const struct plan *plan = w->plan;
	enum change_image which = plan->change.op == CHANGE_DELETE ? IMAGE_BEFORE : IMAGE_AFTER;
	const struct image *image = which == IMAGE_BEFORE ? &plan->before : &plan->after;
	struct buf *key = &w->batch->key[which];
	struct err ignored = ERR_INIT;
	struct value value;
	buf_clear(key);
	for (unsigned k = 0; plan->mapping.key.kind == KEY_PARTS && k < plan->mapping.key.nparts;
	     k++) {
		unsigned column = plan->mapping.key.parts[k].index;
		if (plan->mapping.key.parts[k].is_field || !is_key_as_read(plan, column) ||
		    read_column(w, image, column, &value, &ignored) < 0)
			return;
		if (k > 0)
			buf_char(key, ',');
		json_bare(key, &value);
	}
	err_key(err, buf_slice(key));
}

int map_error(const struct plan *plan, struct err *err)
{
	const struct change *change = &plan->change;
	if (err->code != ERR_DATA)
		return -1;
	err_table(err, plan->table->full_name);
	if (change->file == NULL)
		return err_operation(err, "full sync");
	err_operation(err, change_op_name(change->op));
	return err_position(err, change->file, change->pos);
}

int map_again(struct lane *lane, struct plan *plan, bool events, struct message_batch *batch,
	      struct err *err)
{
	struct writing w = {.lane = lane, .plan = plan, .batch = batch, .event = &no_result};
	message_batch_clear(batch);
	return events ? run(&w, err) : put_own(&w, err);
}

/* A start refuses all such tables (core.check). Here a table lost its key, or was created without one, while the sync runs. */
static int refuse_keyless(const struct plan *plan, struct err *err)
{
	struct slice name = plan->table->full_name;
	err_set(err, E_KEY_LOST,
		"the table has no primary key, and the script gives it no other. Nothing of it is "
		"written. Name its key with key = { [\"%.*s\"] = \"column\" }, set no_primary_key "
		"= { [\"%.*s\"] = \"empty\" } (or \"unique\", \"row\", \"table\"), or exclude it "
		"with \"!%.*s\" in source.tables, and start again: the sync resumes at this row",
		SLICE_FMT(name), SLICE_FMT(name), SLICE_FMT(name));
	return map_error(plan, err);
}

int map_check_table(struct lane *lane, struct plan *plan, struct err *err)
{
	if (plan->mapping.key.kind == KEY_REJECT)
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
	if (run(&w, err) == 0)
		return 0;
	name_key(&w, err);
	return map_error(plan, err);
}

void map_done(struct lane *lane, struct plan *plan)
{
	if (plan->mapping.functions.event != MAPPING_NO_FUNCTION ||
	    plan->mapping.functions.image != MAPPING_NO_FUNCTION)
		script_done(lane->script);
	arena_reset(&lane->arena);
}
