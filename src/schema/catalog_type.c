#include "schema/catalog_type.h"

#include "base/buf.h"
#include "model/charset_text.h"
#include "model/labels.h"

enum {
	MYSQL_WITHOUT_WIDTHS = 80019, /* MySQL shows no display widths from this version on */
	VECTOR_DEFAULT = 2048,        /* dimensions */
};

bool type_has_prefix(enum column_type type)
{
	return column_type_is_text(type) || column_type_is_binary(type) || type == COLUMN_GEOMETRY;
}

_Static_assert(COLUMN_LONGTEXT - COLUMN_CHAR == COLUMN_LONGBLOB - COLUMN_BINARY &&
		       COLUMN_LONGTEXT - COLUMN_TINYTEXT == 3 &&
		       COLUMN_LONGBLOB - COLUMN_TINYBLOB == 3,
	       "text and binary types are in the same order");

/* Returns the binary type for a text type. */
static enum column_type to_binary(enum column_type type)
{
	return (enum column_type)(type - COLUMN_CHAR + COLUMN_BINARY);
}

/* Returns the smallest TEXT or BLOB type that has room for the bytes. */
static enum column_type blob_for(enum column_type family, uint64_t bytes)
{
	unsigned step = bytes < 256 ? 0 : bytes < 65536 ? 1 : bytes < 16777216 ? 2 : 3;
	bool text = column_type_is_text(family);
	return (enum column_type)((text ? COLUMN_TINYTEXT : COLUMN_TINYBLOB) + step);
}

static uint64_t text_bytes(const struct column *column, uint64_t length)
{
	return column_type_is_text(column->type) ? length * charset_max_bytes(column->charset)
						 : length;
}

/* Returns the maximum bytes of a VARCHAR or VARBINARY. */
static uint64_t longest_varchar(const struct type_context *context)
{
	return context->mariadb ? 65532 : 65535;
}

/* Sets the type. TEXT(n) and BLOB(n) become the type of the right size. A VARCHAR or
 * VARBINARY that is too long becomes a TEXT or BLOB. */
static void resolve_type(const struct type_context *context, const struct ddl_type *from,
			 struct column *to)
{
	uint64_t bytes = from->length >= 0 ? text_bytes(to, (uint64_t)from->length) : 0;
	bool varying = to->type == COLUMN_VARCHAR || to->type == COLUMN_VARBINARY;
	bool plain_blob = to->type == COLUMN_TEXT || to->type == COLUMN_BLOB;
	if (plain_blob && from->length >= (context->mariadb ? 1 : 0))
		to->type = blob_for(to->type, bytes);
	else if (varying && bytes > longest_varchar(context))
		to->type = blob_for(to->type, bytes);
}

static void resolve_numbers(const struct ddl_type *from, struct column *to)
{
	int64_t length = from->length;
	bool varying = to->type == COLUMN_VARCHAR || to->type == COLUMN_VARBINARY;
	switch (column_type_numbers(to->type)) {
	case NUMBERS_CHARACTERS:
	case NUMBERS_BYTES:
		to->length = length >= 0 ? (uint32_t)length : varying ? 0 : 1;
		break;
	case NUMBERS_BITS:
		to->length = length <= 0 ? 1 : (uint32_t)length;
		break;
	case NUMBERS_DIMENSIONS:
		to->length = length < 0 ? VECTOR_DEFAULT : (uint32_t)length;
		break;
	case NUMBERS_PRECISION:
		to->length = length <= 0 ? 10 : (uint32_t)length;
		to->scale = from->scale < 0 ? 0 : (uint8_t)from->scale;
		break;
	case NUMBERS_FRACTION:
		to->scale = length < 0 ? 0 : (uint8_t)length;
		break;
	case NUMBERS_NONE:
	case NUMBERS_WIDTH:
		break;
	}
}

static void resolve_charset(const struct type_context *context, const struct ddl_type *from,
			    struct column *to)
{
	to->charset = CHARSET_BINARY;
	if (to->type == COLUMN_JSON && context->mariadb) {
		to->type = COLUMN_LONGTEXT;
		to->charset = from->has_charset ? from->charset : CHARSET_UTF8MB4;
	} else if (column_type_is_text(to->type) || column_type_has_labels(to->type)) {
		to->charset = from->has_charset ? from->charset : context->charset;
	}
}

/* Returns label i. A label written as text passes through the character set of the connection. A
 * label written in digits consists of bytes of the column's character set. */
static struct slice resolve_label(const struct ddl_type *from, unsigned i, enum charset charset,
				  struct arena *arena)
{
	struct slice bytes = from->labels[i], label;
	if (!from->label_bytes[i]) {
		charset_from_utf8(from->connection_charset, from->labels[i], arena, &bytes);
		if (charset != CHARSET_BINARY) {
			charset_to_utf8(from->connection_charset, bytes, arena, &label);
			charset_from_utf8(charset, label, arena, &bytes);
		}
	}
	return labels_decode(charset, bytes, arena);
}

/* Sets the labels. Removes spaces at their end, except in the set `binary`, like the servers. */
static void resolve_labels(const struct ddl_type *from, struct column *to, struct arena *arena)
{
	struct slice *labels = ARENA_ARRAY(arena, from->nlabels, struct slice);
	for (unsigned i = 0; i < from->nlabels; i++) {
		labels[i] = resolve_label(from, i, to->charset, arena);
		while (to->charset != CHARSET_BINARY && labels[i].len > 0 &&
		       labels[i].ptr[labels[i].len - 1] == ' ')
			labels[i].len--;
	}
	to->labels = labels;
	to->nlabels = from->nlabels;
}

static bool resolve_nullable(const struct type_context *context, const struct ddl_column *from)
{
	if (from->nullable != DDL_NULL_UNSAID || from->primary)
		return from->nullable == DDL_NULL && !from->primary;
	if (from->row_start || from->row_end)
		return false;
	return !(from->type.id == COLUMN_TIMESTAMP && context->implicit_timestamp &&
		 from->generated == DDL_NOT_GENERATED);
}

static bool shows_width(const struct type_context *context, const struct ddl_type *from,
			const struct column *column)
{
	if (context->mariadb || (context->version != 0 && context->version < MYSQL_WITHOUT_WIDTHS))
		return true;
	return column->zerofill ||
	       (column->type == COLUMN_TINYINT && from->length == 1 && !column->is_unsigned);
}

/* Returns the display width of an integer that is defined without a width. */
static unsigned default_width(const struct column *column)
{
	static const unsigned signed_widths[] = {4, 6, 9, 11, 20},
			      unsigned_widths[] = {3, 5, 8, 10, 20};
	unsigned i = (unsigned)column->type - COLUMN_TINYINT;
	_Static_assert(COLUMN_BIGINT - COLUMN_TINYINT == 4, "the order of the widths");
	return column->is_unsigned ? unsigned_widths[i] : signed_widths[i];
}

static void put_lower(struct buf *buf, struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_char(buf,
			 s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] + 32) : s.ptr[i]);
}

static void put_spatial(const struct type_context *context, struct slice word, struct buf *buf)
{
	bool collection = slice_equal_nocase(word, SLICE("geometrycollection")) ||
			  slice_equal_nocase(word, SLICE("geomcollection"));
	bool old = context->mariadb || (context->version != 0 && context->version < 80000);
	if (collection)
		buf_put(buf, old ? SLICE("geometrycollection") : SLICE("geomcollection"));
	else
		put_lower(buf, word);
}

/* Writes a display width, which some servers show. */
static void put_width(const struct type_context *context, const struct ddl_type *from,
		      const struct column *column, struct buf *buf)
{
	enum type_class class = column_type_class(column->type);
	if (class == CLASS_FLOAT) {
		if (from->scale >= 0 && from->length > 0)
			buf_printf(buf, "(%u,%u)", (unsigned)from->length, (unsigned)from->scale);
	} else if (class == CLASS_YEAR) {
		if (context->mariadb ||
		    (context->version != 0 && context->version < MYSQL_WITHOUT_WIDTHS))
			buf_printf(buf, "(%u)", from->length == 2 ? 2 : 4);
	} else if (shows_width(context, from, column)) {
		buf_printf(buf, "(%u)",
			   from->length > 0 ? (unsigned)from->length : default_width(column));
	}
}

static void put_numbers(const struct type_context *context, const struct ddl_type *from,
			const struct column *column, struct buf *buf)
{
	switch (column_type_numbers(column->type)) {
	case NUMBERS_NONE:
		break;
	case NUMBERS_WIDTH:
		put_width(context, from, column, buf);
		break;
	case NUMBERS_CHARACTERS:
	case NUMBERS_BYTES:
	case NUMBERS_BITS:
	case NUMBERS_DIMENSIONS:
		buf_printf(buf, "(%u)", column->length);
		break;
	case NUMBERS_PRECISION:
		buf_printf(buf, "(%u,%u)", column->length, column->scale);
		break;
	case NUMBERS_FRACTION:
		if (column->scale > 0)
			buf_printf(buf, "(%u)", column->scale);
		break;
	}
}

/* Returns the text of the type like COLUMN_TYPE of information_schema. */
static struct slice spell(const struct type_context *context, const struct ddl_type *from,
			  const struct column *column, struct arena *arena)
{
	struct buf buf;
	buf_init(&buf);
	if (column->type == COLUMN_GEOMETRY)
		put_spatial(context, from->spatial, &buf);
	else
		buf_put(&buf, slice_str(column_type_name(column->type)));
	put_numbers(context, from, column, &buf);
	if (column->is_unsigned)
		buf_put(&buf, SLICE(" unsigned"));
	if (column->zerofill)
		buf_put(&buf, SLICE(" zerofill"));
	if (from->compressed && context->mariadb)
		buf_put(&buf, SLICE(" /*M!100301 COMPRESSED*/"));
	struct slice text = arena_copy(arena, buf_slice(&buf));
	buf_fini(&buf);
	return text;
}

void type_resolve(const struct type_context *context, const struct ddl_column *from,
		  struct column *to, struct arena *arena)
{
	const struct ddl_type *type = &from->type;
	*to = (struct column){.name = from->name, .type = type->id};
	to->is_unsigned = type->is_unsigned && column_type_is_number(to->type);
	to->zerofill = type->zerofill && column_type_is_number(to->type);
	to->nullable = resolve_nullable(context, from);
	to->is_virtual = from->generated == DDL_VIRTUAL;
	to->is_stored = from->generated == DDL_STORED;
	to->invisible = from->invisible;
	resolve_charset(context, type, to);
	if (column_type_is_text(to->type) && to->charset == CHARSET_BINARY)
		to->type = to_binary(to->type);
	resolve_type(context, type, to);
	resolve_numbers(type, to);
	if (column_type_has_labels(to->type))
		resolve_labels(type, to, arena);
	to->sql_type = column_type_has_labels(to->type) ? labels_spell(to, arena)
							: spell(context, type, to, arena);
}

/* Returns the column's sql_type with another type name. Keeps the text after the name. */
static struct slice respell(const struct column *column, const char *name, struct arena *arena)
{
	size_t at = 0;
	while (at < column->sql_type.len && column->sql_type.ptr[at] != '(' &&
	       column->sql_type.ptr[at] != ' ')
		at++;
	return arena_printf(arena, "%s%.*s", name, (int)(column->sql_type.len - at),
			    column->sql_type.ptr + at);
}

static void convert_varchar(const struct type_context *context, struct column *column,
			    struct arena *arena)
{
	uint64_t bytes = text_bytes(column, column->length);
	if (bytes <= longest_varchar(context))
		return;
	column->type = blob_for(column->type, bytes);
	column->length = 0;
	column->sql_type = arena_copy(arena, slice_str(column_type_name(column->type)));
}

/* Converts labels like both servers: keeps their bytes and reads them in the new character set. */
static void convert_labels(struct column *column, enum charset charset, struct arena *arena)
{
	struct slice *labels = ARENA_ARRAY(arena, column->nlabels, struct slice);
	for (unsigned i = 0; i < column->nlabels; i++)
		labels[i] = labels_decode(
			charset, labels_encode(column->charset, column->labels[i], arena), arena);
	column->labels = labels;
	column->charset = charset;
	column->sql_type = labels_spell(column, arena);
}

void type_convert(const struct type_context *context, struct column *column, enum charset charset,
		  struct arena *arena)
{
	enum column_type type = column->type;
	bool grows = charset_max_bytes(charset) > charset_max_bytes(column->charset);
	if ((!column_type_is_text(type) && !column_type_has_labels(type)) ||
	    column->charset == CHARSET_BINARY)
		return;
	if (column_type_has_labels(type)) {
		convert_labels(column, charset, arena);
		return;
	}
	column->charset = charset;
	if (charset == CHARSET_BINARY)
		column->type = to_binary(type);
	else if (column_type_is_blob(type) && grows && type != COLUMN_LONGTEXT)
		column->type = (enum column_type)(type + 1);
	if (column->type != type)
		column->sql_type = respell(column, column_type_name(column->type), arena);
	if (column->type == COLUMN_VARCHAR)
		convert_varchar(context, column, arena);
}

/* Returns the bytes of a stored DECIMAL(p,s). */
static uint64_t decimal_bytes(const struct column *column)
{
	static const unsigned rest[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
	unsigned whole = column->length - column->scale, part = column->scale;
	return whole / 9 * 4 + rest[whole % 9] + part / 9 * 4 + rest[part % 9];
}

static uint64_t label_bytes(const struct column *column)
{
	unsigned bytes = (column->nlabels + 7) / 8;
	if (column->type == COLUMN_ENUM)
		return column->nlabels < 256 ? 1 : 2;
	return bytes > 4 ? 8 : bytes;
}

uint64_t type_key_bytes(const struct column *column)
{
	switch (column_type_class(column->type)) {
	case CLASS_TEXT:
	case CLASS_BLOB:
	case CLASS_JSON:
	case CLASS_SPATIAL:
		return 0;
	case CLASS_CHAR:
	case CLASS_BINARY:
		return text_bytes(column, column->length);
	case CLASS_DECIMAL:
		return decimal_bytes(column);
	case CLASS_LABELS:
		return label_bytes(column);
	case CLASS_BIT:
		return (column->length + 7) / 8;
	case CLASS_INTEGER:
	case CLASS_FLOAT:
	case CLASS_YEAR:
	case CLASS_DATE:
	case CLASS_DATETIME:
	case CLASS_TIME:
	case CLASS_VECTOR:
	case CLASS_FIXED:
		break;
	}
	return column_type_bytes(column->type) + (column->scale + 1u) / 2;
}
