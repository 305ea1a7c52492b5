#include "format/debezium_schema.h"

#include "base/json_writer.h"
#include "base/num.h"
#include "model/charset.h"

/* Numbers of java.sql.Types. */
static int jdbc_type(enum column_type type)
{
	switch (type) {
	case COLUMN_TINYINT:
	case COLUMN_SMALLINT:
		return 5;
	case COLUMN_MEDIUMINT:
	case COLUMN_INT:
	case COLUMN_YEAR:
		return 4;
	case COLUMN_BIGINT:
		return -5;
	case COLUMN_DECIMAL:
		return 3;
	case COLUMN_FLOAT:
		return 6;
	case COLUMN_DOUBLE:
		return 8;
	case COLUMN_BIT:
		return -7;
	case COLUMN_DATE:
		return 91;
	case COLUMN_TIME:
		return 92;
	case COLUMN_DATETIME:
		return 93;
	case COLUMN_TIMESTAMP:
		return 2014;
	case COLUMN_CHAR:
	case COLUMN_ENUM:
	case COLUMN_SET:
		return 1;
	case COLUMN_VARCHAR:
	case COLUMN_TINYTEXT:
	case COLUMN_TEXT:
	case COLUMN_MEDIUMTEXT:
	case COLUMN_LONGTEXT:
		return 12;
	case COLUMN_BINARY:
		return -2;
	case COLUMN_VARBINARY:
		return -3;
	case COLUMN_TINYBLOB:
	case COLUMN_BLOB:
	case COLUMN_MEDIUMBLOB:
	case COLUMN_LONGBLOB:
		return 2004;
	case COLUMN_JSON:
	case COLUMN_GEOMETRY:
	case COLUMN_VECTOR:
	case COLUMN_UUID:
	case COLUMN_INET4:
	case COLUMN_INET6:
	case COLUMN_TYPE_COUNT:
		break;
	}
	return 1111;
}

/* Writes the first word of the type in capitals, then UNSIGNED and ZEROFILL. */
static void put_type_name(struct buf *out, const struct column *column)
{
	buf_char(out, '"');
	for (size_t i = 0; i < column->sql_type.len; i++) {
		char c = column->sql_type.ptr[i];
		if (c == '(' || c == ' ')
			break;
		buf_char(out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
	}
	if (column->is_unsigned)
		buf_put(out, SLICE(" UNSIGNED"));
	if (column->zerofill)
		buf_put(out, SLICE(" ZEROFILL"));
	buf_char(out, '"');
}

/* Reads the next number of "(10,2)" from *at. Returns false if there is none. */
static bool next_number(struct slice type, size_t *at, uint64_t *n)
{
	size_t begin;
	while (*at < type.len && (type.ptr[*at] < '0' || type.ptr[*at] > '9'))
		(*at)++;
	begin = *at;
	while (*at < type.len && type.ptr[*at] >= '0' && type.ptr[*at] <= '9')
		(*at)++;
	return *at > begin && num_parse_u64(slice_of(type.ptr + begin, *at - begin), n);
}

static void put_number(struct buf *out, struct slice name, bool present, uint64_t n)
{
	buf_put(out, name);
	if (present)
		json_u64(out, n);
	else
		buf_put(out, SLICE("null"));
}

/* Writes the numbers in the parentheses of the type. For an ENUM or SET it writes the length of the longest value. */
static void put_size(struct buf *out, const struct column *column)
{
	size_t at = 0;
	uint64_t length = column->type == COLUMN_ENUM ? 1 : 2 * (uint64_t)column->nlabels - 1;
	uint64_t scale = 0;
	bool labels = column_type_has_labels(column->type);
	bool has_length = labels || next_number(column->sql_type, &at, &length);
	bool has_scale = !labels && has_length && next_number(column->sql_type, &at, &scale);
	put_number(out, SLICE(",\"length\":"), has_length, length);
	put_number(out, SLICE(",\"scale\":"), has_scale, scale);
}

/* ["'small'","'d''e'"] */
static void put_labels(struct buf *out, const struct column *column)
{
	struct buf quoted;
	if (column->nlabels == 0) {
		buf_put(out, SLICE("null"));
		return;
	}
	buf_init(&quoted);
	for (unsigned i = 0; i < column->nlabels; i++) {
		struct slice label = column->labels[i];
		buf_clear(&quoted);
		buf_char(&quoted, '\'');
		for (size_t k = 0; k < label.len; k++) {
			if (label.ptr[k] == '\'')
				buf_char(&quoted, '\'');
			buf_char(&quoted, label.ptr[k]);
		}
		buf_char(&quoted, '\'');
		buf_char(out, i == 0 ? '[' : ',');
		json_string(out, buf_slice(&quoted));
	}
	buf_char(out, ']');
	buf_fini(&quoted);
}

static bool has_charset(const struct column *column)
{
	return column->charset != CHARSET_BINARY && column->type != COLUMN_JSON;
}

/* Writes a column. What the catalog's definition does not contain is null. */
static void put_column(struct buf *out, const struct column *column, unsigned position)
{
	bool is_generated = column->is_virtual || column->is_stored;
	buf_put(out, SLICE("{\"name\":"));
	json_string(out, column->name);
	buf_printf(out,
		   ",\"jdbcType\":%d,\"nativeType\":null,\"typeName\":", jdbc_type(column->type));
	put_type_name(out, column);
	buf_put(out, SLICE(",\"typeExpression\":"));
	put_type_name(out, column);
	buf_put(out, SLICE(",\"charsetName\":"));
	if (has_charset(column))
		json_string(out, slice_str(charset_name(column->charset)));
	else
		buf_put(out, SLICE("null"));
	put_size(out, column);
	buf_printf(out,
		   ",\"position\":%u,\"optional\":%s,\"autoIncremented\":null,\"generated\":%s",
		   position, column->nullable ? "true" : "false", is_generated ? "true" : "null");
	buf_put(out, SLICE(",\"comment\":null,\"defaultValueExpression\":null,\"enumValues\":"));
	put_labels(out, column);
	buf_char(out, '}');
}

static void put_table(struct buf *out, const struct table *table)
{
	buf_put(out, SLICE("{\"defaultCharsetName\":"));
	json_string(out, slice_str(charset_name(table->charset)));
	buf_put(out, SLICE(",\"primaryKeyColumnNames\":["));
	for (unsigned i = 0; i < table->npk; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, table->columns[table->pk[i]].name);
	}
	buf_put(out, SLICE("],\"columns\":["));
	for (unsigned i = 0; i < table->ncolumns; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_column(out, &table->columns[i], i + 1);
	}
	buf_put(out, SLICE("],\"comment\":null}"));
}

/* "\"shop\".\"orders\"" */
static void put_id(struct buf *out, struct slice db, struct slice table)
{
	struct buf id;
	buf_init(&id);
	buf_printf(&id, "\"%.*s\".\"%.*s\"", SLICE_FMT(db), SLICE_FMT(table));
	json_string(out, buf_slice(&id));
	buf_fini(&id);
}

static void put_change(struct buf *out, const char *type, struct slice db, struct slice name,
		       const struct table *table)
{
	buf_printf(out, "[{\"type\":\"%s\",\"id\":", type);
	put_id(out, db, name);
	buf_put(out, SLICE(",\"table\":"));
	if (table)
		put_table(out, table);
	else
		buf_put(out, SLICE("null"));
	buf_put(out, SLICE("}]"));
}

void debezium_table_changes(struct buf *out, const struct ddl_effect *effect)
{
	const struct table *after = effect->after;
	switch (effect->op) {
	case DDL_CREATE:
		put_change(out, "CREATE", effect->db, effect->table, after);
		break;
	case DDL_ERASE:
		put_change(out, "DROP", effect->db, effect->table, NULL);
		break;
	case DDL_ALTER:
	case DDL_RENAME:
		put_change(out, "ALTER", after ? after->db : effect->db,
			   after ? after->name : effect->table, after);
		break;
	default:
		buf_put(out, SLICE("[]"));
	}
}
