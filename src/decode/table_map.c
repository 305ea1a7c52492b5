#include "decode/table_map.h"

#include "base/buf.h"
#include "base/reader.h"
#include "decode/cell.h"
#include "decode/table_meta.h"
#include "decode/wire.h"
#include "model/charset_text.h"
#include "model/labels.h"

enum {
	TABLE_ID_SIZE = 6,
	COLUMN_NAMES = 4, /* type of the field in the optional metadata */
	COLUMNS_MAX = 65535,
	FRACTION_MAX = 6,     /* digits of a second */
	DIFFERENCES_MAX = 8,  /* an error lists this many and counts the rest */
	LONG_KEY_BYTES = 767, /* the smallest limit of an index part on any server */
};

int table_map_id(const struct event *event, uint64_t *table_id, struct slice *identity,
		 struct err *err)
{
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	*table_id = reader_uint(&r, TABLE_ID_SIZE);
	*identity = reader_slice(&r, reader_left(&r));
	return r.failed ? event_cut_error(event, err) : 0;
}

/* Layout: table id(6) flags(2) len(1) db \0 len(1) name \0 ncolumns(lenenc) types meta(lenenc
 * string) nullable optional ... */
int table_map_parse(const struct event *event, const struct event_format *format,
		    struct table_map *map, struct err *err)
{
	struct reader r;
	memset(map, 0, sizeof(*map));
	map->mariadb = format->mariadb;
	if (table_map_id(event, &map->table_id, &map->identity, err) < 0)
		return -1;
	reader_init(&r, map->identity.ptr, map->identity.len);
	reader_u16(&r); /* flags */
	map->db = reader_slice(&r, reader_u8(&r));
	reader_u8(&r);
	map->name = reader_slice(&r, reader_u8(&r));
	reader_u8(&r);
	uint64_t n = reader_lenenc(&r);
	if (r.failed || n == 0 || n > COLUMNS_MAX)
		return event_cut_error(event, err);
	map->ncolumns = (unsigned)n;
	map->types = reader_bytes(&r, n);
	map->meta = reader_lenenc_slice(&r);
	map->nullable = reader_bytes(&r, (n + 7) / 8);
	map->optional = reader_slice(&r, reader_left(&r));
	return r.failed ? event_cut_error(event, err) : 0;
}

bool table_map_has_names(const struct table_map *map)
{
	struct reader r;
	reader_init(&r, map->optional.ptr, map->optional.len);
	while (reader_left(&r) > 0) {
		if (reader_u8(&r) == COLUMN_NAMES)
			return true;
		reader_lenenc_slice(&r);
	}
	return false;
}

/* ---- comparison with the catalog ------------------------------------------------------------- */

struct differences {
	struct buf text;
	unsigned count;
};

static void difference(struct differences *d, unsigned i, const struct column *column,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

static void difference(struct differences *d, unsigned i, const struct column *column,
		       const char *format, ...)
{
	va_list args;
	if (d->count++ >= DIFFERENCES_MAX)
		return;
	buf_printf(&d->text, "%scolumn %u (%.*s): ", d->count > 1 ? "; " : "", i + 1,
		   SLICE_FMT(column->name));
	va_start(args, format);
	buf_vprintf(&d->text, format, args);
	va_end(args);
}

static const char *sign_name(bool is_unsigned)
{
	return is_unsigned ? "unsigned" : "signed";
}

static struct slice column_type_text(const struct column *column)
{
	return column->sql_type.len ? column->sql_type : slice_str(column_type_name(column->type));
}

/* DECIMAL, FLOAT and DOUBLE have the same bytes, signed or not. */
static bool has_sign(const struct column *column)
{
	return column_type_class(column->type) == CLASS_INTEGER;
}

static bool has_charset(const struct column *column)
{
	return column_type_is_text(column->type) || column_type_has_labels(column->type);
}

static void compare_charset(struct differences *d, unsigned i, const struct column *column,
			    const struct map_column *map)
{
	if (!map->has_charset)
		return;
	if (has_charset(column) && map->charset != column->charset)
		difference(d, i, column, "the catalog has character set %s, the binlog %s",
			   charset_name(column->charset), charset_name(map->charset));
	if (column_type_is_binary(column->type) && map->charset != CHARSET_BINARY)
		difference(d, i, column, "the catalog has %.*s, the binlog text in %s",
			   SLICE_FMT(column_type_text(column)), charset_name(map->charset));
}

static void compare_labels(struct differences *d, unsigned i, const struct column *column,
			   const struct map_column *map, struct arena *arena)
{
	if (!map->has_labels)
		return;
	if (map->nlabels != column->nlabels) {
		difference(d, i, column, "the catalog has %u labels, the binlog %u",
			   column->nlabels, map->nlabels);
		return;
	}
	for (unsigned k = 0; k < map->nlabels; k++) {
		struct slice label = labels_decode(column->charset, map->labels[k], arena);
		if (!slice_equal(label, column->labels[k])) {
			difference(d, i, column,
				   "label %u is '%.*s' in the catalog, '%.*s' in the binlog", k + 1,
				   SLICE_FMT(column->labels[k]), SLICE_FMT(label));
			return;
		}
	}
}

static void compare_column(struct differences *d, unsigned i, const struct table *table,
			   const struct map_column *map, struct arena *arena)
{
	const struct column *column = &table->columns[i];
	char wire[80];
	if (map->name.ptr != NULL && !ident_equal(table->idents, map->name, column->name)) {
		difference(d, i, column, "the binlog calls it %.*s", SLICE_FMT(map->name));
		return;
	}
	if (!cell_matches(column, map->wire, map->meta)) {
		cell_describe(map->wire, map->meta, wire, sizeof(wire));
		difference(d, i, column, "the catalog has %.*s, the binlog %s%s%s",
			   SLICE_FMT(column_type_text(column)), wire,
			   map->has_charset ? " in " : "",
			   map->has_charset ? charset_name(map->charset) : "");
		return;
	}
	if (map->has_sign && has_sign(column) && map->is_unsigned != column->is_unsigned)
		difference(d, i, column, "the catalog has %s, the binlog %s",
			   sign_name(column->is_unsigned), sign_name(map->is_unsigned));
	compare_charset(d, i, column, map);
	compare_labels(d, i, column, map, arena);
}

/* Returns whether the binlog's primary key begins with these columns. */
static bool begins_key(const unsigned *columns, unsigned n, const struct table_meta *meta)
{
	unsigned i = 0;
	while (i < n && i < meta->npk && columns[i] == meta->pk[i].column)
		i++;
	return i == n;
}

static bool same_key(const unsigned *columns, unsigned n, const struct table_meta *meta)
{
	return n == meta->npk && begins_key(columns, n, meta);
}

/* Returns whether an index has the same columns as the binlog's key. Parts that the catalog does
 * not contain, such as a MariaDB period, are at the end of the binlog's key. */
static bool is_like(const struct table_index *index, const struct table_meta *meta)
{
	bool whole = !index->has_prefix || index->prefixes != NULL;
	return same_key(index->columns, index->ncolumns, meta) ||
	       (!whole && begins_key(index->columns, index->ncolumns, meta));
}

/* Returns whether the table has the binlog's key. For a table without a primary key the servers
 * write a unique key without NULLs instead. */
static bool has_key(const struct table *table, const struct table_meta *meta)
{
	for (unsigned i = 0; i < table->nindexes; i++) {
		const struct table_index *index = &table->indexes[i];
		if (index->unique &&
		    (table->npk == 0 || slice_equal(index->name, SLICE("PRIMARY"))) &&
		    is_like(index, meta))
			return true;
	}
	return false;
}

static void print_key(struct buf *text, const struct table *table, unsigned at)
{
	if (at < table->ncolumns)
		buf_put(text, table->columns[at].name);
	else
		buf_printf(text, "column %u", at + 1);
}

static void compare_key(struct differences *d, const struct table *table,
			const struct table_meta *meta)
{
	if (!meta->has_names || same_key(table->pk, table->npk, meta) || has_key(table, meta))
		return;
	if (d->count++ >= DIFFERENCES_MAX)
		return;
	buf_printf(&d->text, "%sthe catalog has primary key (", d->count > 1 ? "; " : "");
	for (unsigned i = 0; i < table->npk; i++) {
		buf_printf(&d->text, "%s", i > 0 ? ", " : "");
		print_key(&d->text, table, table->pk[i]);
	}
	buf_printf(&d->text, "), the binlog (");
	for (unsigned i = 0; i < meta->npk; i++) {
		buf_printf(&d->text, "%s", i > 0 ? ", " : "");
		print_key(&d->text, table, meta->pk[i].column);
	}
	buf_char(&d->text, ')');
}

static int mismatch(const struct table_map *map, const struct table_meta *meta,
		    struct differences *d, struct err *err)
{
	if (d->count > DIFFERENCES_MAX)
		buf_printf(&d->text, "; and %u more", d->count - DIFFERENCES_MAX);
	err_set(err, E_CONTRADICTION,
		"the binlog contradicts the catalog: %s. No statement in the binlog explains it, "
		"such as an ALTER under sql_log_bin=0. " REMEDY_NEW_NAME
		", or exclude the table in source.tables%s",
		buf_cstr(&d->text),
		meta->has_names ? ""
				: " (with binlog_row_metadata=FULL on the source such an error "
				  "names the binlog's columns)");
	return err_table_of(err, map->db, map->name);
}

static bool is_long(const struct column *column)
{
	return column_type_is_blob(column->type) ||
	       column->length * charset_max_bytes(column->charset) >= LONG_KEY_BYTES;
}

/* Returns the number of unique keys whose values may be too long for an index. MariaDB keeps a hash
 * for each in a hidden BIGINT after the last column. The binlog contains it; information_schema
 * does not. */
static unsigned long_unique_keys(const struct table *table)
{
	unsigned n = 0;
	for (unsigned i = 0; i < table->nindexes; i++) {
		const struct table_index *index = &table->indexes[i];
		bool any = false;
		for (unsigned k = 0; k < index->ncolumns; k++)
			any = any || is_long(&table->columns[index->columns[k]]);
		n += index->unique && any;
	}
	return n;
}

/* Returns how many columns at the end of the map are such hashes. */
static unsigned hidden_columns(const struct table_map *map, const struct table_meta *meta,
			       const struct table *table)
{
	unsigned n = map->ncolumns > table->ncolumns ? map->ncolumns - table->ncolumns : 0;
	if (!meta->has_names && n > table->nhidden && n > long_unique_keys(table))
		return 0;
	for (unsigned i = map->ncolumns - n; i < map->ncolumns; i++) {
		const struct map_column *column = &meta->columns[i];
		if (column->wire != WIRE_LONGLONG ||
		    (meta->has_names && !table_meta_hidden(column)))
			return 0;
	}
	return n;
}

static int refuse_versioned(struct slice db, struct slice name, struct err *err)
{
	err_set(err, E_SYSTEM_VERSIONED,
		"it is WITH SYSTEM VERSIONING: its binlog contains rows of its history, which look "
		"like changes. Exclude it with \"!%.*s.%.*s\" in source.tables",
		SLICE_FMT(db), SLICE_FMT(name));
	return err_table_of(err, db, name);
}

/* Returns whether the map has row_start and row_end of a table WITH SYSTEM VERSIONING after the
 * last column. */
static bool is_versioned(const struct table_map *map, const struct table_meta *meta,
			 const struct table *table)
{
	if (map->ncolumns != table->ncolumns + 2)
		return false;
	const struct map_column *last = &meta->columns[map->ncolumns - 2];
	return last[0].wire == WIRE_TIMESTAMP2 && last[0].meta == 6 &&
	       last[1].wire == WIRE_TIMESTAMP2 && last[1].meta == 6;
}

static int compare(const struct table_map *map, const struct table_meta *meta,
		   const struct table *table, struct arena *arena, struct err *err)
{
	struct differences d = {.count = 0};
	int result = 0;
	if (is_versioned(map, meta, table))
		return refuse_versioned(map->db, map->name, err);
	buf_init(&d.text);
	if (map->ncolumns != table->ncolumns + hidden_columns(map, meta, table)) {
		d.count = 1;
		buf_printf(&d.text, "the catalog has %u columns, the binlog %u", table->ncolumns,
			   map->ncolumns);
	}
	for (unsigned i = 0; i < map->ncolumns && i < table->ncolumns; i++)
		compare_column(&d, i, table, &meta->columns[i], arena);
	compare_key(&d, table, meta);
	if (d.count > 0)
		result = mismatch(map, meta, &d, err);
	buf_fini(&d.text);
	return result;
}

/* ---- layout ---------------------------------------------------------------------------------- */

static bool is_temporal(const struct column *column)
{
	return column_type_numbers(column->type) == NUMBERS_FRACTION;
}

/* Sets the fractional digits of MariaDB's own TIME, DATETIME and TIMESTAMP from the catalog. With a
 * fraction these types have the same code as without, and no metadata, so the map does not contain
 * the digits. */
static void take_fractions(const struct table_map *map, const struct table_meta *meta,
			   const struct table *table)
{
	for (unsigned i = 0; map->mariadb && i < map->ncolumns && i < table->ncolumns; i++) {
		const struct column *column = &table->columns[i];
		if (cell_has_old_time(meta->columns[i].wire) && is_temporal(column) &&
		    column->scale <= FRACTION_MAX)
			meta->columns[i].meta = column->scale;
	}
}

/* Refuses types that cannot be decoded. Runs before the comparison, which would only report a
 * difference. */
static int refuse_types(const struct table_map *map, const struct table_meta *meta,
			const struct table *table, struct err *err)
{
	for (unsigned i = 0; i < map->ncolumns; i++) {
		uint8_t wire = meta->columns[i].wire;
		struct slice name = i < table->ncolumns ? table->columns[i].name : SLICE("?");
		if (cell_size(wire, meta->columns[i].meta) < 0) {
			err_set(err, E_COLUMN_TYPE,
				"it has the type %u (%s) in the binlog, which cannot be decoded. "
				"Rebuild the table (ALTER TABLE ... FORCE), or exclude it in "
				"source.tables",
				wire, wire_name(wire));
			err_column(err, name);
			return err_table_of(err, map->db, map->name);
		}
	}
	return 0;
}

static int refuse_charsets(const struct table *table, struct err *err)
{
	for (unsigned i = 0; i < table->ncolumns; i++) {
		const struct column *column = &table->columns[i];
		if (has_charset(column) && !charset_supported(column->charset)) {
			err_set(err, E_CHARSET,
				"it has the character set %s, which cannot be converted. Exclude "
				"the table with \"!%.*s\" in source.tables",
				charset_name(column->charset), SLICE_FMT(table->full_name));
			err_column(err, column->name);
			return err_table(err, table->full_name);
		}
	}
	return 0;
}

int table_map_refuse(const struct table *table, struct err *err)
{
	if (table->versioned)
		return refuse_versioned(table->db, table->name, err);
	return refuse_charsets(table, err);
}

int table_map_layout(const struct table_map *map, const struct table *table, struct arena *arena,
		     struct row_layout **layout, struct err *err)
{
	struct table_meta meta;
	*layout = NULL;
	if (table_meta_parse(map, arena, &meta, err) < 0)
		return -1;
	take_fractions(map, &meta, table);
	if (table_map_refuse(table, err) < 0 || refuse_types(map, &meta, table, err) < 0 ||
	    compare(map, &meta, table, arena, err) < 0)
		return -1;
	struct row_layout *made = ARENA_NEW(arena, struct row_layout);
	uint8_t *sizes = ARENA_ARRAY(arena, map->ncolumns, uint8_t);
	made->table = table;
	made->fixed_size = map->ncolumns; /* hidden columns included */
	made->ncells = table->ncolumns;
	made->cells = ARENA_ARRAY(arena, table->ncolumns, struct cell_layout);
	made->private_data = sizes;
	for (unsigned i = 0; i < table->ncolumns; i++) {
		const struct map_column *column = &meta.columns[i];
		made->unpacks = made->unpacks || cell_is_compressed(column->wire);
		made->cells[i] = (struct cell_layout){
			.decode = cell_decoder(&table->columns[i], column->wire, column->meta),
			.column = &table->columns[i],
			.meta = column->meta,
			.wire = column->wire,
		};
	}
	for (unsigned i = 0; i < map->ncolumns; i++)
		sizes[i] = (uint8_t)cell_size(meta.columns[i].wire, meta.columns[i].meta);
	*layout = made;
	return 0;
}
