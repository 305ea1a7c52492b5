/* ddl_priv: what the files of the DDL parser share. A parsing function returns false when it met
 * something that it does not understand; the reason is noted then and the statement is unplaced.
 * Thread: any. Owner: all in the caller's arena. */
#ifndef TIDEWAY_DDL_PRIV_H
#define TIDEWAY_DDL_PRIV_H

#include "schema/ddl_lexer.h"

struct ddl_parser {
	struct lexer lexer;
	struct arena *arena;
	const struct ddl_context *context;
	struct slice reason; /* ptr NULL: nothing has failed */
	bool old_mode_open; /* SET STATEMENT old_mode: the value that the text was read with is not known */
	struct ddl_step *steps;
	unsigned nsteps, step_cap;
};

/* The specs of one statement as they come. */
struct spec_list {
	struct ddl_spec *items;
	unsigned n, cap;
};

/* Room for one more zeroed element. The address is good until the next call. */
void *ddl_append(struct arena *arena, void *items_pointer, unsigned *n, unsigned *cap, size_t size);
struct ddl_step *ddl_add_step(struct ddl_parser *p, enum ddl_step_kind kind);
struct ddl_spec *ddl_add_spec(struct ddl_parser *p, struct spec_list *list,
			      enum ddl_spec_kind kind);
/* Notes where the text was not understood (the first time only); always false. */
bool ddl_fail(struct ddl_parser *p);
/* The same for a word whose meaning depends on a variable that SET STATEMENT sets. */
bool ddl_fail_open(struct ddl_parser *p, const char *variable);

/* Is the next token this keyword; the same for the n-th; the same and over it. */
bool ddl_at(struct ddl_parser *p, const char *word);
bool ddl_at_n(struct ddl_parser *p, unsigned n, const char *word);
bool ddl_accept(struct ddl_parser *p, const char *word);
/* Two keywords in a row, both or none. */
bool ddl_accept2(struct ddl_parser *p, const char *first, const char *second);
bool ddl_at_punct(struct ddl_parser *p, char c);
bool ddl_accept_punct(struct ddl_parser *p, char c);
/* As accept, but its absence fails. */
bool ddl_expect(struct ddl_parser *p, const char *word);
bool ddl_expect_punct(struct ddl_parser *p, char c);
/* No more text (one ';' may stand there), or a token that cannot be read. */
bool ddl_at_end(struct ddl_parser *p);
/* PARTITION BY or REMOVE PARTITIONING, which may follow the last part of a statement without a comma. */
bool ddl_at_partition(struct ddl_parser *p);
/* Whether the next token can be a name. */
bool ddl_at_name(struct ddl_parser *p);
bool ddl_name(struct ddl_parser *p, struct slice *name);
/* The name of a column, key or constraint, which MariaDB lets be qualified: name, .name, t.name or db.t.name. */
bool ddl_at_field_name(struct ddl_parser *p);
bool ddl_field_name(struct ddl_parser *p, struct slice *name);
/* [db.]table */
bool ddl_table_name(struct ddl_parser *p, struct ddl_name *name);
bool ddl_number(struct ddl_parser *p, int64_t *value);
/* IF EXISTS or IF NOT EXISTS; absence is no failure. */
bool ddl_if_exists(struct ddl_parser *p, bool *given);
/* MariaDB's WAIT n or NOWAIT behind a table name. */
bool ddl_wait(struct ddl_parser *p);
/* Goes over what is in parentheses; fails where none open. */
bool ddl_skip_group(struct ddl_parser *p);
/* Goes over one value: a literal, a call, something in parentheses. */
bool ddl_skip_value(struct ddl_parser *p);
/* [=] value */
bool ddl_skip_option(struct ddl_parser *p);
/* [=] name of a character set, or of a collation; *has is false for DEFAULT and for collations that go
 * with any character set. */
bool ddl_charset_name(struct ddl_parser *p, bool collation, bool *has, enum charset *charset);

/* ddl_column.c: name, type and attributes; several keys may be written at a column. */
bool ddl_column_definition(struct ddl_parser *p, struct ddl_column *column);
/* ddl_key.c: a key, constraint or period; a check adds nothing. At one of them? */
bool ddl_at_key(struct ddl_parser *p);
bool ddl_key_definition(struct ddl_parser *p, struct spec_list *list);
/* ( part, ... ) */
bool ddl_key_parts(struct ddl_parser *p, struct ddl_key *key);
/* USING BTREE before or after the parts. */
bool ddl_key_using(struct ddl_parser *p, struct ddl_key *key);
bool ddl_key_options(struct ddl_parser *p, struct ddl_key *key);
/* REFERENCES and what follows it */
bool ddl_references(struct ddl_parser *p);
/* [NOT] ENFORCED, where it stands */
void ddl_enforced(struct ddl_parser *p);
/* ddl_table.c: behind CREATE TABLE, behind ALTER TABLE. */
bool ddl_create_table(struct ddl_parser *p, bool or_replace);
bool ddl_alter_table(struct ddl_parser *p);

#endif
