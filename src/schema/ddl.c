#include "schema/ddl.h"

#include "schema/ddl_priv.h"
#include "model/charset_text.h"

void *ddl_append(struct arena *arena, void *items_pointer, unsigned *n, unsigned *cap, size_t size)
{
	char *items;
	memcpy(&items, items_pointer, sizeof(items));
	if (*n == *cap) {
		*cap = *cap ? *cap * 2 : 4;
		char *bigger = arena_array(arena, *cap, size);
		if (*n > 0)
			memcpy(bigger, items, *n * size);
		items = bigger;
		memcpy(items_pointer, &items, sizeof(items));
	}
	return items + (size_t)(*n)++ * size;
}

struct ddl_step *ddl_add_step(struct ddl_parser *p, enum ddl_step_kind kind)
{
	struct ddl_step *step =
		ddl_append(p->arena, &p->steps, &p->nsteps, &p->step_cap, sizeof(*step));
	step->kind = kind;
	return step;
}

struct ddl_spec *ddl_add_spec(struct ddl_parser *p, struct spec_list *list, enum ddl_spec_kind kind)
{
	struct ddl_spec *spec =
		ddl_append(p->arena, &list->items, &list->n, &list->cap, sizeof(*spec));
	spec->kind = kind;
	return spec;
}

enum {
	REASON_TEXT = 60,   /* bytes of the statement in a reason */
	DML_DATABASES = 32, /* maximum steps of one statement that changes rows */
};

bool ddl_fail(struct ddl_parser *p)
{
	const struct token *token = lexer_peek(&p->lexer, 0);
	size_t at = (size_t)(token->raw.ptr - p->lexer.sql.ptr), len = p->lexer.sql.len - at;
	if (p->reason.ptr != NULL)
		return false;
	if (len == 0)
		p->reason = SLICE("not understood: the statement ends too early");
	else
		p->reason =
			arena_printf(p->arena, "not understood at byte %zu: \"%.*s\"", at + 1,
				     (int)(len < REASON_TEXT ? len : REASON_TEXT), token->raw.ptr);
	return false;
}

bool ddl_fail_open(struct ddl_parser *p, const char *variable)
{
	if (p->reason.ptr == NULL)
		p->reason = arena_printf(
			p->arena,
			"SET STATEMENT sets %s, and the binlog lacks the value that the "
			"text was read with",
			variable);
	return false;
}

bool ddl_at(struct ddl_parser *p, const char *word)
{
	return token_is(lexer_peek(&p->lexer, 0), word);
}

bool ddl_at_n(struct ddl_parser *p, unsigned n, const char *word)
{
	return token_is(lexer_peek(&p->lexer, n), word);
}

bool ddl_accept(struct ddl_parser *p, const char *word)
{
	if (!ddl_at(p, word))
		return false;
	lexer_next(&p->lexer);
	return true;
}

bool ddl_accept2(struct ddl_parser *p, const char *first, const char *second)
{
	if (!ddl_at(p, first) || !ddl_at_n(p, 1, second))
		return false;
	lexer_next(&p->lexer);
	lexer_next(&p->lexer);
	return true;
}

bool ddl_at_punct(struct ddl_parser *p, char c)
{
	return token_is_punct(lexer_peek(&p->lexer, 0), c);
}

bool ddl_accept_punct(struct ddl_parser *p, char c)
{
	if (!ddl_at_punct(p, c))
		return false;
	lexer_next(&p->lexer);
	return true;
}

bool ddl_expect(struct ddl_parser *p, const char *word)
{
	return ddl_accept(p, word) || ddl_fail(p);
}

bool ddl_expect_punct(struct ddl_parser *p, char c)
{
	return ddl_accept_punct(p, c) || ddl_fail(p);
}

bool ddl_at_end(struct ddl_parser *p)
{
	const struct token *token = lexer_peek(&p->lexer, 0);
	if (token_is_punct(token, ';'))
		token = lexer_peek(&p->lexer, 1);
	return token->kind == TOKEN_END || token->kind == TOKEN_BAD;
}

bool ddl_at_partition(struct ddl_parser *p)
{
	return (ddl_at(p, "PARTITION") && ddl_at_n(p, 1, "BY")) ||
	       (ddl_at(p, "REMOVE") && ddl_at_n(p, 1, "PARTITIONING"));
}

bool ddl_at_name(struct ddl_parser *p)
{
	enum token_kind kind = lexer_peek(&p->lexer, 0)->kind;
	return kind == TOKEN_WORD || kind == TOKEN_NAME;
}

/* Returns the name in utf8mb3, the servers' character set for names. MySQL replaces a character
 * outside the BMP by '?'; MariaDB refuses the statement. */
static struct slice in_bmp(struct ddl_parser *p, struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.ptr[i] < 0xf0)
			continue;
		charset_from_utf8(CHARSET_UTF8MB3, name, p->arena, &name);
		break;
	}
	return name;
}

bool ddl_name(struct ddl_parser *p, struct slice *name)
{
	if (!ddl_at_name(p))
		return ddl_fail(p);
	struct token token = lexer_next(&p->lexer);
	*name = in_bmp(p, lexer_text(&p->lexer, &token));
	return true;
}

bool ddl_at_field_name(struct ddl_parser *p)
{
	return ddl_at_name(p) || ddl_at_punct(p, '.');
}

bool ddl_field_name(struct ddl_parser *p, struct slice *name)
{
	if (ddl_accept_punct(p, '.'))
		return ddl_name(p, name);
	do {
		if (!ddl_name(p, name))
			return false;
	} while (ddl_accept_punct(p, '.'));
	return true;
}

bool ddl_table_name(struct ddl_parser *p, struct ddl_name *name)
{
	name->db = p->context->db;
	if (ddl_accept_punct(p, '.')) /* ODBC's ".table" */
		return ddl_name(p, &name->table);
	if (!ddl_name(p, &name->table))
		return false;
	if (!ddl_accept_punct(p, '.'))
		return true;
	name->db = name->table;
	return ddl_name(p, &name->table);
}

bool ddl_number(struct ddl_parser *p, int64_t *value)
{
	struct slice text = lexer_peek(&p->lexer, 0)->raw;
	int64_t v = 0;
	if (lexer_peek(&p->lexer, 0)->kind != TOKEN_NUMBER || text.len > 18)
		return ddl_fail(p);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return ddl_fail(p);
		v = v * 10 + (text.ptr[i] - '0');
	}
	lexer_next(&p->lexer);
	*value = v;
	return true;
}

bool ddl_if_exists(struct ddl_parser *p, bool *given)
{
	*given = false;
	if (!ddl_at(p, "IF") || (!ddl_at_n(p, 1, "EXISTS") && !ddl_at_n(p, 1, "NOT")))
		return true;
	lexer_next(&p->lexer);
	ddl_accept(p, "NOT");
	*given = true;
	return ddl_expect(p, "EXISTS");
}

bool ddl_wait(struct ddl_parser *p)
{
	int64_t seconds;
	if (ddl_accept(p, "NOWAIT"))
		return true;
	return !ddl_accept(p, "WAIT") || ddl_number(p, &seconds);
}

bool ddl_skip_group(struct ddl_parser *p)
{
	size_t depth = 0;
	if (!ddl_at_punct(p, '('))
		return ddl_fail(p);
	do {
		struct token token = lexer_next(&p->lexer);
		if (token.kind == TOKEN_END || token.kind == TOKEN_BAD)
			return ddl_fail(p);
		if (token_is_punct(&token, '('))
			depth++;
		else if (token_is_punct(&token, ')'))
			depth--;
	} while (depth > 0);
	return true;
}

static bool at_literal(struct ddl_parser *p)
{
	enum token_kind kind = lexer_peek(&p->lexer, 0)->kind;
	return kind == TOKEN_STRING || kind == TOKEN_NUMBER || kind == TOKEN_HEX;
}

/* Skips NAME, db.name, NAME(...), DATE'...' or _utf8'...'. */
static bool skip_word_value(struct ddl_parser *p)
{
	lexer_next(&p->lexer);
	while (ddl_accept_punct(p, '.')) {
		if (!ddl_at_name(p))
			return ddl_fail(p);
		lexer_next(&p->lexer);
	}
	if (ddl_at_punct(p, '('))
		return ddl_skip_group(p);
	while (lexer_peek(&p->lexer, 0)->kind == TOKEN_STRING ||
	       lexer_peek(&p->lexer, 0)->kind == TOKEN_HEX)
		lexer_next(&p->lexer);
	return true;
}

bool ddl_skip_value(struct ddl_parser *p)
{
	struct ddl_name sequence;
	while (ddl_accept_punct(p, '-') || ddl_accept_punct(p, '+') || ddl_accept_punct(p, '.'))
		;
	if (ddl_at_punct(p, '('))
		return ddl_skip_group(p);
	if (ddl_accept2(p, "NEXT", "VALUE") || ddl_accept2(p, "PREVIOUS", "VALUE"))
		return ddl_expect(p, "FOR") && ddl_table_name(p, &sequence);
	if (ddl_at_name(p))
		return skip_word_value(p);
	if (!at_literal(p))
		return ddl_fail(p);
	lexer_next(&p->lexer);
	while (lexer_peek(&p->lexer, 0)->kind == TOKEN_STRING) /* 'adjacent' 'strings' join */
		lexer_next(&p->lexer);
	return true;
}

bool ddl_skip_option(struct ddl_parser *p)
{
	ddl_accept_punct(p, '=');
	return ddl_skip_value(p);
}

/* Returns whether the name is a collation of MariaDB that fits any Unicode character set, and does
 * not name one. */
static bool is_free_collation(struct slice name)
{
	return name.len > 4 && slice_equal_nocase(slice_of(name.ptr, 4), SLICE("uca1"));
}

/* Returns whether the name is utf8 or utf8_general_ci and the like. MariaDB's old_mode decides
 * whether that is utf8mb3 or utf8mb4. */
static bool is_utf8_alias(struct slice name)
{
	return slice_equal_nocase(name, SLICE("utf8")) ||
	       (name.len > 5 && slice_equal_nocase(slice_of(name.ptr, 5), SLICE("utf8_")));
}

bool ddl_charset_name(struct ddl_parser *p, bool collation, bool *has, enum charset *charset)
{
	*has = false;
	*charset = CHARSET_BINARY;
	ddl_accept_punct(p, '=');
	if (ddl_accept(p, "DEFAULT"))
		return true;
	const struct token *token = lexer_peek(&p->lexer, 0);
	if (token->kind != TOKEN_WORD && token->kind != TOKEN_NAME && token->kind != TOKEN_STRING)
		return ddl_fail(p);
	struct slice name = lexer_text(&p->lexer, token);
	*has = collation ? charset_of_collation(name, charset) : charset_parse(name, charset);
	if (!*has && !(collation && is_free_collation(name)))
		return ddl_fail(p);
	if (is_utf8_alias(name) && p->old_mode_open)
		return ddl_fail_open(p, "old_mode");
	if (is_utf8_alias(name) && p->context->utf8_is_mb4)
		*charset = CHARSET_UTF8MB4;
	lexer_next(&p->lexer);
	return true;
}

static bool finish(struct ddl_parser *p)
{
	if (!ddl_at_end(p))
		return ddl_fail(p);
	ddl_accept_punct(p, ';');
	return lexer_peek(&p->lexer, 0)->kind == TOKEN_END || ddl_fail(p);
}

static bool restrict_or_cascade(struct ddl_parser *p)
{
	if (!ddl_accept(p, "RESTRICT"))
		ddl_accept(p, "CASCADE");
	return ddl_wait(p) && finish(p);
}

static bool drop_tables(struct ddl_parser *p)
{
	bool if_exists;
	if (!ddl_if_exists(p, &if_exists))
		return false;
	do {
		struct ddl_step *step = ddl_add_step(p, DDL_STEP_DROP_TABLE);
		step->if_exists = if_exists;
		if (!ddl_table_name(p, &step->name))
			return false;
	} while (ddl_accept_punct(p, ','));
	return restrict_or_cascade(p);
}

static bool rename_tables(struct ddl_parser *p)
{
	bool if_exists;
	if (!ddl_if_exists(p, &if_exists))
		return false;
	do {
		struct ddl_step *step = ddl_add_step(p, DDL_STEP_RENAME_TABLE);
		step->if_exists = if_exists;
		if (!ddl_table_name(p, &step->name) || !ddl_wait(p) || !ddl_expect(p, "TO") ||
		    !ddl_table_name(p, &step->other))
			return false;
	} while (ddl_accept_punct(p, ','));
	return finish(p);
}

static bool truncate_table(struct ddl_parser *p)
{
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_TRUNCATE);
	ddl_accept(p, "TABLE");
	if (!ddl_table_name(p, &step->name) || !ddl_wait(p))
		return false;
	if (!ddl_accept2(p, "DROP", "STORAGE"))
		ddl_accept2(p, "REUSE", "STORAGE");
	return finish(p);
}

/* Reads ALGORITHM=, LOCK= and WAIT at the end of CREATE INDEX and DROP INDEX. */
static bool index_tail(struct ddl_parser *p)
{
	while (ddl_accept(p, "ALGORITHM") || ddl_accept(p, "LOCK"))
		if (!ddl_skip_option(p))
			return false;
	return ddl_wait(p) && finish(p);
}

static bool create_index(struct ddl_parser *p, enum ddl_key_kind kind, bool or_replace)
{
	struct spec_list list = {NULL, 0, 0};
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_CREATE_INDEX);
	struct ddl_spec *spec = ddl_add_spec(p, &list, DDL_SPEC_ADD_KEY);
	step->or_replace = or_replace;
	step->specs = list.items;
	step->nspecs = 1;
	spec->key.kind = kind;
	return ddl_if_exists(p, &spec->if_exists) && ddl_name(p, &spec->key.name) &&
	       ddl_key_using(p, &spec->key) && ddl_expect(p, "ON") &&
	       ddl_table_name(p, &step->name) && ddl_wait(p) && ddl_key_parts(p, &spec->key) &&
	       ddl_key_options(p, &spec->key) && index_tail(p);
}

static bool drop_index(struct ddl_parser *p)
{
	struct spec_list list = {NULL, 0, 0};
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_DROP_INDEX);
	struct ddl_spec *spec = ddl_add_spec(p, &list, DDL_SPEC_DROP_KEY);
	step->specs = list.items;
	step->nspecs = 1;
	return ddl_if_exists(p, &spec->if_exists) && ddl_name(p, &spec->old) &&
	       ddl_expect(p, "ON") && ddl_table_name(p, &step->name) && index_tail(p);
}

static bool database_option(struct ddl_parser *p, struct ddl_step *step)
{
	bool collation = false, has;
	enum charset charset;
	ddl_accept(p, "DEFAULT");
	if (ddl_accept(p, "COMMENT") || ddl_accept(p, "ENCRYPTION"))
		return ddl_skip_option(p);
	if (ddl_accept2(p, "READ", "ONLY"))
		return ddl_skip_option(p);
	if (ddl_accept(p, "COLLATE"))
		collation = true;
	else if (!ddl_accept2(p, "CHARACTER", "SET") && !ddl_accept2(p, "CHAR", "SET") &&
		 !ddl_expect(p, "CHARSET"))
		return false;
	if (!ddl_charset_name(p, collation, &has, &charset))
		return false;
	if (!has && collation) /* the collation does not name a character set */
		return true;
	step->has_charset = has;
	step->charset = charset;
	step->default_charset = !has;
	return true;
}

static bool database_options(struct ddl_parser *p, struct ddl_step *step)
{
	while (!ddl_at_end(p))
		if (!database_option(p, step))
			return false;
	return finish(p);
}

static bool create_database(struct ddl_parser *p, bool or_replace)
{
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_CREATE_DATABASE);
	step->or_replace = or_replace;
	return ddl_if_exists(p, &step->if_exists) && ddl_name(p, &step->name.db) &&
	       database_options(p, step);
}

/* Reads ALTER DATABASE. Without a name it concerns the default database. */
static bool alter_database(struct ddl_parser *p)
{
	static const char *const options[] = {"CHARACTER", "CHAR",    "CHARSET",    "COLLATE",
					      "DEFAULT",   "COMMENT", "ENCRYPTION", "READ"};
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_ALTER_DATABASE);
	bool named = true;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		named = named && !ddl_at(p, options[i]);
	step->name.db = p->context->db;
	if (named && !ddl_name(p, &step->name.db))
		return false;
	if (ddl_accept(p, "UPGRADE")) /* ... DATA DIRECTORY NAME */
		step->kind = DDL_STEP_NONE;
	return step->kind == DDL_STEP_NONE || database_options(p, step);
}

static bool drop_database(struct ddl_parser *p)
{
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_DROP_DATABASE);
	return ddl_if_exists(p, &step->if_exists) && ddl_name(p, &step->name.db) && finish(p);
}

static bool none(struct ddl_parser *p)
{
	ddl_add_step(p, DDL_STEP_NONE);
	return true;
}

/* Adds a step for each database whose rows the statement may change: the default database, and each
 * name before a dot. */
static bool dml(struct ddl_parser *p)
{
	ddl_add_step(p, DDL_STEP_DML)->name.db = p->context->db;
	while (!ddl_at_end(p)) {
		struct token token = lexer_next(&p->lexer);
		bool dotted = token.kind == TOKEN_WORD || token.kind == TOKEN_NAME;
		if (!dotted || !ddl_at_punct(p, '.'))
			continue;
		struct slice db = lexer_text(&p->lexer, &token);
		bool known = false;
		for (unsigned i = 0; i < p->nsteps; i++)
			known |= slice_equal(p->steps[i].name.db, db);
		if (!known && p->nsteps < DML_DATABASES)
			ddl_add_step(p, DDL_STEP_DML)->name.db = db;
	}
	return true;
}

/* Adds a step for the only table of a statement, if the expected word follows its name. `next_word` is
 * that word; NULL: a list of columns or VALUES. Otherwise reads the statement like `dml`. */
static bool dml_table(struct ddl_parser *p, const char *next_word)
{
	struct lexer before = p->lexer;
	struct ddl_name name;
	if (ddl_table_name(p, &name) &&
	    (next_word ? ddl_at(p, next_word)
		       : ddl_at_punct(p, '(') || ddl_at(p, "VALUES") || ddl_at(p, "VALUE"))) {
		ddl_add_step(p, DDL_STEP_DML)->name = name;
		return true;
	}
	p->lexer = before;
	p->reason = (struct slice){NULL, 0};
	return dml(p);
}

static void skip_modifiers(struct ddl_parser *p)
{
	while (ddl_accept(p, "LOW_PRIORITY") || ddl_accept(p, "HIGH_PRIORITY") ||
	       ddl_accept(p, "DELAYED") || ddl_accept(p, "QUICK") || ddl_accept(p, "IGNORE"))
		;
}

static bool statement_insert(struct ddl_parser *p)
{
	skip_modifiers(p);
	ddl_accept(p, "INTO");
	return dml_table(p, NULL);
}

static bool statement_update(struct ddl_parser *p)
{
	skip_modifiers(p);
	return dml_table(p, "SET");
}

/* Reads a DELETE. The servers themselves log DELETE FROM t, also in row format, for a MEMORY table
 * that a restart has emptied. That is a TRUNCATE. */
static bool statement_delete(struct ddl_parser *p)
{
	skip_modifiers(p);
	if (!ddl_accept(p, "FROM"))
		return dml(p);
	struct lexer before = p->lexer;
	struct ddl_name name;
	if (ddl_table_name(p, &name) && ddl_at_end(p)) {
		ddl_add_step(p, DDL_STEP_TRUNCATE)->name = name;
		return finish(p);
	}
	p->lexer = before;
	p->reason = (struct slice){NULL, 0};
	return dml_table(p, "WHERE");
}

/* Skips a word after CREATE, ALTER or DROP for an object of a database that is not a table. */
static bool accept_object(struct ddl_parser *p)
{
	static const char *const words[] = {"PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "LIBRARY"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ddl_accept(p, words[i]))
			return true;
	if (!ddl_accept(p, "PACKAGE"))
		return false;
	ddl_accept(p, "BODY");
	return true;
}

/* Adds a step for the database that the object's name contains, or for the default database if the
 * name cannot be read. */
static bool query(struct ddl_parser *p)
{
	struct ddl_name name = {p->context->db, SLICE("")};
	bool if_exists;
	if (!ddl_if_exists(p, &if_exists) || !ddl_table_name(p, &name))
		name.db = p->context->db;
	p->reason = (struct slice){NULL, 0};
	ddl_add_step(p, name.db.len > 0 ? DDL_STEP_QUERY : DDL_STEP_NONE)->name.db = name.db;
	return true;
}

static bool accept_relation(struct ddl_parser *p)
{
	return ddl_accept(p, "VIEW") || ddl_accept(p, "SEQUENCE");
}

/* Reads the name of a view or sequence. Ignores the rest of the statement. */
static bool create_relation(struct ddl_parser *p)
{
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_CREATE_OTHER);
	return ddl_if_exists(p, &step->if_exists) && ddl_table_name(p, &step->name);
}

static bool drop_relations(struct ddl_parser *p)
{
	bool if_exists;
	if (!ddl_if_exists(p, &if_exists))
		return false;
	do {
		struct ddl_step *step = ddl_add_step(p, DDL_STEP_DROP_OTHER);
		if (!ddl_table_name(p, &step->name))
			return false;
	} while (ddl_accept_punct(p, ','));
	return restrict_or_cascade(p);
}

/* Skips the words after CREATE, ALTER or DROP for an object that does not belong to a database. */
static bool accept_global(struct ddl_parser *p)
{
	static const char *const words[] = {"USER",    "ROLE",     "SERVER", "TABLESPACE",
					    "LOGFILE", "INSTANCE", "PREPARE"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ddl_accept(p, words[i]))
			return true;
	return ddl_accept2(p, "RESOURCE", "GROUP") || ddl_accept2(p, "UNDO", "TABLESPACE") ||
	       ddl_accept2(p, "SPATIAL", "REFERENCE");
}

static void skip_user(struct ddl_parser *p)
{
	lexer_next(&p->lexer);
	if (ddl_at_punct(p, '('))
		ddl_skip_group(p);
	if (ddl_accept_punct(p, '@'))
		lexer_next(&p->lexer);
}

/* Skips one of DEFINER=..., ALGORITHM=..., SQL SECURITY ..., AGGREGATE and others before VIEW or
 * FUNCTION. */
static bool skip_prefix(struct ddl_parser *p)
{
	if (ddl_accept(p, "DEFINER")) {
		ddl_accept_punct(p, '=');
		skip_user(p);
		return true;
	}
	if (ddl_accept(p, "ALGORITHM")) {
		ddl_accept_punct(p, '=');
		lexer_next(&p->lexer);
		return true;
	}
	if (ddl_accept2(p, "SQL", "SECURITY")) {
		lexer_next(&p->lexer);
		return true;
	}
	return ddl_accept(p, "AGGREGATE") || ddl_accept(p, "ONLINE") || ddl_accept(p, "OFFLINE") ||
	       ddl_accept2(p, "JSON", "RELATIONAL") || ddl_accept(p, "JSON") ||
	       ddl_accept(p, "DUALITY") || ddl_accept(p, "EXTERNAL") ||
	       ddl_accept(p, "MATERIALIZED");
}

static bool create_indexed(struct ddl_parser *p, bool or_replace)
{
	if (ddl_accept2(p, "UNIQUE", "INDEX"))
		return create_index(p, DDL_KEY_UNIQUE, or_replace);
	if (ddl_accept2(p, "FULLTEXT", "INDEX") || ddl_accept2(p, "SPATIAL", "INDEX") ||
	    ddl_accept2(p, "VECTOR", "INDEX"))
		return create_index(p, DDL_KEY_OTHER, or_replace);
	return ddl_expect(p, "INDEX") && create_index(p, DDL_KEY_INDEX, or_replace);
}

static bool statement_create(struct ddl_parser *p)
{
	bool or_replace = ddl_accept2(p, "OR", "REPLACE");
	while (skip_prefix(p))
		;
	if (ddl_accept(p, "TEMPORARY"))
		return none(p);
	if (ddl_accept(p, "TABLE"))
		return ddl_create_table(p, or_replace) &&
		       (p->steps[0].kind == DDL_STEP_DML || finish(p));
	if (ddl_accept(p, "DATABASE") || ddl_accept(p, "SCHEMA"))
		return create_database(p, or_replace);
	if (accept_relation(p))
		return create_relation(p);
	if (accept_object(p))
		return query(p);
	if (accept_global(p))
		return none(p);
	return create_indexed(p, or_replace);
}

static bool statement_alter(struct ddl_parser *p)
{
	while (skip_prefix(p) || ddl_accept(p, "IGNORE"))
		;
	if (ddl_accept(p, "TABLE"))
		return ddl_alter_table(p) && finish(p);
	if (ddl_accept(p, "DATABASE") || ddl_accept(p, "SCHEMA"))
		return alter_database(p);
	if (accept_relation(p) || accept_object(p))
		return query(p);
	return accept_global(p) ? none(p) : ddl_fail(p);
}

static bool statement_drop(struct ddl_parser *p)
{
	while (skip_prefix(p))
		;
	if (ddl_accept(p, "TEMPORARY"))
		return none(p);
	if (ddl_accept(p, "TABLE") || ddl_accept(p, "TABLES"))
		return drop_tables(p);
	if (ddl_accept(p, "INDEX"))
		return drop_index(p);
	if (ddl_accept(p, "DATABASE") || ddl_accept(p, "SCHEMA"))
		return drop_database(p);
	if (accept_relation(p))
		return drop_relations(p);
	if (accept_object(p))
		return query(p);
	return accept_global(p) ? none(p) : ddl_fail(p);
}

static bool statement_rename(struct ddl_parser *p)
{
	if (ddl_accept(p, "USER"))
		return none(p);
	return (ddl_accept(p, "TABLE") || ddl_expect(p, "TABLES")) && rename_tables(p);
}

/* Reads LOAD DATA and LOAD XML: the table after INTO TABLE. Only strings and options precede it. */
static bool statement_load(struct ddl_parser *p)
{
	struct lexer before = p->lexer;
	struct ddl_name name;
	if (ddl_at(p, "INDEX"))
		return none(p);
	while (!ddl_at_end(p) && !ddl_at(p, "INTO"))
		lexer_next(&p->lexer);
	if (ddl_accept2(p, "INTO", "TABLE") && ddl_table_name(p, &name)) {
		ddl_add_step(p, DDL_STEP_DML)->name = name;
		return true;
	}
	p->lexer = before;
	p->reason = (struct slice){NULL, 0};
	return dml(p);
}

static bool statement(struct ddl_parser *p);

/* Returns whether the next token is this variable, quoted or not. */
static bool at_variable(struct ddl_parser *p, const char *variable)
{
	const struct token *token = lexer_peek(&p->lexer, 0);
	return (token->kind == TOKEN_WORD || token->kind == TOKEN_NAME) &&
	       slice_equal_nocase(lexer_text(&p->lexer, token), slice_str(variable));
}

/* Reads MariaDB's SET STATEMENT name = value, ... FOR statement. Any other SET changes no table.
 * The server reads the text with the session's values, but the event contains the values that the
 * statement sets. */
static bool statement_set(struct ddl_parser *p)
{
	if (!ddl_accept(p, "STATEMENT"))
		return none(p);
	while (!ddl_at_end(p) && !ddl_at(p, "FOR")) {
		p->lexer.mode_open |= at_variable(p, "sql_mode");
		p->old_mode_open |= at_variable(p, "old_mode");
		if (!ddl_at_punct(p, '('))
			lexer_next(&p->lexer);
		else if (!ddl_skip_group(p))
			return false;
	}
	return ddl_expect(p, "FOR") && (ddl_at(p, "SET") ? ddl_fail(p) : statement(p));
}

/* The statements by their first word. */
static const struct {
	const char *word;
	bool (*read)(struct ddl_parser *p); /* reads the text after the word */
} statements[] = {
	{"CREATE", statement_create},
	{"ALTER", statement_alter},
	{"DROP", statement_drop},
	{"RENAME", statement_rename},
	{"TRUNCATE", truncate_table},
	{"SET", statement_set},
	{"LOAD", statement_load},
	{"INSERT", statement_insert},
	{"UPDATE", statement_update},
	{"DELETE", statement_delete},
	{"REPLACE", statement_insert},
	{"WITH", dml},
	{"SELECT", dml},
	{"VALUES", dml},
	{"CALL", dml},
	{"DO", dml},
	{"GRANT", none},
	{"REVOKE", none},
	{"ANALYZE", none},
	{"OPTIMIZE", none},
	{"REPAIR", none},
	{"CHECK", none},
	{"CHECKSUM", none},
	{"CACHE", none},
	{"FLUSH", none},
	{"RESET", none},
	{"PURGE", none},
	{"CHANGE", none},
	{"START", none},
	{"STOP", none},
	{"BEGIN", none},
	{"COMMIT", none},
	{"ROLLBACK", none},
	{"SAVEPOINT", none},
	{"RELEASE", none},
	{"XA", none},
	{"KILL", none},
	{"SHOW", none},
	{"DESCRIBE", none},
	{"DESC", none},
	{"EXPLAIN", none},
	{"HELP", none},
	{"USE", none},
	{"LOCK", none},
	{"UNLOCK", none},
	{"HANDLER", none},
	{"BACKUP", none},
	{"CLONE", none},
	{"INSTALL", none},
	{"UNINSTALL", none},
	{"SHUTDOWN", none},
	{"RESTART", none},
	{"PREPARE", none},
	{"DEALLOCATE", none},
	{"BINLOG", none},
	{"SIGNAL", none},
	{"RESIGNAL", none},
};

static bool statement(struct ddl_parser *p)
{
	if (ddl_at_end(p))
		return lexer_peek(&p->lexer, 0)->kind != TOKEN_BAD ? none(p) : ddl_fail(p);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (ddl_accept(p, statements[i].word))
			return statements[i].read(p);
	return ddl_fail(p);
}

/* Replaces the steps by one DDL_STEP_UNPLACED with the reason, and with the table's name if it was
 * read. */
static void unplaced(struct ddl_parser *p)
{
	struct ddl_name name =
		p->nsteps > 0 ? p->steps[0].name : (struct ddl_name){{NULL, 0}, {NULL, 0}};
	p->nsteps = 0;
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_UNPLACED);
	*step = (struct ddl_step){.kind = DDL_STEP_UNPLACED, .name = name, .reason = p->reason};
	if (step->name.db.len == 0)
		step->name.db = p->context->db;
}

/* Applies sql_if_exists. It concerns tables and databases of these statements, but not columns and
 * keys. */
static void imply_exists(struct ddl_parser *p)
{
	for (unsigned i = 0; i < p->nsteps; i++) {
		struct ddl_step *step = &p->steps[i];
		if (step->kind == DDL_STEP_ALTER_TABLE || step->kind == DDL_STEP_DROP_TABLE ||
		    step->kind == DDL_STEP_RENAME_TABLE || step->kind == DDL_STEP_DROP_DATABASE)
			step->if_exists = true;
	}
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.ptr[i] >= 0x80)
			return false;
	return true;
}

int ddl_to_utf8(struct ddl_context *context, struct arena *arena, struct slice *sql,
		struct err *err)
{
	enum charset charset = CHARSET_UTF8MB4;
	if (is_ascii(*sql))
		return 0;
	if (context->charset_client != 0 && !charset_of_id(context->charset_client, &charset))
		return err_set(err, E_STATEMENT_UNKNOWN,
			       "the statement \"%.*s\" has the unknown client character set %u",
			       (int)(sql->len < 200 ? sql->len : 200), sql->ptr,
			       context->charset_client);
	if (charset == CHARSET_BINARY) /* the server reads it as UTF-8 */
		charset = CHARSET_UTF8MB4;
	charset_to_utf8(charset, *sql, arena, sql);
	context->charset_client = 0;
	return 0;
}

enum {
	FLAG_EXPLICIT_DEF_TIMESTAMP = 1 << 24, /* bits of flags2 in MariaDB */
	FLAG_IF_EXISTS = 1 << 28,
};

/* Returns whether this version of MariaDB writes explicit_defaults_for_timestamp to the event. Each
 * series began at another version. */
static bool has_timestamp_flag(unsigned version)
{
	static const unsigned since[] = {100517, 100609, 100705, 100804, 100902};
	for (unsigned i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		if (version / 100 == since[i] / 100)
			return version >= since[i];
	return version >= 101000;
}

static void set_timestamp(struct ddl_context *context, const struct event_query *query)
{
	bool given = query->has_explicit_defaults, explicit_defaults = query->explicit_defaults;
	if (context->mariadb) {
		given = has_timestamp_flag(context->version);
		explicit_defaults = query->flags2 & FLAG_EXPLICIT_DEF_TIMESTAMP;
	}
	if (given)
		context->timestamp =
			explicit_defaults ? DDL_TIMESTAMP_EXPLICIT : DDL_TIMESTAMP_IMPLICIT;
}

struct ddl_context ddl_context_of(const struct event_query *query,
				  const struct event_format *format)
{
	struct ddl_context context = {
		.db = query->db,
		.charset_client = query->charset_client,
		.collation_connection = query->collation_connection,
		.collation_server = query->collation_server,
		.collation_database = query->collation_database,
		.sql_mode = query->sql_mode,
		.mariadb = format->mariadb,
		.version = event_format_version(format),
	};
	context.if_exists = context.mariadb && (query->flags2 & FLAG_IF_EXISTS);
	set_timestamp(&context, query);
	return context;
}

int ddl_parse(struct slice sql, const struct ddl_context *context, struct arena *arena,
	      const struct ddl_step **steps, unsigned *nsteps, struct err *err)
{
	struct ddl_context utf8 = *context;
	struct ddl_parser p = {.arena = arena, .context = &utf8};
	if (ddl_to_utf8(&utf8, arena, &sql, err) != 0)
		return -1;
	lexer_init(&p.lexer, sql, &utf8, arena);
	if (!statement(&p))
		unplaced(&p);
	if (context->if_exists)
		imply_exists(&p);
	*steps = p.steps;
	*nsteps = p.nsteps;
	return 0;
}
