/* catalog_json: tables and databases as JSON for checkpoint records, and back.
 * A table: {"db","table","engine","charset","versioned" (when true),"version","columns":[column],"keys":[key]}
 * A column: {"n":name,"t":type,"s":COLUMN_TYPE,"c":charset (binary is left out),"f":flags,"l":length,
 *            "d":scale,"e":[labels]}; flags: n nullable, u unsigned, z zerofill, v virtual, s stored,
 *            i invisible
 * A key: {"n":name,"f":flags,"p":[[column,prefix]]}; flags: u unique, h hash, g made for a foreign key;
 *         a part that is null is an expression */
#include "base/json_writer.h"
#include "schema/catalog_priv.h"

#include <cJSON.h>
#include <stdlib.h>

static void put_member(struct buf *buf, const char *name, struct slice value)
{
	buf_printf(buf, "\"%s\":", name);
	json_string_numbered(buf, value);
}

static bool has_nul(const struct column *column)
{
	for (unsigned i = 0; i < column->nlabels; i++)
		if (column->labels[i].len > 0 &&
		    memchr(column->labels[i].ptr, '\0', column->labels[i].len) != NULL)
			return true;
	return false;
}

/* Leaves out labels with a NUL, which the JSON reader cannot hold, and labels that are not text. They come from
 * COLUMN_TYPE. */
static void put_labels(struct buf *buf, const struct column *column)
{
	if (column->nlabels == 0 || column->charset == CHARSET_BINARY || has_nul(column))
		return;
	buf_put(buf, SLICE(",\"e\":["));
	for (unsigned i = 0; i < column->nlabels; i++) {
		if (i > 0)
			buf_char(buf, ',');
		json_string_numbered(buf, column->labels[i]);
	}
	buf_char(buf, ']');
}

static void put_flag(struct buf *buf, bool flag, char c)
{
	if (flag)
		buf_char(buf, c);
}

static void put_column(struct buf *buf, const struct column *column)
{
	buf_char(buf, '{');
	put_member(buf, "n", column->name);
	buf_char(buf, ',');
	put_member(buf, "t", slice_str(column_type_name(column->type)));
	buf_char(buf, ',');
	put_member(buf, "s", column->sql_type);
	if (column->charset != CHARSET_BINARY) {
		buf_char(buf, ',');
		put_member(buf, "c", slice_str(charset_name(column->charset)));
	}
	buf_put(buf, SLICE(",\"f\":\""));
	put_flag(buf, column->nullable, 'n');
	put_flag(buf, column->is_unsigned, 'u');
	put_flag(buf, column->zerofill, 'z');
	put_flag(buf, column->is_virtual, 'v');
	put_flag(buf, column->is_stored, 's');
	put_flag(buf, column->invisible, 'i');
	buf_char(buf, '"');
	if (column->length > 0)
		buf_printf(buf, ",\"l\":%u", column->length);
	if (column->scale > 0)
		buf_printf(buf, ",\"d\":%u", column->scale);
	put_labels(buf, column);
	buf_char(buf, '}');
}

static void put_key(struct buf *buf, const struct table *table, const struct table_index *index)
{
	bool prefix = false;
	buf_char(buf, '{');
	put_member(buf, "n", index->name);
	buf_put(buf, SLICE(",\"f\":\""));
	put_flag(buf, index->unique, 'u');
	put_flag(buf, index->hash, 'h');
	put_flag(buf, index->generated, 'g');
	buf_put(buf, SLICE("\",\"p\":["));
	for (unsigned i = 0; i < index->ncolumns; i++) {
		uint32_t length = index->prefixes ? index->prefixes[i] : 0;
		prefix |= length > 0;
		buf_put(buf, i > 0 ? SLICE(",[") : SLICE("["));
		json_string_numbered(buf, table->columns[index->columns[i]].name);
		buf_printf(buf, ",%u]", length);
	}
	if (index->has_prefix && !prefix)
		buf_put(buf, index->ncolumns > 0 ? SLICE(",null") : SLICE("null"));
	buf_put(buf, SLICE("]}"));
}

void catalog_table_to_json(const struct table *table, struct buf *buf)
{
	buf_char(buf, '{');
	put_member(buf, "db", table->db);
	buf_char(buf, ',');
	put_member(buf, "table", table->name);
	buf_char(buf, ',');
	put_member(buf, "engine", table->engine);
	buf_char(buf, ',');
	put_member(buf, "charset", slice_str(charset_name(table->charset)));
	if (table->versioned)
		buf_put(buf, SLICE(",\"versioned\":true"));
	buf_printf(buf, ",\"version\":%llu,\"columns\":[", (unsigned long long)table->version);
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (i > 0)
			buf_char(buf, ',');
		put_column(buf, &table->columns[i]);
	}
	buf_put(buf, SLICE("],\"keys\":["));
	for (unsigned i = 0; i < table->nindexes; i++) {
		if (i > 0)
			buf_char(buf, ',');
		put_key(buf, table, &table->indexes[i]);
	}
	buf_put(buf, SLICE("]}"));
}

/* Returns a member that is a string; ptr NULL: none. */
static struct slice get_string(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsString(item) ? slice_str(item->valuestring) : (struct slice){NULL, 0};
}

static bool get_number(const cJSON *object, const char *name, double max, double *value)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	*value = 0;
	if (item == NULL)
		return true;
	*value = item->valuedouble;
	return cJSON_IsNumber(item) && *value >= 0 && *value <= max;
}

static bool has_flag(const cJSON *object, char c)
{
	struct slice flags = get_string(object, "f");
	return flags.len > 0 && memchr(flags.ptr, c, flags.len) != NULL;
}

/* Returns whether version 0.1.0 may have saved another label in this way. */
static bool may_hide(struct slice label)
{
	return label.len == 0 || memchr(label.ptr, '?', label.len) != NULL;
}

static bool read_labels(const cJSON *item, struct column *column, struct draft *draft)
{
	const cJSON *labels = cJSON_GetObjectItemCaseSensitive(item, "e"), *label;
	if (!column_type_has_labels(column->type))
		return true;
	if (labels == NULL) {
		draft_read_type(column, draft->arena);
		draft->lacks_labels = true;
		return true;
	}
	struct slice *out =
		ARENA_ARRAY(draft->arena, (size_t)cJSON_GetArraySize(labels), struct slice);
	cJSON_ArrayForEach(label, labels)
	{
		if (!cJSON_IsString(label))
			return false;
		draft->lacks_labels |= may_hide(slice_str(label->valuestring));
		out[column->nlabels++] = slice_str(label->valuestring);
	}
	column->labels = out;
	return true;
}

static bool read_column(const cJSON *item, struct draft *draft)
{
	struct column *column = &draft_add_column(draft)->column;
	struct slice charset = get_string(item, "c");
	double length, scale;
	column->name = get_string(item, "n");
	column->sql_type = get_string(item, "s");
	if (column->name.ptr == NULL || column->sql_type.ptr == NULL ||
	    !column_type_parse(get_string(item, "t"), &column->type) ||
	    (charset.ptr != NULL && !charset_parse(charset, &column->charset)) ||
	    !get_number(item, "l", UINT32_MAX, &length) ||
	    !get_number(item, "d", UINT8_MAX, &scale))
		return false;
	column->length = (uint32_t)length;
	column->scale = (uint8_t)scale;
	column->nullable = has_flag(item, 'n');
	column->is_unsigned = has_flag(item, 'u');
	column->zerofill = has_flag(item, 'z');
	column->is_virtual = has_flag(item, 'v');
	column->is_stored = has_flag(item, 's');
	column->invisible = has_flag(item, 'i');
	return read_labels(item, column, draft);
}

static bool read_part(const cJSON *item, struct ddl_key_part *part)
{
	const cJSON *name = cJSON_GetArrayItem(item, 0), *prefix = cJSON_GetArrayItem(item, 1);
	if (cJSON_IsNull(item))
		return true;
	if (!cJSON_IsString(name) || !cJSON_IsNumber(prefix) || prefix->valuedouble < 0 ||
	    prefix->valuedouble > UINT32_MAX)
		return false;
	*part = (struct ddl_key_part){slice_str(name->valuestring), (uint32_t)prefix->valuedouble};
	return true;
}

static bool read_key(const cJSON *item, struct draft *draft)
{
	const cJSON *parts = cJSON_GetObjectItemCaseSensitive(item, "p"), *part;
	struct draft_key *key = draft_add_key(draft);
	key->name = get_string(item, "n");
	if (key->name.ptr == NULL || !cJSON_IsArray(parts))
		return false;
	key->kind = slice_equal_nocase(key->name, SLICE("PRIMARY")) ? DDL_KEY_PRIMARY
		    : has_flag(item, 'u')                           ? DDL_KEY_UNIQUE
								    : DDL_KEY_INDEX;
	key->hash = has_flag(item, 'h');
	key->generated = has_flag(item, 'g');
	key->parts =
		ARENA_ARRAY(draft->arena, (size_t)cJSON_GetArraySize(parts), struct ddl_key_part);
	cJSON_ArrayForEach(part, parts)
	{
		struct ddl_key_part *to = &key->parts[key->nparts++];
		if (!read_part(part, to) ||
		    (to->column.ptr != NULL && draft_column(draft, to->column) < 0))
			return false;
	}
	return true;
}

static bool read_table(const cJSON *root, struct draft *draft, uint64_t *version)
{
	const cJSON *item;
	double number;
	draft->db = get_string(root, "db");
	draft->name = get_string(root, "table");
	draft->engine = get_string(root, "engine");
	if (draft->db.ptr == NULL || draft->name.ptr == NULL || draft->engine.ptr == NULL ||
	    !charset_parse(get_string(root, "charset"), &draft->charset) ||
	    !get_number(root, "version", 9007199254740992.0, &number))
		return false;
	*version = (uint64_t)number;
	draft->versioned = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "versioned"));
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "columns"))
	{
		if (!read_column(item, draft))
			return false;
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "keys"))
	{
		if (!read_key(item, draft))
			return false;
	}
	return true;
}

static int unreadable(struct slice json, struct err *err)
{
	return err_set(err, E_CHECKPOINT_RECORD,
		       "this definition in the checkpoint cannot be read: %.*s",
		       (int)(json.len < 300 ? json.len : 300), json.ptr);
}

/* Publishes a saved table. If the database's record, which may be older, lists a view or sequence of that name, the
 * table has replaced it. */
static void publish_saved(struct catalog *catalog, struct draft *draft, uint64_t version)
{
	struct catalog_database *database = catalog_database(catalog, draft->db);
	if (database != NULL)
		catalog_other_remove(catalog, database, draft->name);
	catalog->lacks_labels |= draft->lacks_labels;
	catalog_publish_version(catalog, draft, version);
}

int catalog_table_from_json(struct catalog *catalog, struct slice json, struct err *err)
{
	struct arena arena;
	struct draft draft;
	uint64_t version;
	int rc = 0;
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	arena_init(&arena, 0);
	draft_init(&draft, &arena, SLICE(""), SLICE(""));
	if (root == NULL || !read_table(root, &draft, &version))
		rc = unreadable(json, err);
	else
		publish_saved(catalog, &draft, version);
	arena_fini(&arena);
	cJSON_Delete(root);
	return rc;
}

void catalog_database_to_json(const struct catalog *catalog, struct slice db, struct buf *buf)
{
	const struct catalog_database *database = catalog_database(catalog, db);
	buf_char(buf, '{');
	put_member(buf, "db", database ? database->name : db);
	buf_char(buf, ',');
	put_member(buf, "charset",
		   slice_str(charset_name(database ? database->charset : CHARSET_UTF8MB4)));
	buf_printf(buf, ",\"partial\":%s,\"implicit_timestamp\":%s,\"others\":[",
		   database && !database->partial ? "false" : "true",
		   catalog->variables.implicit_timestamp ? "true" : "false");
	for (size_t i = 0; database && i < database->nothers; i++) {
		if (i > 0)
			buf_char(buf, ',');
		json_string_numbered(buf, database->others[i]);
	}
	buf_put(buf, SLICE("]}"));
}

static void read_others(const cJSON *root, struct catalog *catalog,
			struct catalog_database *database)
{
	const cJSON *name;
	catalog_other_clear(database);
	cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(root, "others"))
	{
		if (cJSON_IsString(name))
			catalog_other_add(catalog, database, slice_str(name->valuestring));
	}
}

int catalog_database_from_json(struct catalog *catalog, struct slice json, struct err *err)
{
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	struct slice db = get_string(root, "db");
	enum charset charset;
	int rc = 0;
	if (db.ptr == NULL || !charset_parse(get_string(root, "charset"), &charset)) {
		rc = unreadable(json, err);
	} else {
		struct catalog_database *database = catalog_add_database(catalog, db);
		database->charset = charset;
		database->partial = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "partial"));
		catalog->variables.implicit_timestamp =
			cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "implicit_timestamp"));
		read_others(root, catalog, database);
	}
	cJSON_Delete(root);
	return rc;
}
