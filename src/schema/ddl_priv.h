/* ddl_priv: functions that the files of the DDL parser share. A parsing function returns false at
 * text that it does not understand. It has then set the reason, and the statement becomes
 * DDL_STEP_UNPLACED.
 * Thread: any. Owner: all data lives in the caller's arena. */
#ifndef TIDEWAY_DDL_PRIV_H
#define TIDEWAY_DDL_PRIV_H

#include "schema/ddl_lexer.h"

struct ddl_parser {
	struct lexer lexer;
	struct arena *arena;
	const struct ddl_context *context;
	struct slice reason; /* ptr NULL: nothing has failed */
	/* SET STATEMENT sets old_mode: the value with which the server read the text is unknown */
	bool old_mode_open;
	struct ddl_step *steps;
	unsigned nsteps, step_cap;
};

/* The specs of one statement in the order of the text. */
struct spec_list {
	struct ddl_spec *items;
	unsigned n, cap;
};

/* Appends a zeroed element to an array and returns its address, which is valid until the next
 * call. */
void *ddl_append(struct arena *arena, void *items_pointer, unsigned *n, unsigned *cap, size_t size);
struct ddl_step *ddl_add_step(struct ddl_parser *p, enum ddl_step_kind kind);
struct ddl_spec *ddl_add_spec(struct ddl_parser *p, struct spec_list *list,
			      enum ddl_spec_kind kind);
/* Sets the reason: the place of the text that was not understood. Keeps an earlier reason. Returns
 * false. */
bool ddl_fail(struct ddl_parser *p);
/* Does the same for a word whose meaning depends on a variable that SET STATEMENT sets. */
bool ddl_fail_open(struct ddl_parser *p, const char *variable);

/* Return whether the next token, or the n-th token, is this keyword. ddl_accept also skips it. */
bool ddl_at(struct ddl_parser *p, const char *word);
bool ddl_at_n(struct ddl_parser *p, unsigned n, const char *word);
bool ddl_accept(struct ddl_parser *p, const char *word);
/* Skips two keywords in a row. Skips nothing if one of them is missing. */
bool ddl_accept2(struct ddl_parser *p, const char *first, const char *second);
bool ddl_at_punct(struct ddl_parser *p, char c);
bool ddl_accept_punct(struct ddl_parser *p, char c);
/* Skip a token like ddl_accept, but fail if it is missing. */
bool ddl_expect(struct ddl_parser *p, const char *word);
bool ddl_expect_punct(struct ddl_parser *p, char c);
/* Returns whether the text ends here, after one optional ';', or has a token that cannot be
 * read. */
bool ddl_at_end(struct ddl_parser *p);
/* Returns whether PARTITION BY or REMOVE PARTITIONING is next. They may follow the last part of a
 * statement without a comma. */
bool ddl_at_partition(struct ddl_parser *p);
/* Returns whether the next token can be a name. */
bool ddl_at_name(struct ddl_parser *p);
bool ddl_name(struct ddl_parser *p, struct slice *name);
/* Reads the name of a column, key or constraint. MariaDB allows name, .name, t.name and
 * db.t.name. */
bool ddl_at_field_name(struct ddl_parser *p);
bool ddl_field_name(struct ddl_parser *p, struct slice *name);
/* Reads [db.]table. */
bool ddl_table_name(struct ddl_parser *p, struct ddl_name *name);
bool ddl_number(struct ddl_parser *p, int64_t *value);
/* Reads IF EXISTS or IF NOT EXISTS and sets *given. Succeeds if neither is there. */
bool ddl_if_exists(struct ddl_parser *p, bool *given);
/* Skips MariaDB's WAIT n or NOWAIT after a table name. */
bool ddl_wait(struct ddl_parser *p);
/* Skips text in parentheses. Fails if no '(' is next. */
bool ddl_skip_group(struct ddl_parser *p);
/* Skips one value: a literal, a call, or text in parentheses. */
bool ddl_skip_value(struct ddl_parser *p);
/* Skips [=] value. */
bool ddl_skip_option(struct ddl_parser *p);
/* Reads [=] and the name of a character set or, if `collation`, of a collation. Sets *has to false
 * for DEFAULT and for collations that fit any character set. */
bool ddl_charset_name(struct ddl_parser *p, bool collation, bool *has, enum charset *charset);

/* ddl_column.c: reads name, type and attributes, which may contain several keys. */
bool ddl_column_definition(struct ddl_parser *p, struct ddl_column *column);
/* ddl_key.c: return whether a key, constraint or period is next, and read it. A check adds no
 * spec. */
bool ddl_at_key(struct ddl_parser *p);
bool ddl_key_definition(struct ddl_parser *p, struct spec_list *list);
/* Reads ( part, ... ). */
bool ddl_key_parts(struct ddl_parser *p, struct ddl_key *key);
/* Reads USING BTREE and the like, before or after the parts. */
bool ddl_key_using(struct ddl_parser *p, struct ddl_key *key);
bool ddl_key_options(struct ddl_parser *p, struct ddl_key *key);
/* Skips the text after REFERENCES. */
bool ddl_references(struct ddl_parser *p);
/* Skips [NOT] ENFORCED if it is next. */
void ddl_enforced(struct ddl_parser *p);
/* ddl_table.c: read the text after CREATE TABLE or ALTER TABLE. */
bool ddl_create_table(struct ddl_parser *p, bool or_replace);
bool ddl_alter_table(struct ddl_parser *p);

#endif
