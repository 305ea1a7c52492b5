#include "schema/ddl_priv.h"

bool ddl_at_key(struct ddl_parser *p)
{
	static const char *const words[] = {"PRIMARY", "UNIQUE",   "KEY",     "INDEX", "CONSTRAINT",
					    "FOREIGN", "FULLTEXT", "SPATIAL", "CHECK"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ddl_at(p, words[i]))
			return true;
	if (ddl_at(p, "VECTOR"))
		return ddl_at_n(p, 1, "INDEX") || ddl_at_n(p, 1, "KEY");
	return ddl_at(p, "PERIOD") && ddl_at_n(p, 1, "FOR");
}

bool ddl_key_using(struct ddl_parser *p, struct ddl_key *key)
{
	while (ddl_at(p, "USING") ||
	       (ddl_at(p, "TYPE") && lexer_peek(&p->lexer, 1)->kind == TOKEN_WORD)) {
		lexer_next(&p->lexer);
		key->using_hash = ddl_at(p, "HASH");
		if (!ddl_accept(p, "HASH") && !ddl_accept(p, "BTREE") && !ddl_accept(p, "RTREE"))
			return ddl_fail(p);
	}
	return true;
}

/* Reads one part of a key: an expression in parentheses, or a column with an optional prefix
 * length. */
static bool key_part(struct ddl_parser *p, struct ddl_key_part *part)
{
	int64_t prefix;
	if (ddl_at_punct(p, '('))
		return ddl_skip_group(p);
	if (!ddl_name(p, &part->column))
		return false;
	if (ddl_accept_punct(p, '(')) {
		if (!ddl_number(p, &prefix) || prefix > UINT32_MAX)
			return ddl_fail(p);
		part->prefix = (uint32_t)prefix;
		return ddl_expect_punct(p, ')');
	}
	return true;
}

bool ddl_key_parts(struct ddl_parser *p, struct ddl_key *key)
{
	struct ddl_key_part *parts = NULL;
	unsigned n = 0, cap = 0;
	if (!ddl_expect_punct(p, '('))
		return false;
	do {
		if (ddl_at_name(p) && ddl_at_n(p, 1, "WITHOUT") && ddl_at_n(p, 2, "OVERLAPS")) {
			if (!ddl_name(p, &key->period))
				return false;
			lexer_next(&p->lexer);
			lexer_next(&p->lexer);
			continue;
		}
		if (!key_part(p, ddl_append(p->arena, &parts, &n, &cap, sizeof(*parts))))
			return false;
		if (!ddl_accept(p, "ASC"))
			ddl_accept(p, "DESC");
	} while (ddl_accept_punct(p, ','));
	key->parts = parts;
	key->nparts = n;
	return ddl_expect_punct(p, ')');
}

static bool at_key_end(struct ddl_parser *p)
{
	return ddl_at_punct(p, ',') || ddl_at_punct(p, ')') || ddl_at(p, "ALGORITHM") ||
	       ddl_at(p, "LOCK") || ddl_at(p, "WAIT") || ddl_at(p, "NOWAIT") ||
	       ddl_at_partition(p) || ddl_at_end(p);
}

bool ddl_key_options(struct ddl_parser *p, struct ddl_key *key)
{
	while (!at_key_end(p)) {
		if (ddl_at(p, "USING") || ddl_at(p, "TYPE")) {
			if (!ddl_key_using(p, key))
				return false;
		} else if (ddl_accept(p, "VISIBLE") || ddl_accept(p, "INVISIBLE") ||
			   ddl_accept(p, "IGNORED") || ddl_accept2(p, "NOT", "IGNORED")) {
			continue;
		} else if (ddl_accept2(p, "WITH", "PARSER")) {
			if (!ddl_skip_value(p))
				return false;
		} else if (ddl_at(p, "COMMENT") || ddl_at(p, "KEY_BLOCK_SIZE") ||
			   ddl_at(p, "ENGINE_ATTRIBUTE") ||
			   ddl_at(p, "SECONDARY_ENGINE_ATTRIBUTE") ||
			   (ddl_at_name(p) && token_is_punct(lexer_peek(&p->lexer, 1), '='))) {
			lexer_next(&p->lexer);
			if (!ddl_skip_option(p))
				return false;
		} else {
			return ddl_fail(p);
		}
	}
	return true;
}

static bool reference_action(struct ddl_parser *p)
{
	return ddl_accept(p, "RESTRICT") || ddl_accept(p, "CASCADE") ||
	       ddl_accept2(p, "SET", "NULL") || ddl_accept2(p, "NO", "ACTION") ||
	       ddl_accept2(p, "SET", "DEFAULT") || ddl_fail(p);
}

bool ddl_references(struct ddl_parser *p)
{
	struct ddl_name name;
	if (!ddl_table_name(p, &name) || (ddl_at_punct(p, '(') && !ddl_skip_group(p)))
		return false;
	if (ddl_accept(p, "MATCH"))
		lexer_next(&p->lexer);
	while (ddl_at(p, "ON") && (ddl_at_n(p, 1, "DELETE") || ddl_at_n(p, 1, "UPDATE"))) {
		/* ON UPDATE CURRENT_TIMESTAMP is an attribute of the column */
		if (ddl_at_n(p, 2, "CURRENT_TIMESTAMP") || ddl_at_n(p, 2, "NOW"))
			break;
		lexer_next(&p->lexer);
		lexer_next(&p->lexer);
		if (!reference_action(p))
			return false;
	}
	return true;
}

void ddl_enforced(struct ddl_parser *p)
{
	if (!ddl_accept2(p, "NOT", "ENFORCED"))
		ddl_accept(p, "ENFORCED");
}

/* Reads the text between KEY and the parts: [IF NOT EXISTS] [name] [USING BTREE]. */
static bool key_head(struct ddl_parser *p, struct ddl_spec *spec)
{
	bool type = ddl_at(p, "TYPE") && lexer_peek(&p->lexer, 1)->kind == TOKEN_WORD;
	if (!ddl_if_exists(p, &spec->if_exists))
		return false;
	if (ddl_at_field_name(p) && !ddl_at(p, "USING") && !type &&
	    !ddl_field_name(p, &spec->key.name))
		return false;
	return ddl_key_using(p, &spec->key);
}

static bool plain_key(struct ddl_parser *p, struct spec_list *list, enum ddl_key_kind kind,
		      struct slice constraint)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_ADD_KEY);
	spec->key.kind = kind;
	if (!key_head(p, spec))
		return false;
	if (spec->key.name.len == 0)
		spec->key.name = constraint;
	return ddl_key_parts(p, &spec->key) && ddl_key_options(p, &spec->key);
}

/* Reads a foreign key. The server creates an index for it with the name of the constraint, or else
 * of the key. */
static bool foreign_key(struct ddl_parser *p, struct spec_list *list, struct slice constraint)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_ADD_KEY);
	spec->key.kind = DDL_KEY_FOREIGN;
	if (!ddl_expect(p, "KEY") || !key_head(p, spec))
		return false;
	if (constraint.len > 0)
		spec->key.name = constraint;
	return ddl_key_parts(p, &spec->key) && ddl_expect(p, "REFERENCES") && ddl_references(p);
}

static bool check(struct ddl_parser *p)
{
	if (!ddl_skip_group(p))
		return false;
	ddl_enforced(p);
	return true;
}

static bool period(struct ddl_parser *p, struct spec_list *list)
{
	struct ddl_spec *spec = ddl_add_spec(p, list, DDL_SPEC_ADD_PERIOD);
	return ddl_if_exists(p, &spec->if_exists) && ddl_name(p, &spec->name) &&
	       ddl_expect_punct(p, '(') && ddl_name(p, &spec->old) && ddl_expect_punct(p, ',') &&
	       ddl_name(p, &spec->to.table) && ddl_expect_punct(p, ')');
}

static void key_word(struct ddl_parser *p)
{
	if (!ddl_accept(p, "KEY"))
		ddl_accept(p, "INDEX");
}

static bool constraint_name(struct ddl_parser *p, struct slice *name)
{
	bool given;
	if (!ddl_if_exists(p, &given))
		return false;
	if (ddl_at(p, "PRIMARY") || ddl_at(p, "UNIQUE") || ddl_at(p, "FOREIGN") ||
	    ddl_at(p, "CHECK"))
		return true;
	return ddl_field_name(p, name);
}

bool ddl_key_definition(struct ddl_parser *p, struct spec_list *list)
{
	struct slice constraint = SLICE("");
	if (ddl_accept2(p, "PERIOD", "FOR"))
		return period(p, list);
	if (ddl_accept(p, "CONSTRAINT") && !constraint_name(p, &constraint))
		return false;
	if (ddl_accept(p, "CHECK"))
		return check(p);
	if (ddl_accept(p, "FOREIGN"))
		return foreign_key(p, list, constraint);
	if (ddl_accept(p, "PRIMARY"))
		return ddl_expect(p, "KEY") && plain_key(p, list, DDL_KEY_PRIMARY, SLICE(""));
	if (ddl_accept(p, "UNIQUE")) {
		key_word(p);
		return plain_key(p, list, DDL_KEY_UNIQUE, constraint);
	}
	if (ddl_accept(p, "FULLTEXT") || ddl_accept(p, "SPATIAL") || ddl_accept(p, "VECTOR")) {
		key_word(p);
		return plain_key(p, list, DDL_KEY_OTHER, constraint);
	}
	if (ddl_accept(p, "KEY") || ddl_accept(p, "INDEX"))
		return plain_key(p, list, DDL_KEY_INDEX, constraint);
	return ddl_fail(p);
}
