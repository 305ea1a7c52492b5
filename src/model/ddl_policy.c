#include "model/ddl_policy.h"

const char *ddl_kind_name(enum ddl_kind kind)
{
	static const char *const names[DDL_KIND_COUNT] = {
#define X(id, name) name,
		DDL_KINDS(X)
#undef X
	};
	return names[kind];
}

const char *ddl_policy_name(enum ddl_policy policy)
{
	static const char *const names[DDL_POLICY_COUNT] = {"normal", "ignore", "alert", "error"};
	return names[policy];
}

static unsigned bit(enum ddl_kind kind)
{
	return 1u << kind;
}

/* Return whether a column that gets a new name gets another type or attribute, too. CHANGE repeats its whole definition. */
static bool is_modified(const struct ddl_spec *spec, const struct ddl_effect *effect)
{
	int old, now;
	if (effect->before == NULL || effect->after == NULL)
		return true;
	old = table_column(effect->before, spec->old);
	now = table_column(effect->after, spec->column.name);
	return old < 0 || now < 0 ||
	       !column_same_type(&effect->before->columns[old], &effect->after->columns[now]);
}

static unsigned kinds_of_change(const struct ddl_spec *spec, const struct ddl_effect *effect)
{
	if (slice_equal(spec->old, spec->column.name))
		return bit(DDL_KIND_MODIFY_COLUMN);
	return bit(DDL_KIND_RENAME_COLUMN) |
	       (is_modified(spec, effect) ? bit(DDL_KIND_MODIFY_COLUMN) : 0);
}

static unsigned kinds_of_spec(const struct ddl_spec *spec, const struct ddl_effect *effect)
{
	switch (spec->kind) {
	case DDL_SPEC_ADD_COLUMN:
		return bit(DDL_KIND_ADD_COLUMN);
	case DDL_SPEC_CHANGE_COLUMN:
		return kinds_of_change(spec, effect);
	case DDL_SPEC_RENAME_COLUMN:
		return bit(DDL_KIND_RENAME_COLUMN);
	case DDL_SPEC_TOUCH_COLUMN:
	case DDL_SPEC_SHOW_COLUMN:
	case DDL_SPEC_HIDE_COLUMN:
	case DDL_SPEC_CONVERT:
		return bit(DDL_KIND_MODIFY_COLUMN);
	case DDL_SPEC_DROP_COLUMN:
		return bit(DDL_KIND_DROP_COLUMN);
	case DDL_SPEC_ADD_KEY:
		return bit(spec->key.kind == DDL_KEY_FOREIGN ? DDL_KIND_OTHER
							     : DDL_KIND_CREATE_INDEX);
	case DDL_SPEC_DROP_KEY:
	case DDL_SPEC_DROP_PRIMARY:
		return bit(DDL_KIND_DROP_INDEX);
	case DDL_SPEC_RENAME:
		return bit(DDL_KIND_RENAME_TABLE);
	default:
		return bit(DDL_KIND_OTHER);
	}
}

/* The kinds of the parts of ALTER TABLE. */
static unsigned kinds_of_specs(const struct ddl_effect *effect, const struct ddl_step *steps,
			       unsigned n)
{
	unsigned kinds = 0;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; steps[i].kind == DDL_STEP_ALTER_TABLE && k < steps[i].nspecs;
		     k++)
			kinds |= kinds_of_spec(&steps[i].specs[k], effect);
	return kinds;
}

unsigned ddl_kinds(const struct ddl_effect *effect, const struct ddl_step *steps, unsigned n)
{
	unsigned kinds;
	switch (effect->op) {
	case DDL_CREATE:
		return bit(DDL_KIND_CREATE_TABLE);
	case DDL_ERASE:
		return bit(DDL_KIND_DROP_TABLE);
	case DDL_TRUNCATE:
		return bit(DDL_KIND_TRUNCATE);
	case DDL_RENAME: /* ALTER TABLE ... RENAME, too */
		return bit(DDL_KIND_RENAME_TABLE) | kinds_of_specs(effect, steps, n);
	case DDL_CINDEX:
		return bit(DDL_KIND_CREATE_INDEX);
	case DDL_DINDEX:
		return bit(DDL_KIND_DROP_INDEX);
	case DDL_ALTER:
		kinds = kinds_of_specs(effect, steps, n);
		return kinds ? kinds : bit(DDL_KIND_OTHER);
	default:
		return bit(DDL_KIND_OTHER);
	}
}

enum ddl_kind ddl_strictest(unsigned kinds, const enum ddl_policy policies[DDL_KIND_COUNT])
{
	enum ddl_kind strictest = DDL_KIND_COUNT;
	for (unsigned kind = 0; kind < DDL_KIND_COUNT; kind++)
		if (kinds & bit(kind) &&
		    (strictest == DDL_KIND_COUNT || policies[kind] > policies[strictest]))
			strictest = (enum ddl_kind)kind;
	return strictest;
}
