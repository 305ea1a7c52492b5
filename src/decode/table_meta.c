#include "decode/table_meta.h"

#include "base/reader.h"
#include "decode/cell.h"
#include "decode/wire.h"

enum { /* types of optional metadata */
       META_SIGNEDNESS = 1,
       META_DEFAULT_CHARSET = 2,
       META_COLUMN_CHARSET = 3,
       META_COLUMN_NAME = 4,
       META_SET_LABELS = 5,
       META_ENUM_LABELS = 6,
       META_GEOMETRY_TYPE = 7,
       META_SIMPLE_PRIMARY_KEY = 8,
       META_PRIMARY_KEY_WITH_PREFIX = 9,
       META_ENUM_SET_DEFAULT_CHARSET = 10,
       META_ENUM_SET_COLUMN_CHARSET = 11,
       META_VISIBILITY = 12,
       META_VECTOR_DIMENSIONS = 13,
       LABELS_MAX = 65535,
};

struct parse {
	const struct table_map *map;
	struct table_meta *meta;
	struct arena *arena;
};

/* ---- filters of columns ---------------------------------------------------------------------- */

/* A field of the optional metadata lists values without column numbers, because the servers skip
 * columns of other kinds. The kinds differ between the servers. One wrong column would shift the
 * values of all later columns.
 *
 *                           MariaDB                                MySQL
 *   signedness              integers, DECIMAL, FLOAT, DOUBLE,      the same
 *                           YEAR
 *   character sets          CHAR, VARCHAR, TEXT, binary forms,     CHAR, VARCHAR, TEXT, binary
 *                           COMPRESSED types, UUID, INET4, INET6,  forms, VECTOR; neither JSON nor
 *                           VECTOR, spatial types                  spatial types
 *   ENUM and SET            both                                   both
 *   geometry types          spatial types                          spatial types
 *   dimensions              (not written)                          VECTOR
 *   names, key, visibility  every column of the TABLE_MAP          every column of the TABLE_MAP
 */

typedef bool column_filter(const struct parse *p, const struct map_column *column);

/* The groups of codes that fields of the optional metadata count. */
enum group { GROUP_NONE, GROUP_NUMERIC, GROUP_CHARACTER, GROUP_LABELS, GROUP_GEOMETRY };

static enum group group_of(uint8_t wire)
{
	switch ((enum wire_type)wire) {
	case WIRE_TINY:
	case WIRE_SHORT:
	case WIRE_INT24:
	case WIRE_LONG:
	case WIRE_LONGLONG:
	case WIRE_NEWDECIMAL:
	case WIRE_FLOAT:
	case WIRE_DOUBLE:
	case WIRE_YEAR:
		return GROUP_NUMERIC;
	case WIRE_STRING:
	case WIRE_VAR_STRING:
	case WIRE_VARCHAR:
	case WIRE_BLOB:
	case WIRE_BLOB_COMPRESSED:
	case WIRE_VARCHAR_COMPRESSED:
	case WIRE_VECTOR: /* MySQL's; MariaDB's VECTOR is a VARCHAR */
		return GROUP_CHARACTER;
	case WIRE_ENUM:
	case WIRE_SET:
		return GROUP_LABELS;
	case WIRE_GEOMETRY:
		return GROUP_GEOMETRY;
	case WIRE_DECIMAL_OLD:
	case WIRE_NULL:
	case WIRE_TIMESTAMP:
	case WIRE_DATE:
	case WIRE_TIME:
	case WIRE_DATETIME:
	case WIRE_NEWDATE:
	case WIRE_BIT:
	case WIRE_TIMESTAMP2:
	case WIRE_DATETIME2:
	case WIRE_TIME2:
	case WIRE_JSON:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
		return GROUP_NONE;
	}
	return GROUP_NONE;
}

static bool is_numeric(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return group_of(column->wire) == GROUP_NUMERIC;
}

static bool is_character(const struct parse *p, const struct map_column *column)
{
	enum group group = group_of(column->wire);
	return group == GROUP_CHARACTER || (group == GROUP_GEOMETRY && p->map->mariadb);
}

static bool is_enum_or_set(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return group_of(column->wire) == GROUP_LABELS;
}

static bool is_enum(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return column->wire == WIRE_ENUM;
}

static bool is_set(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return column->wire == WIRE_SET;
}

static bool is_geometry(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return group_of(column->wire) == GROUP_GEOMETRY;
}

static bool is_vector(const struct parse *p, const struct map_column *column)
{
	(void)p;
	return column->wire == WIRE_VECTOR;
}

/* Returns the next column from *at on that the filter accepts, and moves *at past it; NULL:
 * none. */
static struct map_column *next_column(const struct parse *p, column_filter *filter, unsigned *at)
{
	while (*at < p->map->ncolumns) {
		struct map_column *column = &p->meta->columns[(*at)++];
		if (filter(p, column))
			return column;
	}
	return NULL;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Reads one bit for each numeric column, the highest bit of a byte first. */
static void read_signedness(const struct parse *p, struct reader *r)
{
	unsigned at = 0, bit = 0;
	uint8_t byte = 0;
	for (struct map_column *c; (c = next_column(p, is_numeric, &at)) && !r->failed; bit++) {
		if (bit % 8 == 0)
			byte = reader_u8(r);
		c->has_sign = true;
		c->is_unsigned = byte >> (7 - bit % 8) & 1;
	}
}

static void set_charset(struct map_column *column, uint64_t collation)
{
	column->has_charset =
		collation <= UINT16_MAX && charset_of_id((unsigned)collation, &column->charset);
}

/* Reads the default collation, then pairs of (index among the filter's columns, collation). */
static void read_default_charset(const struct parse *p, struct reader *r, column_filter *filter)
{
	uint64_t collation = reader_lenenc(r);
	unsigned at = 0, number = 0;
	uint64_t other = reader_left(r) ? reader_lenenc(r) : UINT64_MAX;
	for (struct map_column *c; (c = next_column(p, filter, &at)) && !r->failed; number++) {
		if (number != other) {
			set_charset(c, collation);
			continue;
		}
		set_charset(c, reader_lenenc(r));
		other = reader_left(r) ? reader_lenenc(r) : UINT64_MAX;
	}
	if (other != UINT64_MAX)
		r->failed = true;
}

static void read_column_charset(const struct parse *p, struct reader *r, column_filter *filter)
{
	unsigned at = 0;
	for (struct map_column *c; (c = next_column(p, filter, &at)) && !r->failed;)
		set_charset(c, reader_lenenc(r));
}

static void read_names(const struct parse *p, struct reader *r)
{
	for (unsigned i = 0; i < p->map->ncolumns; i++)
		p->meta->columns[i].name = reader_lenenc_slice(r);
	p->meta->has_names = !r->failed;
}

static void read_labels(const struct parse *p, struct reader *r, column_filter *filter)
{
	unsigned at = 0;
	for (struct map_column *c; (c = next_column(p, filter, &at)) && !r->failed;) {
		uint64_t n = reader_lenenc(r);
		if (n > reader_left(r) || n > LABELS_MAX) {
			r->failed = true;
			return;
		}
		struct slice *labels = ARENA_ARRAY(p->arena, n, struct slice);
		for (uint64_t i = 0; i < n; i++)
			labels[i] = reader_lenenc_slice(r);
		c->has_labels = true;
		c->nlabels = (unsigned)n;
		c->labels = labels;
	}
}

static void read_primary_key(const struct parse *p, struct reader *r, bool with_prefix)
{
	struct map_key_part *parts = ARENA_ARRAY(p->arena, p->map->ncolumns, struct map_key_part);
	unsigned n = 0;
	while (reader_left(r) > 0 && n < p->map->ncolumns) {
		uint64_t column = reader_lenenc(r);
		uint64_t prefix = with_prefix ? reader_lenenc(r) : 0;
		if (column >= p->map->ncolumns)
			r->failed = true;
		if (r->failed)
			return;
		parts[n++] = (struct map_key_part){(unsigned)column, prefix != 0};
	}
	p->meta->pk = parts;
	p->meta->npk = n;
}

/* Reads one bit for each column, the highest bit of a byte first; 1: visible. */
static void read_visibility(const struct parse *p, struct reader *r)
{
	uint8_t byte = 0;
	for (unsigned i = 0; i < p->map->ncolumns; i++) {
		if (i % 8 == 0)
			byte = reader_u8(r);
		p->meta->columns[i].has_visibility = true;
		p->meta->columns[i].invisible = !(byte >> (7 - i % 8) & 1);
	}
}

static void read_geometry_types(const struct parse *p, struct reader *r)
{
	unsigned at = 0;
	for (struct map_column *c; (c = next_column(p, is_geometry, &at)) && !r->failed;)
		c->geometry = (uint32_t)reader_lenenc(r);
}

static void read_dimensions(const struct parse *p, struct reader *r)
{
	unsigned at = 0;
	for (struct map_column *c; (c = next_column(p, is_vector, &at)) && !r->failed;)
		c->dimensions = (uint32_t)reader_lenenc(r);
}

/* Reads one field. Skips unknown fields of newer servers, whose length is known. */
static void read_field(const struct parse *p, uint8_t type, struct reader *r)
{
	switch (type) {
	case META_SIGNEDNESS:
		read_signedness(p, r);
		return;
	case META_DEFAULT_CHARSET:
		read_default_charset(p, r, is_character);
		return;
	case META_COLUMN_CHARSET:
		read_column_charset(p, r, is_character);
		return;
	case META_ENUM_SET_DEFAULT_CHARSET:
		read_default_charset(p, r, is_enum_or_set);
		return;
	case META_ENUM_SET_COLUMN_CHARSET:
		read_column_charset(p, r, is_enum_or_set);
		return;
	case META_COLUMN_NAME:
		read_names(p, r);
		return;
	case META_SET_LABELS:
		read_labels(p, r, is_set);
		return;
	case META_ENUM_LABELS:
		read_labels(p, r, is_enum);
		return;
	case META_SIMPLE_PRIMARY_KEY:
	case META_PRIMARY_KEY_WITH_PREFIX:
		read_primary_key(p, r, type == META_PRIMARY_KEY_WITH_PREFIX);
		return;
	case META_VISIBILITY:
		read_visibility(p, r);
		return;
	case META_GEOMETRY_TYPE:
		read_geometry_types(p, r);
		return;
	case META_VECTOR_DIMENSIONS:
		read_dimensions(p, r);
		return;
	default:
		reader_bytes(r, reader_left(r));
		return;
	}
}

/* Reads all fields. Returns false if a field has more or fewer values than columns of its kind: it
 * then counts other columns than our filters. */
static bool read_optional(const struct parse *p)
{
	struct reader r;
	reader_init(&r, p->map->optional.ptr, p->map->optional.len);
	while (reader_left(&r) > 0) {
		uint8_t type = reader_u8(&r);
		struct slice field = reader_lenenc_slice(&r);
		struct reader inner;
		if (r.failed)
			return false;
		reader_init(&inner, field.ptr, field.len);
		read_field(p, type, &inner);
		if (inner.failed || reader_left(&inner) > 0)
			return false;
	}
	return true;
}

/* ---- columns --------------------------------------------------------------------------------- */

static int read_columns(const struct parse *p, struct err *err)
{
	const struct table_map *map = p->map;
	struct reader r;
	reader_init(&r, map->meta.ptr, map->meta.len);
	for (unsigned i = 0; i < map->ncolumns; i++) {
		struct map_column *column = &p->meta->columns[i];
		int size = wire_meta_size(map->types[i]);
		if (size < 0) {
			err_set(err, E_COLUMN_TYPE,
				"column %u has the unknown type %u in the binlog. The source is "
				"newer than this program: exclude the table in source.tables",
				i + 1, map->types[i]);
			return err_table_of(err, map->db, map->name);
		}
		column->wire = map->types[i];
		column->meta = (uint16_t)reader_uint(&r, (unsigned)size);
		column->nullable = map->nullable[i / 8] >> (i % 8) & 1;
		if (!r.failed && !cell_normalize(&column->wire, &column->meta)) {
			err_set(err, E_EVENT_DAMAGED,
				"column %u has type %u with metadata %#x in the binlog, which do "
				"not fit",
				i + 1, map->types[i], column->meta);
			return err_table_of(err, map->db, map->name);
		}
	}
	if (r.failed || reader_left(&r) > 0) {
		err_set(err, E_EVENT_DAMAGED,
			"the Table_map event is damaged: its metadata has %zu bytes",
			map->meta.len);
		return err_table_of(err, map->db, map->name);
	}
	return 0;
}

bool table_meta_hidden(const struct map_column *column)
{
	return column->wire == WIRE_LONGLONG && slice_starts(column->name, SLICE("DB_ROW_HASH_"));
}

int table_meta_parse(const struct table_map *map, struct arena *arena, struct table_meta *meta,
		     struct err *err)
{
	struct parse p = {map, meta, arena};
	*meta = (struct table_meta){0};
	meta->columns = ARENA_ARRAY(arena, map->ncolumns, struct map_column);
	if (read_columns(&p, err) < 0)
		return -1;
	if (!read_optional(&p)) {
		err_set(err, E_EVENT_DAMAGED,
			"the Table_map event is damaged: its optional metadata cannot be read");
		return err_table_of(err, map->db, map->name);
	}
	return 0;
}
