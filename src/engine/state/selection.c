#include "engine/state/selection.h"

#include "base/json_writer.h"
#include "base/mem.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

void selection_init(struct selection *selection)
{
	*selection = (struct selection){.tables = NULL};
	arena_init(&selection->arena, 0);
}

void selection_fini(struct selection *selection)
{
	free(selection->tables);
	free(selection->copies);
	arena_fini(&selection->arena);
}

void selection_clear(struct selection *selection)
{
	selection_fini(selection);
	selection_init(selection);
}

void selection_copy(struct selection *to, const struct selection *from)
{
	selection_clear(to);
	for (unsigned i = 0; i < from->n; i++) {
		const struct chosen_table *table = &from->tables[i];
		if (table->hold)
			selection_hold(to, table->db, table->name, table->hold);
		else
			selection_put(to, table->db, table->name, table->removed);
	}
	for (unsigned i = 0; i < from->ncopies; i++)
		selection_put_copy(to, &from->copies[i]);
}

bool selection_is_empty(const struct selection *selection)
{
	return selection->n == 0 && selection->ncopies == 0;
}

static struct chosen_table *find(const struct selection *selection, struct slice db,
				 struct slice name)
{
	for (unsigned i = 0; i < selection->n; i++)
		if (slice_equal(selection->tables[i].db, db) &&
		    slice_equal(selection->tables[i].name, name))
			return &selection->tables[i];
	return NULL;
}

const struct chosen_table *selection_find(const struct selection *selection, struct slice db,
					  struct slice name)
{
	return find(selection, db, name);
}

void selection_put(struct selection *selection, struct slice db, struct slice name, bool removed)
{
	struct chosen_table *table = find(selection, db, name);
	if (table) {
		table->removed = removed;
		table->hold = NULL;
		return;
	}
	if (selection->n == selection->cap) {
		selection->cap = selection->cap > 0 ? 2 * selection->cap : 8;
		selection->tables =
			mem_resize(selection->tables, selection->cap, sizeof(*selection->tables));
	}
	selection->tables[selection->n++] =
		(struct chosen_table){arena_copy(&selection->arena, db),
				      arena_copy(&selection->arena, name), removed, NULL};
}

void selection_hold(struct selection *selection, struct slice db, struct slice name,
		    const struct table_hold *hold)
{
	struct table_hold *copy = ARENA_NEW(&selection->arena, struct table_hold);
	*copy = *hold;
	copy->text = arena_copy(&selection->arena, hold->text);
	copy->position = arena_copy(&selection->arena, hold->position);
	selection_put(selection, db, name, true);
	find(selection, db, name)->hold = copy;
}

void selection_drop(struct selection *selection, struct slice db, struct slice name)
{
	struct chosen_table *table = find(selection, db, name);
	if (table)
		*table = selection->tables[--selection->n];
}

static struct chosen_copy *find_copy(const struct selection *selection, struct slice db,
				     struct slice name)
{
	for (unsigned i = 0; i < selection->ncopies; i++)
		if (slice_equal(selection->copies[i].db, db) &&
		    slice_equal(selection->copies[i].name, name))
			return &selection->copies[i];
	return NULL;
}

const struct chosen_copy *selection_find_copy(const struct selection *selection, struct slice db,
					      struct slice name)
{
	return find_copy(selection, db, name);
}

void selection_put_copy(struct selection *selection, const struct chosen_copy *copy)
{
	struct chosen_copy *to = find_copy(selection, copy->db, copy->name);
	if (to == NULL) {
		selection->copies = mem_resize(selection->copies, selection->ncopies + 1,
					       sizeof(*selection->copies));
		to = &selection->copies[selection->ncopies++];
	}
	*to = *copy;
	to->db = arena_copy(&selection->arena, copy->db);
	to->name = arena_copy(&selection->arena, copy->name);
	if (copy->where.ptr)
		to->where = arena_copy(&selection->arena, copy->where);
}

void selection_drop_copies(struct selection *selection)
{
	selection->ncopies = 0;
}

/* ---- names ---- */

/* Return how many characters at the start need no backquotes. */
static size_t bare_length(struct slice text)
{
	size_t n = 0;
	while (n < text.len && memchr(".`*?{}!/\"", text.ptr[n], sizeof(".`*?{}!/\"")) == NULL)
		n++;
	return n;
}

static const char *quote_of(struct slice name)
{
	return bare_length(name) == name.len ? "" : "`";
}

struct slice chosen_table_print(const struct chosen_table *table, struct arena *arena)
{
	const char *db = quote_of(table->db), *name = quote_of(table->name);
	return arena_printf(arena, "%s%.*s%s.%s%.*s%s", db, SLICE_FMT(table->db), db, name,
			    SLICE_FMT(table->name), name);
}

/* Take a name from the start of the text, in backquotes or bare. */
static bool take_name(struct slice *text, struct slice *name)
{
	bool quoted = text->len > 0 && text->ptr[0] == '`';
	const char *end = quoted ? memchr(text->ptr + 1, '`', text->len - 1) : NULL;
	size_t len;
	if (quoted && end == NULL)
		return false;
	len = end ? (size_t)(end - text->ptr) - 1 : bare_length(*text);
	*name = slice_of(text->ptr + quoted, len);
	len += quoted ? 2 : 0;
	*text = slice_of(text->ptr + len, text->len - len);
	return name->len > 0;
}

bool chosen_table_parse(struct slice text, struct chosen_table *table)
{
	*table = (struct chosen_table){.removed = false};
	if (!take_name(&text, &table->db) || text.len == 0 || text.ptr[0] != '.')
		return false;
	text = slice_of(text.ptr + 1, text.len - 1);
	return take_name(&text, &table->name) && text.len == 0;
}

/* ---- the record ---- */

static void write_names(const struct chosen_table *table, bool first, struct buf *out)
{
	buf_put(out, first ? SLICE("{\"db\":") : SLICE(",{\"db\":"));
	json_string(out, table->db);
	buf_put(out, SLICE(",\"table\":"));
	json_string(out, table->name);
}

static void write_list(const struct selection *selection, bool removed, struct buf *out)
{
	bool first = true;
	for (unsigned i = 0; i < selection->n; i++) {
		const struct chosen_table *table = &selection->tables[i];
		if (table->removed != removed || table->hold)
			continue;
		write_names(table, first, out);
		buf_char(out, '}');
		first = false;
	}
}

static void write_copy(const struct chosen_copy *copy, struct buf *out)
{
	buf_put(out, SLICE("{\"db\":"));
	json_string(out, copy->db);
	buf_put(out, SLICE(",\"table\":"));
	json_string(out, copy->name);
	buf_printf(out, ",\"id\":%" PRId64, copy->id);
	if (copy->where.ptr) {
		buf_put(out, SLICE(",\"where\":"));
		json_string(out, copy->where);
	}
	if (copy->cancelled)
		buf_put(out, SLICE(",\"cancel\":true"));
	if (copy->deletes)
		buf_put(out, SLICE(",\"deletes\":true"));
	buf_char(out, '}');
}

static void write_copies(const struct selection *selection, struct buf *out)
{
	if (selection->ncopies == 0)
		return;
	buf_put(out, SLICE(",\"again\":["));
	for (unsigned i = 0; i < selection->ncopies; i++) {
		if (i > 0)
			buf_char(out, ',');
		write_copy(&selection->copies[i], out);
	}
	buf_char(out, ']');
}

/* Return the next table that is paused, or in quarantine; NULL at the end. Start with *at = 0. */
static const struct chosen_table *next_held(const struct selection *selection, bool paused,
					    unsigned *at)
{
	while (*at < selection->n) {
		const struct chosen_table *table = &selection->tables[(*at)++];
		if (table->hold && (table->hold->code == 0) == paused)
			return table;
	}
	return NULL;
}

static void write_hold(const struct chosen_table *table, bool first, struct buf *out)
{
	const struct table_hold *hold = table->hold;
	write_names(table, first, out);
	if (hold->code > 0) {
		buf_printf(out, ",\"code\":%d,\"error\":", hold->code);
		json_string(out, hold->text);
	}
	buf_put(out, SLICE(",\"position\":"));
	json_string(out, hold->position);
	buf_printf(out, ",\"since\":\"%" PRId64 "\"%s}", hold->since_ms,
		   hold->is_added ? ",\"added\":true" : "");
}

/* Append a list of the record, unless it is empty. */
static void write_held(const struct selection *selection, bool paused, struct buf *out)
{
	const struct chosen_table *table;
	bool first = true;
	unsigned at = 0;
	while ((table = next_held(selection, paused, &at))) {
		if (first)
			buf_put(out, paused ? SLICE(",\"paused\":[") : SLICE(",\"quarantined\":["));
		write_hold(table, first, out);
		first = false;
	}
	if (!first)
		buf_char(out, ']');
}

static void write_lists(const struct selection *selection, struct buf *out)
{
	buf_put(out, SLICE("{\"added\":["));
	write_list(selection, false, out);
	buf_put(out, SLICE("],\"removed\":["));
	write_list(selection, true, out);
	buf_char(out, ']');
}

void selection_write_commands(const struct selection *selection, struct buf *out)
{
	write_lists(selection, out);
	write_copies(selection, out);
	buf_char(out, '}');
}

static void show_hold(const struct chosen_table *table, struct arena *arena, struct buf *out)
{
	const struct table_hold *hold = table->hold;
	buf_put(out, SLICE("{\"name\":"));
	json_string(out, chosen_table_print(table, arena));
	if (hold->code > 0) {
		buf_printf(out, ",\"code\":\"E-%d\",\"message\":", hold->code);
		json_string(out, hold->text);
	}
	buf_put(out, SLICE(",\"position\":"));
	json_string(out, hold->position);
	buf_printf(out, ",\"since_ms\":%" PRId64 "}", hold->since_ms);
}

static void show_held(const struct selection *selection, bool paused, struct buf *out)
{
	const struct chosen_table *table;
	struct arena arena;
	bool first = true;
	unsigned at = 0;
	arena_init(&arena, 0);
	buf_char(out, '[');
	while ((table = next_held(selection, paused, &at))) {
		if (!first)
			buf_char(out, ',');
		show_hold(table, &arena, out);
		first = false;
	}
	buf_char(out, ']');
	arena_fini(&arena);
}

void selection_show_held(const struct selection *selection, struct buf *out)
{
	buf_put(out, SLICE("\"quarantined\":"));
	show_held(selection, false, out);
	buf_put(out, SLICE(",\"paused_tables\":"));
	show_held(selection, true, out);
}

void selection_write(const struct selection *selection, struct buf *out)
{
	write_lists(selection, out);
	write_copies(selection, out);
	write_held(selection, false, out);
	write_held(selection, true, out);
	buf_char(out, '}');
}

static const char *text_of(const cJSON *item, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));
}

static bool read_list(struct selection *selection, const cJSON *list, bool removed)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		const char *db = text_of(item, "db"), *name = text_of(item, "table");
		if (db == NULL || name == NULL)
			return false;
		selection_put(selection, slice_str(db), slice_str(name), removed);
	}
	return cJSON_IsArray(list);
}

static struct slice slice_in(const cJSON *item, const char *name)
{
	return slice_str(text_of(item, name));
}

/* The list may be absent. */
static bool read_copies(struct selection *selection, const cJSON *list)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
		struct chosen_copy copy = {
			.db = slice_in(item, "db"),
			.name = slice_in(item, "table"),
			.where = slice_in(item, "where"),
			.cancelled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "cancel")),
			.deletes = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "deletes")),
		};
		if (copy.db.ptr == NULL || copy.name.ptr == NULL || !cJSON_IsNumber(id))
			return false;
		copy.id = (int64_t)id->valuedouble;
		selection_put_copy(selection, &copy);
	}
	return list == NULL || cJSON_IsArray(list);
}

/* The list may be absent. */
static bool read_held(struct selection *selection, const cJSON *list, bool paused)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		const char *db = text_of(item, "db"), *name = text_of(item, "table");
		const char *error = text_of(item, "error"), *since = text_of(item, "since");
		const char *position = text_of(item, "position");
		const cJSON *code = cJSON_GetObjectItemCaseSensitive(item, "code");
		bool why = error && cJSON_IsNumber(code) && code->valueint > 0;
		if (!db || !name || !position || !since || (!paused && !why))
			return false;
		selection_hold(selection, slice_str(db), slice_str(name),
			       &(struct table_hold){
				       .code = paused ? 0 : code->valueint,
				       .text = paused ? SLICE("") : slice_str(error),
				       .position = slice_str(position),
				       .since_ms = strtoll(since, NULL, 10),
				       .is_added = cJSON_IsTrue(
					       cJSON_GetObjectItemCaseSensitive(item, "added")),
			       });
	}
	return list == NULL || cJSON_IsArray(list);
}

int selection_load(struct selection *selection, struct checkpoint *checkpoint, struct err *err)
{
	struct slice record = checkpoint_get(checkpoint, RECORD_SELECTION);
	cJSON *json;
	bool ok;
	selection_clear(selection);
	if (record.ptr == NULL)
		return 0;
	json = cJSON_ParseWithLength(record.ptr, record.len);
	ok = read_list(selection, cJSON_GetObjectItemCaseSensitive(json, "added"), false) &&
	     read_list(selection, cJSON_GetObjectItemCaseSensitive(json, "removed"), true) &&
	     read_copies(selection, cJSON_GetObjectItemCaseSensitive(json, "again")) &&
	     read_held(selection, cJSON_GetObjectItemCaseSensitive(json, "quarantined"), false) &&
	     read_held(selection, cJSON_GetObjectItemCaseSensitive(json, "paused"), true);
	cJSON_Delete(json);
	if (ok)
		return 0;
	return err_set(err, E_CHECKPOINT_RECORD,
		       "checkpoint record \"selection\" of sync '%s' cannot be read",
		       checkpoint->sync);
}

void selection_post(const struct selection *selection, struct checkpoint *checkpoint)
{
	struct record_batch records = {NULL, NULL};
	struct buf json;
	buf_init(&json);
	selection_write(selection, &json);
	record_batch_add(&records, RECORD_SELECTION,
			 selection_is_empty(selection) ? (struct slice){NULL, 0}
						       : buf_slice(&json));
	checkpoint_post(checkpoint, &records, NULL);
	buf_fini(&json);
}
