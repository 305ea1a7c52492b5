/* catalog_exists: the server decides IF [NOT] EXISTS clause by clause before it runs the statement.
 * The columns and keys of the table at that time and the earlier clauses decide. Later clauses have
 * no influence. */
#include "schema/catalog_exists.h"

struct exists {
	const struct draft *draft;
	const struct ddl_step *step;
	struct exists_skip *skips;
};

/* Returns whether ADD COLUMN IF NOT EXISTS is skipped: the table or an earlier clause has the
 * column. That clause may be a CHANGE or MODIFY with this name, even if it is skipped itself. */
static bool column_is_there(const struct exists *e, unsigned at)
{
	struct slice name = e->step->specs[at].column.name;
	if (draft_column(e->draft, name) >= 0)
		return true;
	for (unsigned i = 0; i < at; i++) {
		const struct ddl_spec *spec = &e->step->specs[i];
		bool gives = spec->kind == DDL_SPEC_CHANGE_COLUMN ||
			     (spec->kind == DDL_SPEC_ADD_COLUMN && !e->skips[i].clause);
		if (gives && ident_equal(e->draft->idents, spec->column.name, name))
			return true;
	}
	return false;
}

/* Returns the key that a clause drops, or -1. */
static int dropped_key(const struct draft *draft, const struct ddl_spec *spec)
{
	if (spec->kind == DDL_SPEC_DROP_PRIMARY)
		return draft_primary(draft);
	if (spec->kind != DDL_SPEC_DROP_KEY && spec->kind != DDL_SPEC_DROP_CONSTRAINT)
		return -1;
	int at = draft_key(draft, spec->old);
	if (at >= 0 && spec->kind == DDL_SPEC_DROP_CONSTRAINT &&
	    !draft_key_is_constraint(&draft->keys[at]))
		return -1;
	return at;
}

/* Returns whether a column does not exist for DROP COLUMN IF EXISTS: the table does not have it, or
 * an earlier clause drops it. */
static bool column_is_gone(const struct exists *e, unsigned at)
{
	struct slice name = e->step->specs[at].old;
	if (draft_column(e->draft, name) < 0)
		return true;
	for (unsigned i = 0; i < at; i++)
		if (e->step->specs[i].kind == DDL_SPEC_DROP_COLUMN && !e->skips[i].clause &&
		    ident_equal(e->draft->idents, e->step->specs[i].old, name))
			return true;
	return false;
}

static bool key_is_gone(const struct exists *e, unsigned at)
{
	int key = dropped_key(e->draft, &e->step->specs[at]);
	if (key < 0)
		return true;
	for (unsigned i = 0; i < at; i++)
		if (!e->skips[i].clause && dropped_key(e->draft, &e->step->specs[i]) == key)
			return true;
	return false;
}

/* Returns the name by which a key is found: its own, or else that of its first column; ptr NULL for
 * an expression. */
static struct slice known_as(enum ddl_key_kind kind, struct slice name,
			     const struct ddl_key_part *parts, unsigned nparts)
{
	if (kind == DDL_KEY_PRIMARY)
		return SLICE("PRIMARY");
	if (name.len > 0)
		return name;
	return nparts > 0 ? parts[0].column : (struct slice){NULL, 0};
}

/* Returns whether a spec adds a key of this kind and name, as a clause or in a column
 * definition. */
static bool makes_key(const struct exists *e, unsigned at, enum ddl_key_kind kind,
		      struct slice name)
{
	const struct ddl_spec *spec = &e->step->specs[at];
	const struct ddl_column *column = &spec->column;
	struct slice other;
	if (spec->kind == DDL_SPEC_ADD_KEY) {
		other = known_as(spec->key.kind, spec->key.name, spec->key.parts, spec->key.nparts);
		return spec->key.kind == kind && !e->skips[at].clause && other.ptr != NULL &&
		       ident_equal(e->draft->idents, other, name);
	}
	if (spec->kind != DDL_SPEC_ADD_COLUMN && spec->kind != DDL_SPEC_CHANGE_COLUMN)
		return false;
	if (kind == DDL_KEY_PRIMARY)
		return column->primary && !e->skips[at].primary;
	return kind == DDL_KEY_UNIQUE && column->unique && !e->skips[at].unique &&
	       ident_equal(e->draft->idents, column->name, name);
}

static bool key_is_there(const struct exists *e, unsigned at, enum ddl_key_kind kind,
			 struct slice name)
{
	if (kind == DDL_KEY_PRIMARY ? draft_primary(e->draft) >= 0
				    : name.ptr != NULL && draft_key(e->draft, name) >= 0)
		return true;
	for (unsigned i = 0; name.ptr != NULL && i < at; i++)
		if (makes_key(e, i, kind, name))
			return true;
	return false;
}

static bool is_skipped(const struct exists *e, unsigned at)
{
	const struct ddl_spec *spec = &e->step->specs[at];
	const struct ddl_key *key = &spec->key;
	switch (spec->kind) {
	case DDL_SPEC_ADD_COLUMN:
		return column_is_there(e, at);
	case DDL_SPEC_CHANGE_COLUMN:
	case DDL_SPEC_RENAME_COLUMN:
	case DDL_SPEC_TOUCH_COLUMN:
	case DDL_SPEC_SHOW_COLUMN:
	case DDL_SPEC_HIDE_COLUMN:
		return draft_column(e->draft, spec->old) < 0;
	case DDL_SPEC_RENAME_KEY:
		return draft_key(e->draft, spec->old) < 0;
	case DDL_SPEC_DROP_COLUMN:
		return column_is_gone(e, at);
	case DDL_SPEC_DROP_KEY:
	case DDL_SPEC_DROP_CONSTRAINT:
		return key_is_gone(e, at);
	case DDL_SPEC_ADD_KEY:
		return key_is_there(e, at, key->kind,
				    known_as(key->kind, key->name, key->parts, key->nparts));
	default:
		return false;
	}
}

const struct exists_skip *exists_skips(const struct draft *draft, const struct ddl_step *step)
{
	struct exists_skip *skips = ARENA_ARRAY(draft->arena, step->nspecs + 1, struct exists_skip);
	struct exists e = {draft, step, skips};
	for (unsigned i = 0; i < step->nspecs; i++) {
		const struct ddl_spec *spec = &step->specs[i];
		if (!spec->if_exists)
			continue;
		skips[i].clause = is_skipped(&e, i);
		skips[i].primary = key_is_there(&e, i, DDL_KEY_PRIMARY, SLICE("PRIMARY"));
		skips[i].unique = key_is_there(&e, i, DDL_KEY_UNIQUE, spec->column.name);
	}
	return skips;
}
