#include "schema/catalog_alter.h"

#include "schema/catalog_exists.h"

/* One statement applied to a draft. */
struct alter {
	struct draft *draft;
	struct type_context *types;
	const struct ddl_step *step;
	const struct exists_skip *skips; /* one for each spec */
	enum charset database_charset;   /* the meaning of DEFAULT */
};

static int missing(const struct alter *a, const char *what, struct slice name, struct err *err)
{
	err_set(err, E_STATEMENT_UNFIT,
		"the statement names the %s %.*s, which the known definition of the table does not "
		"contain",
		what, SLICE_FMT(name));
	return err_table_of(err, a->draft->db, a->draft->name);
}

static struct slice engine_name(struct slice name)
{
	static const char *const names[] = {
		"InnoDB",    "MyISAM",      "MEMORY",     "Aria",    "CSV",     "ARCHIVE",
		"BLACKHOLE", "FEDERATED",   "MRG_MyISAM", "ROCKSDB", "CONNECT", "ndbcluster",
		"SPIDER",    "Columnstore", "TokuDB",     "Mroonga", "S3"};
	if (slice_equal_nocase(name, SLICE("HEAP")))
		return SLICE("MEMORY");
	if (slice_equal_nocase(name, SLICE("MERGE")))
		return SLICE("MRG_MyISAM");
	if (slice_equal_nocase(name, SLICE("NDB")))
		return SLICE("ndbcluster");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_equal_nocase(name, slice_str(names[i])))
			return slice_str(names[i]);
	return name;
}

/* Applies table options first, wherever they are written, because new columns depend on them. */
static void apply_options(struct alter *a)
{
	struct draft *draft = a->draft;
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *spec = &a->step->specs[i];
		if (spec->kind == DDL_SPEC_ENGINE)
			draft->engine = engine_name(spec->name);
		if (spec->kind == DDL_SPEC_CHARSET)
			draft->charset = spec->has_charset ? spec->charset : a->database_charset;
		if (spec->kind == DDL_SPEC_CONVERT)
			draft->charset =
				spec->has_charset ? spec->charset : a->types->convert_charset;
	}
	a->types->charset = draft->charset;
}

static void set_column(struct alter *a, struct draft_column *to, const struct ddl_column *from)
{
	to->was_text_blob = to->old.ptr != NULL && column_type_is_blob(to->column.type) &&
			    column_type_is_text(to->column.type);
	to->was_charset = to->column.charset;
	to->fresh = true;
	type_resolve(a->types, from, &to->column, a->draft->arena);
	to->row_end = from->row_end;
}

static int place_last(struct alter *a, const struct ddl_column *column, struct err *err)
{
	if (column->place == DDL_PLACE_FIRST)
		draft_place_last(a->draft, 0);
	if (column->place != DDL_PLACE_AFTER)
		return 0;
	int after = draft_column(a->draft, column->after);
	if (after < 0)
		return missing(a, "column", column->after, err);
	if ((unsigned)after + 1 < a->draft->ncolumns)
		draft_place_last(a->draft, (unsigned)after + 1);
	return 0;
}

static int add_column(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	if (draft_column(a->draft, spec->column.name) >= 0) {
		err_set(err, E_STATEMENT_UNFIT,
			"the statement adds the column %.*s, which the known definition of the "
			"table already contains",
			SLICE_FMT(spec->column.name));
		return err_table_of(err, a->draft->db, a->draft->name);
	}
	set_column(a, draft_add_column(a->draft), &spec->column);
	return place_last(a, &spec->column, err);
}

/* Returns the column that had the name before the statement, or -1. */
static int old_column(const struct draft *draft, struct slice name)
{
	for (unsigned i = 0; i < draft->ncolumns; i++)
		if (draft->columns[i].old.ptr != NULL &&
		    ident_equal(draft->idents, draft->columns[i].old, name))
			return (int)i;
	return -1;
}

/* Returns whether a MODIFY, CHANGE or ALTER COLUMN concerns a column that the same statement adds,
 * which MariaDB allows. A CHANGE finds the column by its new name. To an ALTER COLUMN, a column that
 * is changed and placed FIRST or AFTER another one is added, too. */
static bool concerns_added(const struct alter *a, const struct ddl_spec *spec)
{
	bool touch = spec->kind == DDL_SPEC_TOUCH_COLUMN;
	struct slice name = touch ? spec->old : spec->column.name;
	if (!touch && spec->kind != DDL_SPEC_CHANGE_COLUMN)
		return false;
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *other = &a->step->specs[i];
		bool adds = other->kind == DDL_SPEC_ADD_COLUMN ||
			    (touch && other->kind == DDL_SPEC_CHANGE_COLUMN &&
			     other->column.place != DDL_PLACE_UNSAID);
		if (adds && !a->skips[i].clause &&
		    ident_equal(a->draft->idents, other->column.name, name))
			return true;
	}
	return false;
}

/* First pass: drops, changes in its place, or renames an existing column. */
static int edit_column(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	int at = old_column(a->draft, spec->old);
	if (at < 0 && concerns_added(a, spec))
		return 0;
	if (at < 0)
		return missing(a, "column", spec->old, err);
	struct draft_column *column = &a->draft->columns[at];
	switch (spec->kind) {
	case DDL_SPEC_DROP_COLUMN:
		draft_remove_column(a->draft, (unsigned)at);
		return 0;
	case DDL_SPEC_CHANGE_COLUMN:
		set_column(a, column, &spec->column);
		break;
	case DDL_SPEC_RENAME_COLUMN:
		column->column.name = spec->name;
		return 0;
	case DDL_SPEC_SHOW_COLUMN:
		column->column.invisible = false;
		break;
	case DDL_SPEC_HIDE_COLUMN:
		column->column.invisible = true;
		break;
	default:
		break;
	}
	column->changed = true;
	return 0;
}

/* Defines and places a column again that an earlier clause has added. */
static int change_added(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	int at = draft_column(a->draft, spec->column.name);
	if (at < 0 || a->draft->columns[at].old.ptr != NULL)
		return missing(a, "column", spec->old, err);
	draft_remove_column(a->draft, (unsigned)at);
	return add_column(a, spec, err);
}

/* Second pass: moves a changed column. */
static int move_column(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	int at = old_column(a->draft, spec->old);
	if (at < 0)
		return change_added(a, spec, err);
	if (spec->column.place == DDL_PLACE_UNSAID)
		return 0;
	struct draft_column column = a->draft->columns[at];
	draft_remove_column(a->draft, (unsigned)at);
	*draft_add_column(a->draft) = column;
	return place_last(a, &spec->column, err);
}

static bool edits_column(enum ddl_spec_kind kind)
{
	return kind == DDL_SPEC_DROP_COLUMN || kind == DDL_SPEC_CHANGE_COLUMN ||
	       kind == DDL_SPEC_RENAME_COLUMN || kind == DDL_SPEC_TOUCH_COLUMN ||
	       kind == DDL_SPEC_SHOW_COLUMN || kind == DDL_SPEC_HIDE_COLUMN;
}

static int apply_columns(struct alter *a, struct err *err)
{
	const struct ddl_spec *specs = a->step->specs;
	for (unsigned i = 0; i < a->step->nspecs; i++)
		if (!a->skips[i].clause && edits_column(specs[i].kind) &&
		    edit_column(a, &specs[i], err) != 0)
			return -1;
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		int rc = 0;
		if (a->skips[i].clause)
			continue;
		if (specs[i].kind == DDL_SPEC_ADD_COLUMN)
			rc = add_column(a, &specs[i], err);
		else if (specs[i].kind == DDL_SPEC_CHANGE_COLUMN)
			rc = move_column(a, &specs[i], err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Returns the column that an old key's part now refers to, or -1. That is the first column, in the
 * new order, that had the part's name before, or is new and has that name. Thus a column that is
 * dropped and added again keeps its keys. A column added before a renamed column takes over its
 * keys. */
static int key_column(const struct draft *draft, struct slice name)
{
	for (unsigned i = 0; i < draft->ncolumns; i++) {
		const struct draft_column *column = &draft->columns[i];
		if (ident_equal(draft->idents, column->old.ptr ? column->old : column->column.name,
				name))
			return (int)i;
	}
	return -1;
}

/* Returns the prefix of a new column that takes over an old key's part: the length of the old
 * column, in characters for text, otherwise in bytes. */
static uint32_t inherited_prefix(const struct draft *draft, const struct ddl_key_part *part)
{
	int at = table_column(draft->before, part->column);
	if (part->prefix > 0 || at < 0)
		return part->prefix;
	const struct column *column = &draft->before->columns[at];
	return (uint32_t)(type_key_bytes(column) / charset_max_bytes(column->charset));
}

static bool follow_part(const struct draft *draft, struct ddl_key_part *part)
{
	int at = key_column(draft, part->column);
	if (at < 0)
		return false;
	const struct column *column = &draft->columns[at].column;
	if (draft->columns[at].old.ptr == NULL)
		part->prefix = inherited_prefix(draft, part);
	part->column = column->name;
	if (!type_has_prefix(column->type) ||
	    (column->length > 0 && part->prefix >= column->length))
		part->prefix = 0;
	return true;
}

static void follow_key(struct draft *draft, struct draft_key *key)
{
	unsigned n = 0;
	for (unsigned i = 0; i < key->nparts; i++) {
		struct ddl_key_part part = key->parts[i];
		if (part.column.ptr == NULL || follow_part(draft, &part))
			key->parts[n++] = part;
	}
	key->nparts = n;
}

static void follow_keys(struct draft *draft)
{
	for (unsigned i = 0; i < draft->nkeys;) {
		follow_key(draft, &draft->keys[i]);
		if (draft->keys[i].nparts == 0)
			draft_remove_key(draft, i);
		else
			i++;
	}
}

/* Returns the key that had the name before the statement, or -1. */
static int old_key(const struct draft *draft, struct slice name)
{
	for (unsigned i = 0; i < draft->nkeys; i++)
		if (ident_equal(draft->idents, draft->keys[i].old, name))
			return (int)i;
	return -1;
}

static int drop_key(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	bool primary = spec->kind == DDL_SPEC_DROP_PRIMARY;
	bool constraint = spec->kind == DDL_SPEC_DROP_CONSTRAINT;
	int at = primary ? draft_primary(a->draft) : old_key(a->draft, spec->old);
	if (at >= 0 && constraint && !draft_key_is_constraint(&a->draft->keys[at]))
		return 0; /* the constraint is a foreign key or a check of that name */
	if (at >= 0)
		draft_remove_key(a->draft, (unsigned)at);
	else if (!constraint)
		return missing(a, "key", primary ? SLICE("PRIMARY") : spec->old, err);
	return 0;
}

static int rename_key(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	int at = old_key(a->draft, spec->old);
	if (at < 0)
		return missing(a, "key", spec->old, err);
	a->draft->keys[at].name = spec->name;
	return 0;
}

static int edit_keys(struct alter *a, struct err *err)
{
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *spec = &a->step->specs[i];
		int rc = 0;
		if (a->skips[i].clause)
			continue;
		if (spec->kind == DDL_SPEC_DROP_KEY || spec->kind == DDL_SPEC_DROP_PRIMARY ||
		    spec->kind == DDL_SPEC_DROP_CONSTRAINT)
			rc = drop_key(a, spec, err);
		else if (spec->kind == DDL_SPEC_RENAME_KEY)
			rc = rename_key(a, spec, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* Returns the spec that adds a period in this statement, or NULL. */
static const struct ddl_spec *find_period(const struct alter *a, struct slice name)
{
	for (unsigned i = 0; i < a->step->nspecs; i++)
		if (a->step->specs[i].kind == DDL_SPEC_ADD_PERIOD &&
		    ident_equal(a->draft->idents, a->step->specs[i].name, name))
			return &a->step->specs[i];
	return NULL;
}

/* Adds the end and start columns of a period to a key WITHOUT OVERLAPS. They are unknown if an
 * earlier statement added the period. An expression then replaces them, so that the key is not used
 * as a message key. */
static void add_period_parts(struct alter *a, struct draft_key *key, struct slice period)
{
	const struct ddl_spec *spec = find_period(a, period);
	if (spec == NULL) {
		key->parts[key->nparts++] = (struct ddl_key_part){{NULL, 0}, 0};
		return;
	}
	key->parts[key->nparts++] = (struct ddl_key_part){spec->to.table, 0};
	key->parts[key->nparts++] = (struct ddl_key_part){spec->old, 0};
}

static struct draft_key *new_key(struct alter *a, enum ddl_key_kind kind, struct slice name,
				 const struct ddl_key_part *parts, unsigned nparts)
{
	struct draft_key *key = draft_add_key(a->draft);
	key->kind = kind == DDL_KEY_FOREIGN ? DDL_KEY_INDEX : kind;
	key->generated = kind == DDL_KEY_FOREIGN;
	key->name = kind == DDL_KEY_PRIMARY ? SLICE("PRIMARY") : name;
	key->parts = ARENA_ARRAY(a->draft->arena, nparts + 3, struct ddl_key_part);
	if (nparts > 0)
		memcpy(key->parts, parts, nparts * sizeof(*parts));
	key->nparts = nparts;
	return key;
}

/* Removes prefixes that cover a whole column, and those of other keys. */
static int settle_prefixes(struct alter *a, struct draft_key *key, struct err *err)
{
	for (unsigned i = 0; i < key->nparts; i++) {
		struct ddl_key_part *part = &key->parts[i];
		if (part->column.ptr == NULL)
			continue;
		int at = draft_column(a->draft, part->column);
		if (at < 0)
			return missing(a, "column", part->column, err);
		const struct column *column = &a->draft->columns[at].column;
		if (!type_has_prefix(column->type) ||
		    (!column_type_is_blob(column->type) && part->prefix >= column->length))
			part->prefix = 0;
		if (key->kind == DDL_KEY_OTHER)
			part->prefix = 0;
	}
	return 0;
}

static int add_key(struct alter *a, const struct ddl_spec *spec, struct err *err)
{
	const struct ddl_key *from = &spec->key;
	int at = from->kind == DDL_KEY_PRIMARY ? draft_primary(a->draft)
		 : from->name.len > 0          ? draft_key(a->draft, from->name)
					       : -1;
	if (at >= 0 && a->step->or_replace)
		draft_remove_key(a->draft, (unsigned)at);
	struct draft_key *key = new_key(a, from->kind, from->name, from->parts, from->nparts);
	key->hash = a->types->mariadb && from->using_hash && from->kind == DDL_KEY_UNIQUE;
	if (from->period.len > 0)
		add_period_parts(a, key, from->period);
	return settle_prefixes(a, key, err);
}

static void add_inline_keys(struct alter *a, const struct ddl_column *column,
			    const struct exists_skip *skip)
{
	struct ddl_key_part part = {column->name, 0};
	bool references = column->references && (a->types->mariadb || a->types->version == 0 ||
						 a->types->version >= 90000);
	if (column->primary && !skip->primary)
		new_key(a, DDL_KEY_PRIMARY, SLICE(""), &part, 1);
	if (column->unique && !skip->unique)
		new_key(a, DDL_KEY_UNIQUE, SLICE(""), &part, 1);
	if (references)
		new_key(a, DDL_KEY_FOREIGN, SLICE(""), &part, 1);
}

static int add_keys(struct alter *a, struct err *err)
{
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *spec = &a->step->specs[i];
		if (spec->kind == DDL_SPEC_ADD_KEY && !a->skips[i].clause &&
		    add_key(a, spec, err) != 0)
			return -1;
		if (spec->kind == DDL_SPEC_ADD_COLUMN || spec->kind == DDL_SPEC_CHANGE_COLUMN)
			add_inline_keys(a, &spec->column, &a->skips[i]);
	}
	return 0;
}

/* Returns whether key b begins with all parts of key a. */
static bool is_key_prefix(enum ident_rules idents, const struct draft_key *a,
			  const struct draft_key *b)
{
	if (a->nparts > b->nparts)
		return false;
	for (unsigned i = 0; i < a->nparts; i++) {
		if (a->parts[i].column.ptr == NULL || b->parts[i].column.ptr == NULL ||
		    a->parts[i].prefix != b->parts[i].prefix ||
		    !ident_equal(idents, a->parts[i].column, b->parts[i].column))
			return false;
	}
	return true;
}

/* Returns whether a key that was created for a foreign key is not needed, because another key
 * serves. */
static bool is_redundant(const struct draft *draft, unsigned at)
{
	const struct draft_key *key = &draft->keys[at];
	for (unsigned i = 0; i < draft->nkeys; i++) {
		const struct draft_key *other = &draft->keys[i];
		if (i == at || !is_key_prefix(draft->idents, key, other))
			continue;
		/* of two keys for foreign keys keep the longer, of equal keys the first */
		if (!other->generated || other->nparts > key->nparts || i < at)
			return true;
	}
	return false;
}

static void drop_redundant_keys(struct draft *draft)
{
	for (unsigned i = 0; i < draft->nkeys;) {
		if (draft->keys[i].generated && is_redundant(draft, i))
			draft_remove_key(draft, i);
		else
			i++;
	}
}

static bool has_expression(const struct draft_key *key)
{
	for (unsigned i = 0; i < key->nparts; i++)
		if (key->parts[i].column.ptr == NULL)
			return true;
	return false;
}

/* Names a key after its first column, with _2, _3 ... if that name is taken. */
static void name_key(struct draft *draft, struct draft_key *key)
{
	struct slice base = has_expression(key) ? SLICE("functional_index") : key->parts[0].column;
	struct slice name = base;
	for (unsigned n = 2;
	     draft_key(draft, name) >= 0 || slice_equal_nocase(name, SLICE("PRIMARY")); n++)
		name = arena_printf(draft->arena, "%.*s_%u", SLICE_FMT(base), n);
	key->name = name;
}

static void name_keys(struct draft *draft)
{
	for (unsigned i = 0; i < draft->nkeys; i++)
		if (draft->keys[i].name.len == 0 && draft->keys[i].nparts > 0)
			name_key(draft, &draft->keys[i]);
}

static void set_not_null(struct draft *draft, struct slice name)
{
	int at = draft_column(draft, name);
	if (at >= 0)
		draft->columns[at].column.nullable = false;
}

static void primary_not_null(struct draft *draft)
{
	int at = draft_primary(draft);
	if (at < 0)
		return;
	const struct draft_key *key = &draft->keys[at];
	for (unsigned i = 0; i < key->nparts; i++)
		if (key->parts[i].column.ptr != NULL)
			set_not_null(draft, key->parts[i].column);
}

/* Returns the maximum bytes of a key. MariaDB makes a longer unique key a hash. */
static uint64_t longest_key(struct slice engine)
{
	if (slice_equal_nocase(engine, SLICE("MyISAM")))
		return 1000;
	return slice_equal_nocase(engine, SLICE("Aria")) ? 2300 : 3072;
}

static bool needs_hash(const struct draft *draft, const struct draft_key *key)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < key->nparts; i++) {
		const struct ddl_key_part *part = &key->parts[i];
		int at = part->column.ptr ? draft_column(draft, part->column) : -1;
		if (at < 0)
			continue;
		const struct column *column = &draft->columns[at].column;
		uint64_t whole = type_key_bytes(column);
		if (part->prefix > 0)
			bytes += part->prefix * (column_type_is_text(column->type)
							 ? charset_max_bytes(column->charset)
							 : 1u);
		else if (whole == 0)
			return true;
		else
			bytes += whole;
	}
	return bytes > longest_key(draft->engine);
}

/* Sets the prefix of a part of a key that is not unique, if the whole column is too long for the
 * engine. Keeps the part of an old key, unless the statement defines its column. */
static void cut_part(const struct draft *draft, struct ddl_key_part *part, bool old)
{
	int at = part->column.ptr ? draft_column(draft, part->column) : -1;
	if (at < 0 || part->prefix > 0 || (old && !draft->columns[at].fresh))
		return;
	const struct column *column = &draft->columns[at].column;
	uint64_t bytes = type_key_bytes(column), longest = longest_key(draft->engine);
	unsigned each = column_type_is_text(column->type) ? charset_max_bytes(column->charset) : 1;
	if (column_type_is_blob(column->type) || (type_has_prefix(column->type) && bytes > longest))
		part->prefix = (uint32_t)(longest / each);
}

static void cut_keys(struct draft *draft, unsigned nold)
{
	for (unsigned i = 0; i < draft->nkeys; i++)
		for (unsigned j = 0;
		     draft->keys[i].kind == DDL_KEY_INDEX && j < draft->keys[i].nparts; j++)
			cut_part(draft, &draft->keys[i].parts[j], i < nold);
}

static void settle_hashes(struct alter *a, unsigned nold)
{
	bool memory = slice_equal_nocase(a->draft->engine, SLICE("MEMORY"));
	for (unsigned i = 0; i < a->draft->nkeys; i++) {
		struct draft_key *key = &a->draft->keys[i];
		bool asked = i >= nold && key->hash; /* an old USING HASH does not count */
		key->hash = a->types->mariadb && !memory && key->kind == DDL_KEY_UNIQUE &&
			    (asked || needs_hash(a->draft, key));
	}
}

/* Converts a column to the draft's character set. A type that the statement defines does not grow,
 * except that MySQL uses the old character set of a column that was TEXT before. */
static void convert_column(struct alter *a, struct draft_column *column)
{
	enum charset before = column->column.charset;
	bool converts = column_type_is_text(column->column.type) && before != CHARSET_BINARY &&
			a->draft->charset != CHARSET_BINARY;
	if (column->fresh && converts)
		column->column.charset = !a->types->mariadb && column->was_text_blob
						 ? column->was_charset
						 : a->draft->charset;
	type_convert(a->types, &column->column, a->draft->charset, a->draft->arena);
	column->changed |= column->column.charset != before;
}

static void convert(struct alter *a)
{
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *spec = &a->step->specs[i];
		if (spec->kind != DDL_SPEC_CONVERT)
			continue;
		for (unsigned j = 0; j < a->draft->ncolumns; j++)
			convert_column(a, &a->draft->columns[j]);
	}
}

static bool has_spec(const struct alter *a, enum ddl_spec_kind kind)
{
	for (unsigned i = 0; i < a->step->nspecs; i++)
		if (a->step->specs[i].kind == kind)
			return true;
	return false;
}

/* Adds the ROW END column to the unique keys of a table with system versioning that declares this
 * column, like MariaDB. */
static void add_row_end(struct alter *a)
{
	struct slice name = {NULL, 0};
	for (unsigned i = 0; i < a->draft->ncolumns; i++)
		if (a->draft->columns[i].row_end)
			name = a->draft->columns[i].column.name;
	for (unsigned i = 0; name.ptr != NULL && i < a->draft->nkeys; i++) {
		struct draft_key *key = &a->draft->keys[i];
		if (key->kind != DDL_KEY_PRIMARY && key->kind != DDL_KEY_UNIQUE)
			continue;
		struct ddl_key_part *parts =
			ARENA_ARRAY(a->draft->arena, key->nparts + 1, struct ddl_key_part);
		memcpy(parts, key->parts, key->nparts * sizeof(*parts));
		parts[key->nparts] = (struct ddl_key_part){name, 0};
		key->parts = parts;
		key->nparts++;
	}
}

/* Applies WITH and DROP SYSTEM VERSIONING. The catalog does not contain implicit row_start and
 * row_end columns: SELECT * does not return them, and such a table is refused. */
static void apply_versioning(struct alter *a)
{
	bool versioned = has_spec(a, DDL_SPEC_ADD_VERSIONING);
	for (unsigned i = 0; i < a->step->nspecs && a->step->kind == DDL_STEP_CREATE_TABLE; i++)
		versioned |= a->step->specs[i].kind == DDL_SPEC_ADD_COLUMN &&
			     a->step->specs[i].column.versioned;
	if (versioned)
		add_row_end(a);
	if (has_spec(a, DDL_SPEC_DROP_VERSIONING))
		a->draft->versioned = false;
	a->draft->versioned |= versioned;
}

static void apply_periods(struct alter *a)
{
	for (unsigned i = 0; i < a->step->nspecs; i++) {
		const struct ddl_spec *spec = &a->step->specs[i];
		if (spec->kind != DDL_SPEC_ADD_PERIOD)
			continue;
		set_not_null(a->draft, spec->old);
		set_not_null(a->draft, spec->to.table);
	}
}

int alter_apply(struct draft *draft, struct type_context *types, const struct ddl_step *step,
		struct err *err)
{
	struct alter a = {.draft = draft,
			  .types = types,
			  .step = step,
			  .skips = exists_skips(draft, step),
			  .database_charset = types->charset};
	apply_options(&a);
	if (apply_columns(&a, err) != 0)
		return -1;
	if (edit_keys(&a, err) != 0)
		return -1;
	follow_keys(draft);
	unsigned nold = draft->nkeys;
	if (add_keys(&a, err) != 0)
		return -1;
	convert(&a);
	settle_hashes(&a, nold);
	cut_keys(draft, nold);
	drop_redundant_keys(draft);
	name_keys(draft);
	apply_periods(&a);
	apply_versioning(&a);
	primary_not_null(draft);
	return 0;
}
