#include "schema/catalog_draft.h"

#include "base/num.h"
#include "schema/ddl_lexer.h"

#include <stdlib.h>

void draft_init(struct draft *draft, struct arena *arena, struct slice db, struct slice name)
{
	*draft = (struct draft){.arena = arena, .db = db, .name = name, .engine = SLICE("")};
}

/* Returns an array with room for one more element of `size` bytes. The old array stays in the
 * arena. */
static void *grow(struct arena *arena, void *items, unsigned n, unsigned *cap, size_t size)
{
	if (n < *cap)
		return items;
	*cap = *cap ? *cap * 2 : 8;
	void *bigger = arena_array(arena, *cap, size);
	if (n > 0)
		memcpy(bigger, items, n * size);
	return bigger;
}

struct draft_column *draft_add_column(struct draft *draft)
{
	draft->columns = grow(draft->arena, draft->columns, draft->ncolumns, &draft->column_cap,
			      sizeof(*draft->columns));
	struct draft_column *column = &draft->columns[draft->ncolumns++];
	*column = (struct draft_column){.column.charset = CHARSET_BINARY};
	return column;
}

struct draft_key *draft_add_key(struct draft *draft)
{
	draft->keys = grow(draft->arena, draft->keys, draft->nkeys, &draft->key_cap,
			   sizeof(*draft->keys));
	struct draft_key *key = &draft->keys[draft->nkeys++];
	*key = (struct draft_key){.kind = DDL_KEY_INDEX, .name = SLICE("")};
	return key;
}

void draft_place_last(struct draft *draft, unsigned at)
{
	struct draft_column last = draft->columns[draft->ncolumns - 1];
	memmove(&draft->columns[at + 1], &draft->columns[at],
		(draft->ncolumns - 1 - at) * sizeof(last));
	draft->columns[at] = last;
}

void draft_remove_column(struct draft *draft, unsigned at)
{
	draft->ncolumns--;
	memmove(&draft->columns[at], &draft->columns[at + 1],
		(draft->ncolumns - at) * sizeof(*draft->columns));
}

void draft_remove_key(struct draft *draft, unsigned at)
{
	draft->nkeys--;
	memmove(&draft->keys[at], &draft->keys[at + 1], (draft->nkeys - at) * sizeof(*draft->keys));
}

int draft_column(const struct draft *draft, struct slice name)
{
	for (unsigned i = 0; i < draft->ncolumns; i++)
		if (ident_equal(draft->idents, draft->columns[i].column.name, name))
			return (int)i;
	return -1;
}

int draft_key(const struct draft *draft, struct slice name)
{
	for (unsigned i = 0; i < draft->nkeys; i++)
		if (ident_equal(draft->idents, draft->keys[i].name, name))
			return (int)i;
	return -1;
}

int draft_primary(const struct draft *draft)
{
	for (unsigned i = 0; i < draft->nkeys; i++)
		if (draft->keys[i].kind == DDL_KEY_PRIMARY)
			return (int)i;
	return -1;
}

bool draft_key_is_constraint(const struct draft_key *key)
{
	return (key->kind == DDL_KEY_PRIMARY || key->kind == DDL_KEY_UNIQUE) && !key->hash;
}

static bool is_primary(const struct table_index *index)
{
	return slice_equal_nocase(index->name, SLICE("PRIMARY"));
}

static void key_from_index(struct draft *draft, const struct table *table,
			   const struct table_index *index)
{
	struct draft_key *key = draft_add_key(draft);
	key->kind = is_primary(index) ? DDL_KEY_PRIMARY
		    : index->unique   ? DDL_KEY_UNIQUE
				      : DDL_KEY_INDEX;
	key->name = key->old = index->name;
	key->generated = index->generated;
	key->hash = index->hash;
	key->parts = ARENA_ARRAY(draft->arena, index->ncolumns + 1, struct ddl_key_part);
	for (unsigned i = 0; i < index->ncolumns; i++) {
		key->parts[i].column = table->columns[index->columns[i]].name;
		key->parts[i].prefix = index->prefixes ? index->prefixes[i] : 0;
		key->nparts++;
	}
	/* has_prefix without prefixes: one of the parts is an expression */
	bool prefix = false;
	for (unsigned i = 0; i < key->nparts; i++)
		prefix |= key->parts[i].prefix != 0;
	if (index->has_prefix && !prefix)
		key->parts[key->nparts++] = (struct ddl_key_part){{NULL, 0}, 0};
}

void draft_from_table(struct draft *draft, struct arena *arena, const struct table *table)
{
	draft_init(draft, arena, table->db, table->name);
	draft->engine = table->engine;
	draft->charset = table->charset;
	draft->idents = table->idents;
	draft->versioned = table->versioned;
	draft->before = table;
	for (unsigned i = 0; i < table->ncolumns; i++) {
		struct draft_column *column = draft_add_column(draft);
		column->column = table->columns[i];
		column->old = table->columns[i].name;
	}
	for (unsigned i = 0; i < table->nindexes; i++)
		key_from_index(draft, table, &table->indexes[i]);
}

static int by_name(const void *a, const void *b)
{
	return slice_compare(((const struct table_index *)a)->name,
			     ((const struct table_index *)b)->name);
}

/* Sorts the primary key first, the others by name in lower case. The order is the same for loaded
 * and for tracked tables, and does not depend on the case of names in statements. */
static void sort_indexes(struct table_index *indexes, unsigned n, struct arena *arena)
{
	struct table_index *keys = ARENA_ARRAY(arena, n, struct table_index);
	struct table_index *sorted = ARENA_ARRAY(arena, n, struct table_index);
	for (unsigned i = 0; i < n; i++) {
		keys[i].name =
			is_primary(&indexes[i]) ? SLICE("") : ident_lower(indexes[i].name, arena);
		keys[i].ncolumns = i;
	}
	qsort(keys, n, sizeof(*keys), by_name);
	for (unsigned i = 0; i < n; i++)
		sorted[i] = indexes[keys[i].ncolumns];
	if (n > 0)
		memcpy(indexes, sorted, n * sizeof(*sorted));
}

static void finish_index(const struct draft *draft, const struct draft_key *key,
			 struct table_index *index, struct arena *arena)
{
	unsigned *columns = ARENA_ARRAY(arena, key->nparts, unsigned);
	uint32_t *prefixes = ARENA_ARRAY(arena, key->nparts, uint32_t);
	bool any = false, expression = false;
	index->name = arena_copy(arena, key->name);
	index->unique = key->kind == DDL_KEY_PRIMARY || key->kind == DDL_KEY_UNIQUE;
	index->generated = key->generated;
	index->hash = key->hash;
	for (unsigned i = 0; i < key->nparts; i++) {
		const struct ddl_key_part *part = &key->parts[i];
		int at = part->column.ptr ? draft_column(draft, part->column) : -1;
		expression |= part->column.ptr == NULL;
		if (at < 0)
			continue;
		any |= part->prefix != 0;
		prefixes[index->ncolumns] = part->prefix;
		columns[index->ncolumns++] = (unsigned)at;
	}
	index->columns = columns;
	index->prefixes = any ? prefixes : NULL;
	index->has_prefix = any || expression;
}

static const struct column *finish_columns(const struct draft *draft, struct arena *arena)
{
	struct column *columns = ARENA_ARRAY(arena, draft->ncolumns, struct column);
	for (unsigned i = 0; i < draft->ncolumns; i++) {
		const struct column *from = &draft->columns[i].column;
		struct slice *labels = ARENA_ARRAY(arena, from->nlabels, struct slice);
		columns[i] = *from;
		columns[i].name = arena_copy(arena, from->name);
		columns[i].sql_type = arena_copy(arena, from->sql_type);
		for (unsigned j = 0; j < from->nlabels; j++)
			labels[j] = arena_copy(arena, from->labels[j]);
		columns[i].labels = from->nlabels ? labels : NULL;
	}
	return columns;
}

struct table *draft_finish(const struct draft *draft, struct arena *arena)
{
	struct table *table = ARENA_NEW(arena, struct table);
	struct table_index *indexes = ARENA_ARRAY(arena, draft->nkeys, struct table_index);
	table->db = arena_copy(arena, draft->db);
	table->name = arena_copy(arena, draft->name);
	table->full_name =
		arena_printf(arena, "%.*s.%.*s", SLICE_FMT(draft->db), SLICE_FMT(draft->name));
	table->engine = arena_copy(arena, draft->engine);
	table->charset = draft->charset;
	table->idents = draft->idents;
	table->versioned = draft->versioned;
	table->ncolumns = draft->ncolumns;
	table->columns = finish_columns(draft, arena);
	table->nindexes = draft->nkeys;
	table->indexes = indexes;
	for (unsigned i = 0; i < draft->nkeys; i++) {
		finish_index(draft, &draft->keys[i], &indexes[i], arena);
		table->nhidden += indexes[i].hash;
	}
	sort_indexes(indexes, table->nindexes, arena);
	if (table->nindexes > 0 && is_primary(&indexes[0])) {
		table->npk = indexes[0].ncolumns;
		table->pk = indexes[0].columns;
	}
	return table;
}

/* Reads a label x'e4' of bytes. at: the index after the first quote. */
static size_t read_hex_label(struct slice text, size_t at, char *out, struct slice *label)
{
	size_t n = num_unhex(slice_of(text.ptr + at, text.len - at), out);
	*label = slice_of(out, n);
	return at + 2 * n + 1;
}

/* Reads the label at index `at` and writes its text to `out`. Returns the index after the closing
 * quote, or 0 if no label begins there. */
static size_t read_label(struct slice text, size_t at, char *out, struct slice *label)
{
	size_t n = 0, i = at;
	if (i + 1 < text.len && text.ptr[i] == 'x' && text.ptr[i + 1] == '\'')
		return read_hex_label(text, at + 2, out, label);
	if (i >= text.len || text.ptr[i] != '\'')
		return 0;
	for (i++; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\\' && i + 1 < text.len)
			c = lexer_unescape(text.ptr[++i]);
		else if (c == '\'' && i + 1 < text.len && text.ptr[i + 1] == '\'')
			i++;
		else if (c == '\'')
			break;
		out[n++] = c;
	}
	*label = slice_of(out, n);
	return i + 1;
}

static void read_labels(struct column *column, size_t at, struct arena *arena)
{
	struct slice text = column->sql_type;
	size_t most = 1;
	for (size_t i = at; i < text.len; i++)
		most += text.ptr[i] == ',';
	struct slice *labels = ARENA_ARRAY(arena, most, struct slice);
	char *out = arena_alloc(arena, text.len); /* all labels together are shorter */
	while (column->nlabels < most) {
		struct slice *label = &labels[column->nlabels];
		at = read_label(text, at, out, label);
		if (at == 0)
			break;
		out += label->len;
		column->nlabels++;
		if (at >= text.len || text.ptr[at] != ',')
			break;
		at++;
	}
	column->labels = labels;
}

static bool has_word(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (slice_equal_nocase(slice_of(text.ptr + i, word.len), word))
			return true;
	return false;
}

static uint32_t read_number(struct slice text, size_t *at)
{
	uint64_t v = 0;
	while (*at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9' &&
	       v < UINT32_MAX / 10)
		v = v * 10 + (uint64_t)(text.ptr[(*at)++] - '0');
	return (uint32_t)v;
}

static void read_numbers(struct column *column, size_t at)
{
	struct slice text = column->sql_type;
	uint32_t first = read_number(text, &at), second = 0;
	if (at < text.len && text.ptr[at] == ',') {
		at++;
		second = read_number(text, &at);
	}
	switch (column_type_numbers(column->type)) {
	case NUMBERS_FRACTION:
		column->scale = (uint8_t)first;
		break;
	case NUMBERS_PRECISION:
		column->length = first;
		column->scale = (uint8_t)second;
		break;
	case NUMBERS_CHARACTERS:
	case NUMBERS_BYTES:
	case NUMBERS_BITS:
	case NUMBERS_DIMENSIONS:
		column->length = first;
		break;
	case NUMBERS_NONE:
	case NUMBERS_WIDTH:
		break;
	}
}

void draft_read_type(struct column *column, struct arena *arena)
{
	struct slice text = column->sql_type;
	const char *open = text.len ? memchr(text.ptr, '(', text.len) : NULL;
	size_t at = open ? (size_t)(open - text.ptr) + 1 : text.len;
	if (column_type_has_labels(column->type)) {
		read_labels(column, at, arena);
		return;
	}
	column->is_unsigned = has_word(text, SLICE(" unsigned"));
	column->zerofill = has_word(text, SLICE(" zerofill"));
	read_numbers(column, at);
}
