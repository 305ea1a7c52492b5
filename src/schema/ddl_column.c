#include "schema/ddl_priv.h"

enum type_form {
	FORM_PLAIN,    /* [(n)] */
	FORM_FLOAT,    /* [(p)] or [(m,d)] */
	FORM_DOUBLE,   /* [PRECISION] [(m,d)] */
	FORM_BOOL,     /* tinyint(1) */
	FORM_CHAR,     /* [VARYING] [(n)] */
	FORM_NCHAR,    /* [VARCHAR or VARYING] [(n)], utf8mb3 */
	FORM_NVARCHAR, /* [(n)], utf8mb3 */
	FORM_LABELS,
	FORM_LONG, /* LONG [VARCHAR or VARBINARY] */
	FORM_SERIAL,
	FORM_SPATIAL,
};

static const struct type_word {
	const char *word;
	enum column_type type;
	enum type_form form;
} type_words[] = {
#define TYPE_WORD(word, id, form) {word, COLUMN_##id, FORM_##form},
#include "model/types.def"
};

/* Words that are types only, or other types, in MariaDB's sql_mode ORACLE. */
static const struct type_word oracle_words[] = {
	{"DATE", COLUMN_DATETIME, FORM_PLAIN},  {"CLOB", COLUMN_LONGTEXT, FORM_PLAIN},
	{"RAW", COLUMN_VARBINARY, FORM_PLAIN},  {"VARCHAR2", COLUMN_VARCHAR, FORM_PLAIN},
	{"NUMBER", COLUMN_DECIMAL, FORM_PLAIN},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct type_word *find_word(const struct token *token, const struct type_word *words,
					 size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (token_is(token, words[i].word))
			return &words[i];
	return NULL;
}

/* Reads [ (n) ] or [ (n, m) ]. */
static bool read_size(struct ddl_parser *p, struct ddl_type *type)
{
	int64_t scale;
	if (!ddl_accept_punct(p, '('))
		return true;
	if (!ddl_number(p, &type->length))
		return false;
	if (ddl_accept_punct(p, ',')) {
		if (!ddl_number(p, &scale) || scale > 255)
			return ddl_fail(p);
		type->scale = (int32_t)scale;
	}
	return ddl_expect_punct(p, ')');
}

static void set_charset(struct ddl_type *type, enum charset charset)
{
	type->has_charset = true;
	type->charset = charset;
}

/* Reads the size of a FLOAT. FLOAT(p) becomes FLOAT or DOUBLE without a size. */
static bool read_float(struct ddl_parser *p, struct ddl_type *type)
{
	if (!read_size(p, type))
		return false;
	if (type->length >= 0 && type->scale < 0) {
		if (type->length > 24)
			type->id = COLUMN_DOUBLE;
		type->length = -1;
	}
	return true;
}

static bool read_double(struct ddl_parser *p, struct ddl_type *type, const struct token *word)
{
	ddl_accept(p, "PRECISION");
	if (token_is(word, "REAL") && (p->context->sql_mode & SQL_MODE_REAL_AS_FLOAT))
		type->id = COLUMN_FLOAT;
	if (!read_size(p, type))
		return false;
	if (type->scale < 0)
		type->length = -1;
	return true;
}

static enum charset connection_charset(const struct ddl_parser *p)
{
	enum charset charset;
	uint16_t collation = p->context->collation_connection;
	return collation != 0 && charset_of_id(collation, &charset) ? charset : CHARSET_UTF8MB4;
}

static bool read_labels(struct ddl_parser *p, struct ddl_type *type)
{
	struct slice *labels = NULL;
	bool *bytes = NULL;
	unsigned n = 0, cap = 0, nbytes = 0, bytes_cap = 0;
	if (!ddl_expect_punct(p, '('))
		return false;
	do {
		const struct token *token = lexer_peek(&p->lexer, 0);
		if (token->kind != TOKEN_STRING && token->kind != TOKEN_HEX)
			return ddl_fail(p);
		struct slice *label = ddl_append(p->arena, &labels, &n, &cap, sizeof(*labels));
		bool *digits = ddl_append(p->arena, &bytes, &nbytes, &bytes_cap, sizeof(*bytes));
		*digits = token->kind == TOKEN_HEX;
		struct token taken = lexer_next(&p->lexer);
		*label = lexer_text(&p->lexer, &taken);
	} while (ddl_accept_punct(p, ','));
	type->labels = labels;
	type->label_bytes = bytes;
	type->nlabels = n;
	type->connection_charset = connection_charset(p);
	return ddl_expect_punct(p, ')');
}

static bool read_long(struct ddl_parser *p, struct ddl_type *type)
{
	if (ddl_accept(p, "VARBINARY")) {
		type->id = COLUMN_MEDIUMBLOB;
		return true;
	}
	if (ddl_accept(p, "VARCHAR") || ddl_accept(p, "VARCHARACTER"))
		return true;
	if (ddl_accept(p, "CHAR") || ddl_accept(p, "CHARACTER"))
		return ddl_expect(p, "VARYING");
	return true;
}

static bool read_national(struct ddl_parser *p, struct ddl_type *type)
{
	set_charset(type, CHARSET_UTF8MB3);
	if (ddl_accept(p, "VARCHAR") || ddl_accept(p, "VARCHARACTER")) {
		type->id = COLUMN_VARCHAR;
		return read_size(p, type);
	}
	if (!ddl_accept(p, "CHAR") && !ddl_accept(p, "CHARACTER"))
		return ddl_fail(p);
	type->id = ddl_accept(p, "VARYING") ? COLUMN_VARCHAR : COLUMN_CHAR;
	return read_size(p, type);
}

static void set_serial(struct ddl_column *column)
{
	column->type.is_unsigned = column->auto_increment = column->unique = true;
	column->nullable = DDL_NOT_NULL;
}

static bool read_form(struct ddl_parser *p, struct ddl_column *column, enum type_form form,
		      const struct token *word)
{
	struct ddl_type *type = &column->type;
	switch (form) {
	case FORM_PLAIN:
		return read_size(p, type);
	case FORM_FLOAT:
		return read_float(p, type);
	case FORM_DOUBLE:
		return read_double(p, type, word);
	case FORM_BOOL:
		type->length = 1;
		return true;
	case FORM_CHAR:
		if (ddl_accept(p, "VARYING"))
			type->id = COLUMN_VARCHAR;
		return read_size(p, type);
	case FORM_NCHAR:
		if (ddl_accept(p, "VARCHAR") || ddl_accept(p, "VARYING"))
			type->id = COLUMN_VARCHAR;
		/* fall through */
	case FORM_NVARCHAR:
		ddl_accept(p, "VARYING");
		set_charset(type, CHARSET_UTF8MB3);
		return read_size(p, type);
	case FORM_LABELS:
		return read_labels(p, type);
	case FORM_LONG:
		return read_long(p, type);
	case FORM_SERIAL:
		set_serial(column);
		return true;
	case FORM_SPATIAL:
		type->spatial = arena_copy(p->arena, word->raw);
		return true;
	}
	return ddl_fail(p);
}

static bool is_oracle(struct ddl_parser *p)
{
	return p->context->mariadb && (p->context->sql_mode & SQL_MODE_ORACLE);
}

/* Reads a prefix such as mariadb_schema.date, which fixes the meaning of a type in every sql_mode.
 * Sets *oracle and *maxdb if the meaning is that of these modes. */
static bool read_schema(struct ddl_parser *p, bool *oracle, bool *maxdb)
{
	*oracle = is_oracle(p);
	*maxdb = (p->context->sql_mode & SQL_MODE_MAXDB) != 0;
	if (!token_is_punct(lexer_peek(&p->lexer, 1), '.'))
		return true;
	*oracle = ddl_at(p, "ORACLE_SCHEMA");
	*maxdb = ddl_at(p, "MAXDB_SCHEMA");
	if (!*oracle && !*maxdb && !ddl_at(p, "MARIADB_SCHEMA"))
		return ddl_fail(p);
	lexer_next(&p->lexer);
	lexer_next(&p->lexer);
	return true;
}

/* Returns whether the type of a word depends on the sql_mode. */
static bool depends_on_mode(const struct token *token)
{
	return token_is(token, "REAL") || token_is(token, "TIMESTAMP") || token_is(token, "DATE") ||
	       token_is(token, "BLOB");
}

static bool read_type(struct ddl_parser *p, struct ddl_column *column)
{
	struct ddl_type *type = &column->type;
	const struct type_word *entry = NULL;
	bool oracle, maxdb, qualified = token_is_punct(lexer_peek(&p->lexer, 1), '.');
	if (!read_schema(p, &oracle, &maxdb))
		return false;
	const struct token *token = lexer_peek(&p->lexer, 0);
	if (token_is(token, "NATIONAL")) {
		lexer_next(&p->lexer);
		return read_national(p, type);
	}
	if (oracle)
		entry = find_word(token, oracle_words, COUNT(oracle_words));
	if (entry == NULL)
		entry = find_word(token, type_words, COUNT(type_words));
	if (entry == NULL)
		return ddl_fail(p);
	if (p->lexer.mode_open && !qualified && depends_on_mode(token))
		return ddl_fail_open(p, "sql_mode");
	struct token word = lexer_next(&p->lexer);
	type->id = entry->type;
	if (maxdb && type->id == COLUMN_TIMESTAMP)
		type->id = COLUMN_DATETIME;
	if (!read_form(p, column, entry->form, &word))
		return false;
	if (oracle && token_is(&word, "NUMBER") && type->length < 0)
		type->id = COLUMN_DOUBLE;
	if (is_oracle(p) && token_is(&word, "BLOB") && !qualified)
		type->id = COLUMN_LONGBLOB;
	return true;
}

/* Reads the text after AS: an expression, or ROW START or ROW END. */
static bool read_generated(struct ddl_parser *p, struct ddl_column *column)
{
	if (ddl_accept(p, "ROW")) {
		column->generated = DDL_STORED;
		column->row_start = ddl_accept(p, "START");
		column->row_end = !column->row_start && ddl_accept(p, "END");
		return column->row_start || column->row_end || ddl_fail(p);
	}
	if (!ddl_skip_group(p))
		return false;
	column->generated = DDL_VIRTUAL;
	if (ddl_accept(p, "STORED") || ddl_accept(p, "PERSISTENT"))
		column->generated = DDL_STORED;
	else
		ddl_accept(p, "VIRTUAL");
	return true;
}

static bool read_charset(struct ddl_parser *p, struct ddl_column *column, bool collation)
{
	bool has;
	enum charset charset;
	if (!ddl_charset_name(p, collation, &has, &charset))
		return false;
	if (has)
		set_charset(&column->type, charset);
	return true;
}

static bool attr_unsigned(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->type.is_unsigned = true;
	return true;
}

static bool attr_zerofill(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->type.zerofill = column->type.is_unsigned = true;
	return true;
}

static bool attr_nothing(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	(void)column;
	return true;
}

static bool attr_not(struct ddl_parser *p, struct ddl_column *column)
{
	if (ddl_accept(p, "NULL")) {
		column->nullable = DDL_NOT_NULL;
		return true;
	}
	return ddl_accept(p, "SECONDARY") || ddl_accept(p, "ENFORCED") || ddl_fail(p);
}

static bool attr_null(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->nullable = DDL_NULL;
	return true;
}

static bool attr_value(struct ddl_parser *p, struct ddl_column *column)
{
	(void)column;
	return ddl_skip_value(p);
}

static bool attr_option(struct ddl_parser *p, struct ddl_column *column)
{
	(void)column;
	return ddl_skip_option(p);
}

static bool attr_on(struct ddl_parser *p, struct ddl_column *column)
{
	(void)column;
	return ddl_expect(p, "UPDATE") && ddl_skip_value(p);
}

static bool attr_auto_increment(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->auto_increment = true;
	column->nullable = DDL_NOT_NULL;
	return true;
}

static bool attr_serial(struct ddl_parser *p, struct ddl_column *column)
{
	column->auto_increment = column->unique = true;
	column->nullable = DDL_NOT_NULL;
	return ddl_expect(p, "DEFAULT") && ddl_expect(p, "VALUE");
}

static bool attr_unique(struct ddl_parser *p, struct ddl_column *column)
{
	column->unique = true;
	ddl_accept(p, "KEY");
	return true;
}

static bool attr_primary(struct ddl_parser *p, struct ddl_column *column)
{
	column->primary = true;
	ddl_accept(p, "KEY");
	return true;
}

static bool attr_key(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->primary = true;
	return true;
}

static bool attr_generated(struct ddl_parser *p, struct ddl_column *column)
{
	return ddl_expect(p, "ALWAYS") && ddl_expect(p, "AS") && read_generated(p, column);
}

static bool attr_invisible(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	column->invisible = true;
	return true;
}

static bool attr_compressed(struct ddl_parser *p, struct ddl_column *column)
{
	column->type.compressed = true;
	return !ddl_at_punct(p, '=') || ddl_skip_option(p);
}

static bool attr_collate(struct ddl_parser *p, struct ddl_column *column)
{
	return read_charset(p, column, true);
}

static bool attr_charset(struct ddl_parser *p, struct ddl_column *column)
{
	return read_charset(p, column, false);
}

static bool attr_character(struct ddl_parser *p, struct ddl_column *column)
{
	return ddl_expect(p, "SET") && read_charset(p, column, false);
}

static bool attr_ascii(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	set_charset(&column->type, CHARSET_LATIN1);
	return true;
}

static bool attr_unicode(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	set_charset(&column->type, CHARSET_UCS2);
	return true;
}

static bool attr_byte(struct ddl_parser *p, struct ddl_column *column)
{
	(void)p;
	set_charset(&column->type, CHARSET_BINARY);
	return true;
}

static bool attr_check(struct ddl_parser *p, struct ddl_column *column)
{
	(void)column;
	if (!ddl_skip_group(p))
		return false;
	ddl_enforced(p);
	return true;
}

static bool attr_constraint(struct ddl_parser *p, struct ddl_column *column)
{
	struct slice name;
	if (!ddl_at(p, "CHECK") && !ddl_name(p, &name))
		return false;
	return ddl_expect(p, "CHECK") && attr_check(p, column);
}

static bool attr_references(struct ddl_parser *p, struct ddl_column *column)
{
	column->references = true;
	return ddl_references(p);
}

static bool attr_with(struct ddl_parser *p, struct ddl_column *column)
{
	column->versioned = true;
	return ddl_expect(p, "SYSTEM") && ddl_expect(p, "VERSIONING");
}

static bool attr_without(struct ddl_parser *p, struct ddl_column *column)
{
	column->unversioned = true;
	return ddl_expect(p, "SYSTEM") && ddl_expect(p, "VERSIONING");
}

static const struct attribute {
	const char *word;
	/* reads the text after the word */
	bool (*read)(struct ddl_parser *p, struct ddl_column *column);
} attributes[] = {
	{"NOT", attr_not},
	{"NULL", attr_null},
	{"DEFAULT", attr_value},
	{"COMMENT", attr_value},
	{"UNSIGNED", attr_unsigned},
	{"SIGNED", attr_nothing},
	{"ZEROFILL", attr_zerofill},
	{"AUTO_INCREMENT", attr_auto_increment},
	{"SERIAL", attr_serial},
	{"PRIMARY", attr_primary},
	{"KEY", attr_key},
	{"UNIQUE", attr_unique},
	{"ON", attr_on},
	{"CHARACTER", attr_character},
	{"CHAR", attr_character},
	{"CHARSET", attr_charset},
	{"COLLATE", attr_collate},
	{"ASCII", attr_ascii},
	{"UNICODE", attr_unicode},
	{"BYTE", attr_byte},
	{"BINARY", attr_nothing}, /* the _bin collation of the character set */
	{"GENERATED", attr_generated},
	{"AS", read_generated},
	{"VIRTUAL", attr_nothing},
	{"INVISIBLE", attr_invisible},
	{"VISIBLE", attr_nothing},
	{"COMPRESSED", attr_compressed},
	{"CHECK", attr_check},
	{"CONSTRAINT", attr_constraint},
	{"ENFORCED", attr_nothing},
	{"REFERENCES", attr_references},
	{"COLUMN_FORMAT", attr_option},
	{"STORAGE", attr_option},
	{"ENGINE_ATTRIBUTE", attr_option},
	{"SECONDARY_ENGINE_ATTRIBUTE", attr_option},
	{"SRID", attr_value},
	{"REF_SYSTEM_ID", attr_option},
	{"WITH", attr_with},
	{"WITHOUT", attr_without},
};

static const struct attribute *find_attribute(struct ddl_parser *p)
{
	for (size_t i = 0; i < COUNT(attributes); i++)
		if (ddl_at(p, attributes[i].word))
			return &attributes[i];
	return NULL;
}

static bool at_column_end(struct ddl_parser *p)
{
	return ddl_at_punct(p, ',') || ddl_at_punct(p, ')') || ddl_at(p, "FIRST") ||
	       ddl_at(p, "AFTER") || ddl_at_partition(p) || ddl_at_end(p);
}

static bool read_attributes(struct ddl_parser *p, struct ddl_column *column)
{
	while (!at_column_end(p)) {
		const struct attribute *attribute = find_attribute(p);
		if (attribute != NULL) {
			lexer_next(&p->lexer);
			if (!attribute->read(p, column))
				return false;
		} else if (ddl_at_name(p) && token_is_punct(lexer_peek(&p->lexer, 1), '=')) {
			lexer_next(&p->lexer); /* an option of a storage engine */
			if (!ddl_skip_option(p))
				return false;
		} else {
			return ddl_fail(p);
		}
	}
	return true;
}

bool ddl_column_definition(struct ddl_parser *p, struct ddl_column *column)
{
	*column = (struct ddl_column){.type = {.length = -1, .scale = -1}};
	return ddl_field_name(p, &column->name) && read_type(p, column) &&
	       read_attributes(p, column);
}
