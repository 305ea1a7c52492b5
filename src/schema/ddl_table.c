#include "schema/ddl_priv.h"

/* Table options with a value that do not concern us. */
static const char *const plain_options[] = {
	"AUTO_INCREMENT",
	"AVG_ROW_LENGTH",
	"CHECKSUM",
	"COMMENT",
	"COMPRESSION",
	"CONNECTION",
	"DELAY_KEY_WRITE",
	"ENCRYPTION",
	"INSERT_METHOD",
	"KEY_BLOCK_SIZE",
	"MAX_ROWS",
	"MIN_ROWS",
	"PACK_KEYS",
	"PAGE_CHECKSUM",
	"PASSWORD",
	"ROW_FORMAT",
	"STATS_AUTO_RECALC",
	"STATS_PERSISTENT",
	"STATS_SAMPLE_PAGES",
	"TABLE_CHECKSUM",
	"TABLESPACE",
	"TRANSACTIONAL",
	"UNION",
	"AUTOEXTEND_SIZE",
	"SECONDARY_ENGINE",
	"ENGINE_ATTRIBUTE",
	"SECONDARY_ENGINE_ATTRIBUTE",
	"STORAGE",
};

static bool at_plain_option(struct ddl_parser *p)
{
	for (size_t i = 0; i < sizeof(plain_options) / sizeof(plain_options[0]); i++)
		if (ddl_at(p, plain_options[i]))
			return true;
	if ((ddl_at(p, "DATA") || ddl_at(p, "INDEX")) && ddl_at_n(p, 1, "DIRECTORY")) {
		lexer_next(&p->lexer);
		return true;
	}
	/* an option of a storage engine */
	return ddl_at_name(p) && token_is_punct(lexer_peek(&p->lexer, 1), '=');
}

static bool charset_option(struct ddl_parser *p, struct spec_list *list, bool collation)
{
	bool has;
	enum charset charset;
	if (!ddl_charset_name(p, collation, &has, &charset))
		return false;
	if (collation && !has) /* the collation does not name a character set */
		return true;
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_CHARSET);
	spec->has_charset = has;
	spec->charset = charset;
	return true;
}

static bool engine_option(struct ddl_parser *p, struct spec_list *list)
{
	struct slice name;
	ddl_accept_punct(p, '=');
	if (lexer_peek(&p->lexer, 0)->kind == TOKEN_STRING) {
		struct token token = lexer_next(&p->lexer);
		name = lexer_text(&p->lexer, &token);
	} else if (!ddl_name(p, &name)) {
		return false;
	}
	ddl_add_spec(p, list, DDL_SPEC_ENGINE)->name = name;
	return true;
}

enum option_result { OPTION_NONE, OPTION_READ, OPTION_FAILED };

static enum option_result done(bool ok)
{
	return ok ? OPTION_READ : OPTION_FAILED;
}

static enum option_result table_option(struct ddl_parser *p, struct spec_list *list)
{
	bool is_default = ddl_at(p, "DEFAULT") && !token_is_punct(lexer_peek(&p->lexer, 1), '=');
	if (is_default)
		lexer_next(&p->lexer);
	if (ddl_accept2(p, "CHARACTER", "SET") || ddl_accept2(p, "CHAR", "SET") ||
	    ddl_accept(p, "CHARSET"))
		return done(charset_option(p, list, false));
	if (ddl_accept(p, "COLLATE"))
		return done(charset_option(p, list, true));
	if (is_default)
		return done(ddl_fail(p));
	if (ddl_accept(p, "ENGINE"))
		return done(engine_option(p, list));
	if (ddl_accept2(p, "WITH", "SYSTEM")) {
		ddl_add_spec(p, list, DDL_SPEC_ADD_VERSIONING);
		return done(ddl_expect(p, "VERSIONING"));
	}
	if (ddl_accept2(p, "START", "TRANSACTION"))
		return OPTION_READ;
	if (at_plain_option(p)) {
		lexer_next(&p->lexer);
		return done(ddl_skip_option(p));
	}
	return OPTION_NONE;
}

/* Returns whether a query follows, from which the rows come. Such a statement is not row-based. */
static bool at_select(struct ddl_parser *p)
{
	static const char *const words[] = {"SELECT", "WITH",   "VALUES", "TABLE",
					    "AS",     "IGNORE", "REPLACE"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ddl_at(p, words[i]))
			return true;
	return ddl_at_punct(p, '(');
}

static bool skip_partitions(struct ddl_parser *p)
{
	while (!ddl_at_end(p)) {
		if (ddl_at_punct(p, '(')) {
			if (!ddl_skip_group(p))
				return false;
		} else if (at_select(p)) {
			return true;
		} else {
			lexer_next(&p->lexer);
		}
	}
	return true;
}

static bool skip_to_end(struct ddl_parser *p)
{
	while (!ddl_at_end(p))
		lexer_next(&p->lexer);
	return true;
}

static bool element(struct ddl_parser *p, struct spec_list *list)
{
	if (ddl_at_key(p))
		return ddl_key_definition(p, list);
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_ADD_COLUMN);
	return ddl_column_definition(p, &spec->column);
}

/* Reads columns and keys after '(', and the ')'. */
static bool elements(struct ddl_parser *p, struct spec_list *list)
{
	do {
		if (!element(p, list))
			return false;
	} while (ddl_accept_punct(p, ','));
	return ddl_expect_punct(p, ')');
}

/* Returns whether MariaDB's SEQUENCE=1 follows, which makes the table a sequence. */
static bool at_sequence(struct ddl_parser *p)
{
	return ddl_at(p, "SEQUENCE") && token_is_punct(lexer_peek(&p->lexer, 1), '=') &&
	       slice_equal(lexer_peek(&p->lexer, 2)->raw, SLICE("1"));
}

static bool create_options(struct ddl_parser *p, struct ddl_step *step, struct spec_list *list)
{
	for (;;) {
		if (at_sequence(p))
			step->kind = DDL_STEP_CREATE_OTHER;
		enum option_result result = table_option(p, list);
		if (result == OPTION_FAILED)
			return false;
		if (result == OPTION_NONE)
			return true;
		ddl_accept_punct(p, ',');
	}
}

static bool create_like(struct ddl_parser *p, struct ddl_step *step, bool in_group)
{
	step->kind = DDL_STEP_CREATE_LIKE;
	return ddl_table_name(p, &step->other) && (!in_group || ddl_expect_punct(p, ')'));
}

static bool create_tail(struct ddl_parser *p, struct ddl_step *step, struct spec_list *list)
{
	if (!create_options(p, step, list))
		return false;
	if (ddl_accept2(p, "PARTITION", "BY") && !skip_partitions(p))
		return false;
	if (!ddl_at_end(p) && at_select(p)) {
		step->kind = DDL_STEP_DML;
		return skip_to_end(p);
	}
	if (step->kind == DDL_STEP_CREATE_OTHER)
		return true;
	bool has_column = false;
	for (unsigned i = 0; i < list->n; i++)
		has_column |= list->items[i].kind == DDL_SPEC_ADD_COLUMN;
	step->specs = list->items;
	step->nspecs = list->n;
	return has_column || ddl_fail(p); /* without columns: their source is unknown */
}

bool ddl_create_table(struct ddl_parser *p, bool or_replace)
{
	struct spec_list list = {NULL, 0, 0};
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_CREATE_TABLE);
	step->or_replace = or_replace;
	if (!ddl_if_exists(p, &step->if_exists) || !ddl_table_name(p, &step->name))
		return false;
	if (ddl_accept(p, "LIKE"))
		return create_like(p, step, false);
	if (ddl_at_punct(p, '(') && !ddl_at_n(p, 1, "SELECT") && !ddl_at_n(p, 1, "WITH") &&
	    !token_is_punct(lexer_peek(&p->lexer, 1), '(')) {
		lexer_next(&p->lexer);
		if (ddl_accept(p, "LIKE"))
			return create_like(p, step, true);
		if (!elements(p, &list))
			return false;
	}
	return create_tail(p, step, &list);
}

static bool place(struct ddl_parser *p, struct ddl_column *column)
{
	if (ddl_accept(p, "FIRST")) {
		column->place = DDL_PLACE_FIRST;
		return true;
	}
	if (!ddl_accept(p, "AFTER"))
		return true;
	column->place = DDL_PLACE_AFTER;
	return ddl_name(p, &column->after);
}

static bool placed_column(struct ddl_parser *p, struct ddl_column *column)
{
	return ddl_column_definition(p, column) && place(p, column);
}

static bool alter_add(struct ddl_parser *p, struct spec_list *list)
{
	bool if_exists;
	if (ddl_at(p, "PARTITION"))
		return skip_to_end(p);
	if (ddl_accept2(p, "SYSTEM", "VERSIONING")) {
		ddl_add_spec(p, list, DDL_SPEC_ADD_VERSIONING);
		return true;
	}
	if (ddl_at_key(p))
		return ddl_key_definition(p, list);
	ddl_accept(p, "COLUMN");
	if (!ddl_if_exists(p, &if_exists))
		return false;
	unsigned before = list->n;
	bool ok;
	if (ddl_accept_punct(p, '('))
		ok = elements(p, list);
	else
		ok = placed_column(p, &ddl_add_spec(p, list, DDL_SPEC_ADD_COLUMN)->column);
	for (unsigned i = before; i < list->n; i++)
		list->items[i].if_exists |= if_exists;
	return ok;
}

/* Reads [IF EXISTS] name. */
static bool old_name(struct ddl_parser *p, struct spec_list *list, enum ddl_spec_kind kind)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, kind);
	return ddl_if_exists(p, &spec->if_exists) && ddl_field_name(p, &spec->old);
}

static bool skip_name(struct ddl_parser *p)
{
	bool if_exists;
	struct slice name;
	return ddl_if_exists(p, &if_exists) && ddl_field_name(p, &name);
}

static bool drop_period(struct ddl_parser *p, struct spec_list *list)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_DROP_PERIOD);
	return ddl_if_exists(p, &spec->if_exists) && ddl_expect(p, "FOR") &&
	       ddl_if_exists(p, &spec->if_exists) && ddl_name(p, &spec->old);
}

static bool alter_drop(struct ddl_parser *p, struct spec_list *list)
{
	if (ddl_at(p, "PARTITION"))
		return skip_to_end(p);
	if (ddl_accept2(p, "SYSTEM", "VERSIONING")) {
		ddl_add_spec(p, list, DDL_SPEC_DROP_VERSIONING);
		return true;
	}
	if (ddl_at(p, "PERIOD") && (ddl_at_n(p, 1, "FOR") || ddl_at_n(p, 1, "IF"))) {
		lexer_next(&p->lexer);
		return drop_period(p, list);
	}
	if (ddl_accept(p, "PRIMARY")) {
		ddl_add_spec(p, list, DDL_SPEC_DROP_PRIMARY);
		return ddl_expect(p, "KEY");
	}
	if (ddl_accept(p, "INDEX") || ddl_accept(p, "KEY"))
		return old_name(p, list, DDL_SPEC_DROP_KEY);
	if (ddl_accept(p, "CONSTRAINT"))
		return old_name(p, list, DDL_SPEC_DROP_CONSTRAINT);
	if (ddl_accept(p, "FOREIGN"))
		return ddl_expect(p, "KEY") && skip_name(p);
	if (ddl_accept(p, "CHECK"))
		return skip_name(p);
	ddl_accept(p, "COLUMN");
	if (!old_name(p, list, DDL_SPEC_DROP_COLUMN))
		return false;
	if (!ddl_accept(p, "RESTRICT"))
		ddl_accept(p, "CASCADE");
	return true;
}

static bool alter_change(struct ddl_parser *p, struct spec_list *list)
{
	ddl_accept(p, "COLUMN");
	return old_name(p, list, DDL_SPEC_CHANGE_COLUMN) &&
	       placed_column(p, &list->items[list->n - 1].column);
}

static bool alter_modify(struct ddl_parser *p, struct spec_list *list)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_CHANGE_COLUMN);
	ddl_accept(p, "COLUMN");
	if (!ddl_if_exists(p, &spec->if_exists) || !placed_column(p, &spec->column))
		return false;
	spec->old = spec->column.name;
	return true;
}

static bool alter_column(struct ddl_parser *p, struct spec_list *list)
{
	if (!old_name(p, list, DDL_SPEC_TOUCH_COLUMN))
		return false;
	if (ddl_accept2(p, "DROP", "DEFAULT"))
		return true;
	if (!ddl_expect(p, "SET"))
		return false;
	if (ddl_accept(p, "DEFAULT"))
		return ddl_skip_value(p);
	bool visible = ddl_accept(p, "VISIBLE");
	list->items[list->n - 1].kind = visible ? DDL_SPEC_SHOW_COLUMN : DDL_SPEC_HIDE_COLUMN;
	return visible || ddl_expect(p, "INVISIBLE");
}

static bool alter_alter(struct ddl_parser *p, struct spec_list *list)
{
	if (ddl_accept(p, "INDEX") || ddl_accept(p, "KEY"))
		return skip_name(p) && (ddl_accept(p, "VISIBLE") || ddl_accept(p, "INVISIBLE") ||
					ddl_accept(p, "IGNORED") ||
					ddl_accept2(p, "NOT", "IGNORED") || ddl_fail(p));
	if (ddl_accept(p, "CHECK") || ddl_accept(p, "CONSTRAINT")) {
		if (!skip_name(p))
			return false;
		ddl_enforced(p);
		return true;
	}
	ddl_accept(p, "COLUMN");
	return alter_column(p, list);
}

static bool rename_to(struct ddl_parser *p, struct spec_list *list, enum ddl_spec_kind kind)
{
	return old_name(p, list, kind) && ddl_expect(p, "TO") &&
	       ddl_field_name(p, &list->items[list->n - 1].name);
}

static bool alter_rename(struct ddl_parser *p, struct spec_list *list)
{
	if (ddl_accept(p, "COLUMN"))
		return rename_to(p, list, DDL_SPEC_RENAME_COLUMN);
	if (ddl_accept(p, "INDEX") || ddl_accept(p, "KEY"))
		return rename_to(p, list, DDL_SPEC_RENAME_KEY);
	if (!ddl_accept(p, "TO") && !ddl_accept(p, "AS"))
		ddl_accept_punct(p, '=');
	return ddl_table_name(p, &ddl_add_spec(p, list, DDL_SPEC_RENAME)->to);
}

static bool convert_charset(struct ddl_parser *p, struct spec_list *list)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_CONVERT);
	bool has;
	enum charset charset;
	if (!ddl_accept2(p, "CHARACTER", "SET") && !ddl_accept2(p, "CHAR", "SET") &&
	    !ddl_expect(p, "CHARSET"))
		return false;
	if (!ddl_charset_name(p, false, &spec->has_charset, &spec->charset))
		return false;
	if (!ddl_accept(p, "COLLATE"))
		return true;
	if (!ddl_charset_name(p, true, &has, &charset))
		return false;
	if (has) {
		spec->has_charset = true;
		spec->charset = charset;
	}
	return true;
}

static bool alter_convert(struct ddl_parser *p, struct spec_list *list)
{
	struct slice partition;
	if (ddl_accept(p, "PARTITION"))
		return ddl_name(p, &partition) && ddl_expect(p, "TO") && ddl_expect(p, "TABLE") &&
		       ddl_table_name(p, &ddl_add_spec(p, list, DDL_SPEC_PARTITION_TO_TABLE)->to) &&
		       skip_to_end(p);
	if (ddl_accept(p, "TABLE"))
		return ddl_table_name(p, &ddl_add_spec(p, list, DDL_SPEC_TABLE_TO_PARTITION)->to) &&
		       skip_to_end(p);
	return ddl_expect(p, "TO") && convert_charset(p, list);
}

static bool alter_exchange(struct ddl_parser *p, struct spec_list *list)
{
	struct slice partition;
	return ddl_expect(p, "PARTITION") && ddl_name(p, &partition) && ddl_expect(p, "WITH") &&
	       ddl_expect(p, "TABLE") &&
	       ddl_table_name(p, &ddl_add_spec(p, list, DDL_SPEC_EXCHANGE)->to) && skip_to_end(p);
}

/* Reads ORDER BY. Commas separate its columns and also the clauses. The name after a comma is a
 * column of ORDER BY only if a comma, the end, a dot, ASC or DESC follows it. */
static bool alter_order(struct ddl_parser *p, struct spec_list *list)
{
	struct slice name;
	(void)list;
	if (!ddl_expect(p, "BY"))
		return false;
	for (;;) {
		if (!ddl_field_name(p, &name))
			return false;
		if (!ddl_accept(p, "ASC"))
			ddl_accept(p, "DESC");
		const struct token *after = lexer_peek(&p->lexer, 2);
		bool ends = after->kind == TOKEN_END || token_is_punct(after, ',') ||
			    token_is_punct(after, '.') || token_is_punct(after, ';') ||
			    token_is(after, "ASC") || token_is(after, "DESC");
		if (!ddl_at_punct(p, ',') || !ends)
			return true;
		lexer_next(&p->lexer);
	}
}

static bool alter_nothing(struct ddl_parser *p, struct spec_list *list)
{
	(void)p;
	(void)list;
	return true;
}

static bool alter_value(struct ddl_parser *p, struct spec_list *list)
{
	(void)list;
	return ddl_skip_option(p);
}

/* Reads the word after DISABLE, DISCARD, WITHOUT, UPGRADE and others. Partition maintenance extends
 * to the end of the statement. */
static bool alter_word(struct ddl_parser *p, struct spec_list *list)
{
	static const char *const words[] = {"KEYS", "TABLESPACE", "VALIDATION", "PARTITIONING"};
	(void)list;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ddl_accept(p, words[i]))
			return true;
	return ddl_at(p, "PARTITION") ? skip_to_end(p) : ddl_fail(p);
}

static bool alter_partition(struct ddl_parser *p, struct spec_list *list)
{
	(void)list;
	return ddl_expect(p, "BY") && skip_to_end(p);
}

static const struct alteration {
	const char *word;
	/* reads the text after the word */
	bool (*read)(struct ddl_parser *p, struct spec_list *list);
} alterations[] = {
	{"ADD", alter_add},
	{"DROP", alter_drop},
	{"CHANGE", alter_change},
	{"MODIFY", alter_modify},
	{"ALTER", alter_alter},
	{"RENAME", alter_rename},
	{"CONVERT", alter_convert},
	{"ORDER", alter_order},
	{"EXCHANGE", alter_exchange},
	{"PARTITION", alter_partition},
	{"ALGORITHM", alter_value},
	{"LOCK", alter_value},
	{"WAIT", alter_value},
	{"NOWAIT", alter_nothing},
	{"FORCE", alter_nothing},
	{"SECONDARY_LOAD", alter_nothing},
	{"SECONDARY_UNLOAD", alter_nothing},
	{"ENABLE", alter_word},
	{"DISABLE", alter_word},
	{"DISCARD", alter_word},
	{"IMPORT", alter_word},
	{"WITHOUT", alter_word},
	{"UPGRADE", alter_word},
	{"REMOVE", alter_word},
	{"COALESCE", alter_word},
	{"REORGANIZE", alter_word},
	{"ANALYZE", alter_word},
	{"CHECK", alter_word},
	{"OPTIMIZE", alter_word},
	{"REBUILD", alter_word},
	{"REPAIR", alter_word},
	{"TRUNCATE", alter_word},
};

static const struct alteration *find_alteration(struct ddl_parser *p)
{
	/* followed by '=', a word of MySQL is an engine's option in MariaDB */
	if (token_is_punct(lexer_peek(&p->lexer, 1), '=') && !ddl_at(p, "ALGORITHM") &&
	    !ddl_at(p, "LOCK") && !ddl_at(p, "RENAME"))
		return NULL;
	for (size_t i = 0; i < sizeof(alterations) / sizeof(alterations[0]); i++)
		if (ddl_at(p, alterations[i].word))
			return &alterations[i];
	return NULL;
}

static bool alter_spec(struct ddl_parser *p, struct spec_list *list)
{
	const struct alteration *alteration = find_alteration(p);
	if (alteration != NULL) {
		lexer_next(&p->lexer);
		return alteration->read(p, list);
	}
	if (ddl_accept2(p, "WITH", "VALIDATION"))
		return true;
	return table_option(p, list) == OPTION_READ || ddl_fail(p);
}

bool ddl_alter_table(struct ddl_parser *p)
{
	struct spec_list list = {NULL, 0, 0};
	struct ddl_step *step = ddl_add_step(p, DDL_STEP_ALTER_TABLE);
	if (!ddl_if_exists(p, &step->if_exists) || !ddl_table_name(p, &step->name) || !ddl_wait(p))
		return false;
	while (!ddl_at_end(p)) {
		if (!alter_spec(p, &list))
			return false;
		ddl_accept_punct(p, ',');
	}
	step->specs = list.items;
	step->nspecs = list.n;
	return true;
}
