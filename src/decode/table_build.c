#include "decode/table_map.h"

#include "base/buf.h"
#include "decode/table_meta.h"
#include "decode/cell.h"
#include "decode/wire.h"
#include "model/labels.h"

/* Makes a table definition from a TABLE_MAP with binlog_row_metadata=FULL. A TABLE_MAP does not
 * contain some facts: MariaDB's uuid and inet6 are BINARY in it, and generated, zerofill and
 * secondary keys are missing. These come from the known definition if its type matches. */

struct build {
	const struct table_map *map;
	const struct table_meta *meta;
	const struct table *known; /* the known definition, or NULL */
	struct arena *arena;
	struct column *columns; /* the columns that are being made */
	unsigned ncolumns;      /* the map's columns without hidden columns */
};

static bool is_bytes(const struct map_column *map)
{
	return map->charset == CHARSET_BINARY;
}

static uint32_t bytes_of(const struct map_column *map)
{
	return map->wire == WIRE_VARCHAR_COMPRESSED ? map->meta - 1u : map->meta;
}

static uint32_t characters(const struct map_column *map)
{
	return bytes_of(map) / charset_max_bytes(map->charset);
}

static enum column_type blob_type(const struct map_column *map)
{
	static const enum column_type bytes[] = {COLUMN_BLOB, COLUMN_TINYBLOB, COLUMN_BLOB,
						 COLUMN_MEDIUMBLOB, COLUMN_LONGBLOB};
	static const enum column_type text[] = {COLUMN_TEXT, COLUMN_TINYTEXT, COLUMN_TEXT,
						COLUMN_MEDIUMTEXT, COLUMN_LONGTEXT};
	return is_bytes(map) ? bytes[map->meta] : text[map->meta];
}

/* Returns the type of a column, or COLUMN_TYPE_COUNT if the type cannot be decoded. */
static enum column_type type_of(const struct map_column *map)
{
	switch ((enum wire_type)map->wire) {
	case WIRE_TINY:
		return COLUMN_TINYINT;
	case WIRE_SHORT:
		return COLUMN_SMALLINT;
	case WIRE_INT24:
		return COLUMN_MEDIUMINT;
	case WIRE_LONG:
		return COLUMN_INT;
	case WIRE_LONGLONG:
		return COLUMN_BIGINT;
	case WIRE_NEWDECIMAL:
		return COLUMN_DECIMAL;
	case WIRE_FLOAT:
		return COLUMN_FLOAT;
	case WIRE_DOUBLE:
		return COLUMN_DOUBLE;
	case WIRE_BIT:
		return COLUMN_BIT;
	case WIRE_YEAR:
		return COLUMN_YEAR;
	case WIRE_DATE:
	case WIRE_NEWDATE:
		return COLUMN_DATE;
	case WIRE_TIME:
	case WIRE_TIME2:
		return COLUMN_TIME;
	case WIRE_DATETIME:
	case WIRE_DATETIME2:
		return COLUMN_DATETIME;
	case WIRE_TIMESTAMP:
	case WIRE_TIMESTAMP2:
		return COLUMN_TIMESTAMP;
	case WIRE_STRING:
		return is_bytes(map) ? COLUMN_BINARY : COLUMN_CHAR;
	case WIRE_VARCHAR:
	case WIRE_VARCHAR_COMPRESSED:
		return is_bytes(map) ? COLUMN_VARBINARY : COLUMN_VARCHAR;
	case WIRE_BLOB:
	case WIRE_BLOB_COMPRESSED:
		return blob_type(map);
	case WIRE_ENUM:
		return COLUMN_ENUM;
	case WIRE_SET:
		return COLUMN_SET;
	case WIRE_JSON:
		return COLUMN_JSON;
	case WIRE_GEOMETRY:
		return COLUMN_GEOMETRY;
	case WIRE_VECTOR:
		return COLUMN_VECTOR;
	case WIRE_DECIMAL_OLD:
	case WIRE_NULL:
	case WIRE_VAR_STRING:
	case WIRE_TINY_BLOB:
	case WIRE_MEDIUM_BLOB:
	case WIRE_LONG_BLOB:
		return COLUMN_TYPE_COUNT;
	}
	return COLUMN_TYPE_COUNT;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void set_size(struct column *column, const struct map_column *map)
{
	switch (column_type_numbers(column->type)) {
	case NUMBERS_CHARACTERS:
		column->length = characters(map);
		break;
	case NUMBERS_BYTES:
	case NUMBERS_BITS:
		column->length = bytes_of(map);
		break;
	case NUMBERS_DIMENSIONS:
		column->length = map->dimensions;
		break;
	case NUMBERS_PRECISION:
		column->length = map->meta >> 8;
		column->scale = (uint8_t)map->meta;
		break;
	case NUMBERS_FRACTION:
		column->scale = (uint8_t)map->meta;
		break;
	case NUMBERS_NONE:
	case NUMBERS_WIDTH:
		break;
	}
}

static void set_labels(const struct build *b, struct column *column, const struct map_column *map)
{
	struct slice *labels = ARENA_ARRAY(b->arena, map->nlabels, struct slice);
	for (unsigned i = 0; i < map->nlabels; i++)
		labels[i] = labels_decode(map->charset, map->labels[i], b->arena);
	column->nlabels = map->nlabels;
	column->labels = labels;
}

static const char *type_name(const struct build *b, const struct column *column,
			     const struct map_column *map)
{
	static const char *const spatial[] = {"geometry",     "point",         "linestring",
					      "polygon",      "multipoint",    "multilinestring",
					      "multipolygon", "geomcollection"};
	enum { COLLECTION = 7 };
	if (column->type != COLUMN_GEOMETRY || map->geometry > COLLECTION)
		return column_type_name(column->type);
	if (map->geometry == COLLECTION && b->map->mariadb)
		return "geometrycollection";
	return spatial[map->geometry];
}

static void set_sql_type(const struct build *b, struct column *column, const struct map_column *map)
{
	struct buf text;
	if (column_type_has_labels(column->type)) {
		column->sql_type = labels_spell(column, b->arena);
		return;
	}
	buf_init(&text);
	buf_printf(&text, "%s", type_name(b, column, map));
	if (column->type == COLUMN_DECIMAL) {
		buf_printf(&text, "(%u,%u)", column->length, column->scale);
	} else if (column->length > 0 || column->type == COLUMN_CHAR) {
		buf_printf(&text, "(%u)", column->length);
	} else if (column->scale > 0) {
		buf_printf(&text, "(%u)", column->scale);
	}
	if (column->is_unsigned)
		buf_put(&text, SLICE(" unsigned"));
	if (cell_is_compressed(map->wire))
		buf_put(&text, SLICE(" /*M!100301 COMPRESSED*/"));
	column->sql_type = arena_copy(b->arena, buf_slice(&text));
	buf_fini(&text);
}

static bool needs_charset(const struct map_column *map)
{
	return map->wire == WIRE_STRING || map->wire == WIRE_VARCHAR || map->wire == WIRE_BLOB ||
	       map->wire == WIRE_ENUM || map->wire == WIRE_SET || cell_is_compressed(map->wire);
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool same_labels(const struct column *a, const struct column *b)
{
	if (a->nlabels != b->nlabels)
		return false;
	for (unsigned i = 0; i < a->nlabels; i++) {
		if (!slice_equal(a->labels[i], b->labels[i]))
			return false;
	}
	return true;
}

/* Returns whether the known column is a more precise definition of the same column. The character
 * set that the map has for a disguised type has no meaning. */
static bool agrees(const struct column *known, const struct column *made,
		   const struct map_column *map)
{
	if (!cell_matches(known, map->wire, map->meta))
		return false;
	if (known->type != made->type)
		return column_type_is_disguised(known->type);
	return known->is_unsigned == made->is_unsigned && known->charset == made->charset &&
	       same_labels(known, made);
}

static void refine(struct column *column, const struct column *known, const struct build *b)
{
	struct slice name = column->name;
	bool nullable = column->nullable, invisible = column->invisible;
	*column = *known;
	column->name = name;
	column->nullable = nullable;
	column->invisible = invisible;
	column->sql_type = arena_copy(b->arena, known->sql_type);
	struct slice *labels = ARENA_ARRAY(b->arena, known->nlabels, struct slice);
	for (unsigned i = 0; i < known->nlabels; i++)
		labels[i] = arena_copy(b->arena, known->labels[i]);
	column->labels = labels;
}

static const struct column *known_column(const struct build *b, const struct map_column *map)
{
	int at = b->known ? table_column(b->known, map->name) : -1;
	return at < 0 ? NULL : &b->known->columns[at];
}

/* Returns the map's column i. The fractional digits of MariaDB's old times come from the known
 * column. */
static struct map_column with_fraction(const struct build *b, unsigned i)
{
	struct map_column map = b->meta->columns[i];
	const struct column *known = known_column(b, &map);
	if (b->map->mariadb && known && cell_has_old_time(map.wire) && known->type == type_of(&map))
		map.meta = known->scale;
	return map;
}

static int build_column(const struct build *b, unsigned i, struct err *err)
{
	const struct map_column copy = with_fraction(b, i), *map = &copy;
	struct column *column = &b->columns[i];
	const struct column *known = known_column(b, map);
	if (needs_charset(map) && !map->has_charset) {
		err_set(err, E_COLUMN_TYPE, "the binlog contains an unknown collation");
		err_column(err, map->name);
		return err_table_of(err, b->map->db, b->map->name);
	}
	column->name = arena_copy(b->arena, map->name);
	column->type = type_of(map);
	if (column->type == COLUMN_TYPE_COUNT) {
		err_set(err, E_COLUMN_TYPE, "it has type %u in the binlog, which cannot be decoded",
			map->wire);
		err_column(err, map->name);
		return err_table_of(err, b->map->db, b->map->name);
	}
	column->charset = needs_charset(map) ? map->charset : CHARSET_BINARY;
	column->is_unsigned =
		column_type_is_number(column->type) && map->has_sign && map->is_unsigned;
	column->nullable = map->nullable;
	column->invisible = map->has_visibility && map->invisible;
	set_size(column, map);
	set_labels(b, column, map);
	set_sql_type(b, column, map);
	if (known && agrees(known, column, map))
		refine(column, known, b);
	return 0;
}

/* ---- columns that the map does not define precisely ------------------------------------------ */

static bool is_vague(const struct build *b, const struct map_column *map)
{
	if (!b->map->mariadb)
		return false;
	return cell_has_old_time(map->wire) ||
	       (map->wire == WIRE_STRING && map->has_charset && is_bytes(map) &&
		(map->meta == CELL_UUID_SIZE || map->meta == CELL_INET4_SIZE));
}

static int refuse_vague(const struct build *b, const struct map_column *map, struct err *err)
{
	char wire[80];
	cell_describe(map->wire, map->meta, wire, sizeof(wire));
	err_set(err, E_TYPE_AMBIGUOUS,
		"it is %s in the binlog, which may be %s, and there is no definition of the table. "
		"%s",
		wire,
		cell_has_old_time(map->wire)   ? "of any number of digits"
		: map->meta == CELL_INET4_SIZE ? "BINARY(4) or INET4"
					       : "BINARY(16), UUID or INET6",
		b->known ? REMEDY_NEW_NAME : REMEDY_RESTART_COPIES);
	err_column(err, map->name);
	return err_table_of(err, b->map->db, b->map->name);
}

int table_map_sure(const struct table_map *map, const struct table *known, struct arena *arena,
		   struct err *err)
{
	struct table_meta meta;
	struct build b = {map, &meta, known, arena, NULL, 0};
	if (table_meta_parse(map, arena, &meta, err) < 0)
		return -1;
	for (unsigned i = 0; i < map->ncolumns; i++) {
		const struct map_column column = with_fraction(&b, i);
		const struct column *is = known_column(&b, &column);
		if (is_vague(&b, &column) && !(is && cell_matches(is, column.wire, column.meta)))
			return refuse_vague(&b, &column, err);
	}
	return 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Returns the position of a column, or -1. The build must have a known definition. */
static int find(const struct build *b, struct slice name)
{
	for (unsigned i = 0; i < b->ncolumns; i++) {
		if (ident_equal(b->known->idents, b->columns[i].name, name))
			return (int)i;
	}
	return -1;
}

/* Copies a known index with the new positions of its columns. Returns false if a column no longer
 * exists. */
static bool move_index(const struct build *b, const struct table_index *from,
		       struct table_index *to)
{
	unsigned *columns = ARENA_ARRAY(b->arena, from->ncolumns, unsigned);
	*to = *from;
	to->name = arena_copy(b->arena, from->name);
	to->columns = columns;
	for (unsigned i = 0; i < from->ncolumns; i++) {
		int at = find(b, b->known->columns[from->columns[i]].name);
		if (at < 0)
			return false;
		columns[i] = (unsigned)at;
	}
	return true;
}

static int check_primary(const struct build *b, struct err *err)
{
	for (unsigned i = 0; i < b->meta->npk; i++) {
		if (b->meta->pk[i].column >= b->ncolumns) {
			err_set(err, E_EVENT_DAMAGED,
				"the primary key in the binlog contains a column that the table "
				"does not have");
			return err_table_of(err, b->map->db, b->map->name);
		}
	}
	return 0;
}

static void set_primary(const struct build *b, struct table *table, struct table_index *index)
{
	unsigned *pk = ARENA_ARRAY(b->arena, b->meta->npk, unsigned);
	*index = (struct table_index){
		.name = SLICE("PRIMARY"), .unique = true, .ncolumns = b->meta->npk, .columns = pk};
	for (unsigned i = 0; i < b->meta->npk; i++) {
		pk[i] = b->meta->pk[i].column;
		if (b->meta->pk[i].has_prefix)
			index->has_prefix = true;
	}
	table->npk = b->meta->npk;
	table->pk = pk;
}

static void set_indexes(const struct build *b, struct table *table)
{
	unsigned most = 1 + (b->known ? b->known->nindexes : 0), n = 0;
	struct table_index *indexes = ARENA_ARRAY(b->arena, most, struct table_index);
	if (b->meta->npk > 0)
		set_primary(b, table, &indexes[n++]);
	for (unsigned i = 0; b->known && i < b->known->nindexes; i++) {
		const struct table_index *from = &b->known->indexes[i];
		if (!slice_equal_nocase(from->name, SLICE("PRIMARY")) &&
		    move_index(b, from, &indexes[n]))
			n++;
	}
	table->indexes = indexes;
	table->nindexes = n;
}

int table_map_table(const struct table_map *map, const struct table *known, struct arena *arena,
		    struct table **table, bool *complete, struct err *err)
{
	struct table_meta meta;
	struct build b = {map, &meta, known, arena, NULL, 0};
	*table = NULL;
	*complete = false;
	if (table_meta_parse(map, arena, &meta, err) < 0)
		return -1;
	if (!meta.has_names)
		return 0;
	struct table *made = ARENA_NEW(arena, struct table);
	b.ncolumns = map->ncolumns;
	while (b.ncolumns > 0 && table_meta_hidden(&meta.columns[b.ncolumns - 1]))
		b.ncolumns--;
	b.columns = ARENA_ARRAY(arena, b.ncolumns, struct column);
	made->db = arena_copy(arena, map->db);
	made->name = arena_copy(arena, map->name);
	made->full_name =
		arena_printf(arena, "%.*s.%.*s", SLICE_FMT(map->db), SLICE_FMT(map->name));
	made->engine = known ? arena_copy(arena, known->engine) : SLICE("");
	made->charset = known ? known->charset : CHARSET_UTF8MB4;
	made->idents = known ? known->idents : IDENT_UNICODE_3;
	made->version = known ? known->version : 0;
	made->versioned = known && known->versioned;
	made->ncolumns = b.ncolumns;
	made->columns = b.columns;
	for (unsigned i = 0; i < b.ncolumns; i++) {
		if (build_column(&b, i, err) < 0)
			return -1;
	}
	if (check_primary(&b, err) < 0)
		return -1;
	set_indexes(&b, made);
	*table = made;
	*complete = true;
	return 0;
}
