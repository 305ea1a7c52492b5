/* catalog_apply: applies the steps of a statement to the tables of the catalog, and lists the
 * effects. */
#include "schema/catalog_alter.h"
#include "schema/catalog_priv.h"

/* One call of catalog_apply. All data is in catalog->scratch. */
struct apply {
	struct catalog *catalog;
	const struct ddl_context *context;
	struct arena *arena;
	struct ddl_effect *effects;
	unsigned neffects, effect_cap;
};

static struct slice name_of(struct apply *a, struct slice name)
{
	return catalog_name(a->catalog, arena_copy(a->arena, name), a->arena);
}

/* Returns a copy of the name, in lower case if the server stores it so. */
static struct ddl_name target(struct apply *a, const struct ddl_name *name)
{
	return (struct ddl_name){name_of(a, name->db), name_of(a, name->table)};
}

static struct ddl_effect *add_effect(struct apply *a, enum ddl_op op, const struct ddl_name *name)
{
	if (a->neffects == a->effect_cap) {
		a->effect_cap = a->effect_cap ? a->effect_cap * 2 : 4;
		struct ddl_effect *bigger = ARENA_ARRAY(a->arena, a->effect_cap, struct ddl_effect);
		if (a->neffects > 0)
			memcpy(bigger, a->effects, a->neffects * sizeof(*bigger));
		a->effects = bigger;
	}
	struct ddl_effect *effect = &a->effects[a->neffects++];
	*effect = (struct ddl_effect){.op = op, .db = name->db, .table = name->table};
	return effect;
}

static enum charset default_charset(const struct apply *a)
{
	enum charset charset;
	if (a->context->collation_server != 0 &&
	    charset_of_id(a->context->collation_server, &charset))
		return charset;
	return CHARSET_UTF8MB4;
}

enum { MARIADB_TABLES_DATABASE = 100900 };

/* Returns the character set of CONVERT TO CHARACTER SET DEFAULT for a table of the database `own`.
 * New versions of MariaDB use the default of `own`. Other servers use the session's
 * collation_database, which is that of the default database unless it was set. */
static enum charset convert_charset(const struct apply *a, const struct catalog_database *own)
{
	const struct ddl_context *context = a->context;
	const struct catalog_database *database;
	enum charset charset;
	if (context->mariadb &&
	    (context->version == 0 || context->version >= MARIADB_TABLES_DATABASE))
		return own->charset;
	if (context->collation_database != 0 &&
	    charset_of_id(context->collation_database, &charset))
		return charset;
	if (context->db.len == 0)
		return default_charset(a);
	database = catalog_database(a->catalog, context->db);
	return database ? database->charset : own->charset;
}

static struct type_context type_context(const struct apply *a,
					const struct catalog_database *database)
{
	bool implicit = a->context->timestamp == DDL_TIMESTAMP_UNSAID
				? a->catalog->variables.implicit_timestamp
				: a->context->timestamp == DDL_TIMESTAMP_IMPLICIT;
	return (struct type_context){
		.mariadb = a->context->mariadb,
		.version = a->context->version,
		.implicit_timestamp = implicit,
		.charset = database->charset,
		.convert_charset = convert_charset(a, database),
	};
}

/* Fills the lists of an effect: added, changed, dropped and renamed columns. */
static void list_columns(struct apply *a, struct ddl_effect *effect, const struct draft *draft)
{
	const struct table *before = effect->before;
	unsigned nbefore = before ? before->ncolumns : 0;
	struct slice *added = ARENA_ARRAY(a->arena, draft->ncolumns, struct slice);
	struct slice *changed = ARENA_ARRAY(a->arena, draft->ncolumns, struct slice);
	struct slice *dropped = ARENA_ARRAY(a->arena, nbefore, struct slice);
	struct ddl_rename *renamed = ARENA_ARRAY(a->arena, draft->ncolumns, struct ddl_rename);
	bool *kept = ARENA_ARRAY(a->arena, nbefore, bool);
	for (unsigned i = 0; i < draft->ncolumns; i++) {
		const struct draft_column *column = &draft->columns[i];
		struct slice name = arena_copy(a->arena, column->column.name);
		int at = before && column->old.ptr ? table_column(before, column->old) : -1;
		if (at < 0) {
			added[effect->nadded++] = name;
			continue;
		}
		kept[at] = true;
		if (column->changed)
			changed[effect->nchanged++] = name;
		if (!slice_equal(column->old, column->column.name))
			renamed[effect->nrenamed++] =
				(struct ddl_rename){arena_copy(a->arena, column->old), name};
	}
	for (unsigned i = 0; i < nbefore; i++)
		if (!kept[i])
			dropped[effect->ndropped++] = arena_copy(a->arena, before->columns[i].name);
	effect->added = added;
	effect->changed = changed;
	effect->dropped = dropped;
	effect->renamed = renamed;
}

/* Returns the tracked database in which the statement creates a table. NULL: the database is not
 * tracked, or IF NOT EXISTS finds a table. */
static struct catalog_database *place_for(struct apply *a, const struct ddl_step *step,
					  const struct ddl_name *name)
{
	struct catalog_database *database = catalog_database(a->catalog, name->db);
	if (database == NULL)
		return NULL;
	if (step->if_exists && (catalog_find(a->catalog, name->db, name->table) != NULL ||
				catalog_other_has(a->catalog, database, name->table)))
		return NULL;
	catalog_other_remove(a->catalog, database, name->table);
	return database;
}

/* Drops the table that has the name, as OR REPLACE does. */
static void replace_table(struct apply *a, const struct ddl_name *name)
{
	const struct table *known = catalog_find(a->catalog, name->db, name->table);
	if (known == NULL)
		return;
	struct ddl_effect *effect = add_effect(a, DDL_ERASE, name);
	effect->before = known;
	effect->replaced = true;
	catalog_remove(a->catalog, known);
}

static int create_table(struct apply *a, const struct ddl_step *step, struct err *err)
{
	struct ddl_name name = target(a, &step->name);
	const struct catalog_database *database = place_for(a, step, &name);
	if (database == NULL)
		return 0;
	struct type_context types = type_context(a, database);
	struct draft draft;
	draft_init(&draft, a->arena, database->name, name.table);
	draft.charset = database->charset;
	draft.idents = a->catalog->idents;
	draft.engine = slice_str(a->catalog->variables.engine);
	if (alter_apply(&draft, &types, step, err) != 0)
		return -1;
	replace_table(a, &name);
	struct ddl_effect *effect = add_effect(a, DDL_CREATE, &name);
	list_columns(a, effect, &draft);
	effect->after = catalog_publish(a->catalog, &draft);
	return 0;
}

/* Publishes a copy of a definition under a name, which may be its own. */
static const struct table *publish_copy(struct apply *a, const struct table *table, struct slice db,
					struct slice name)
{
	struct draft draft;
	draft_from_table(&draft, a->arena, table);
	draft.db = db;
	draft.name = name;
	return catalog_publish(a->catalog, &draft);
}

static int create_like(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = target(a, &step->name), from = target(a, &step->other);
	struct catalog_database *database = place_for(a, step, &name);
	if (database == NULL)
		return 0;
	const struct table *model = catalog_find(a->catalog, from.db, from.table);
	replace_table(a, &name);
	struct ddl_effect *effect = add_effect(a, DDL_CREATE, &name);
	if (model != NULL)
		effect->after = publish_copy(a, model, database->name, name.table);
	else /* its definition is unknown, so a later change of it is not an error */
		database->partial = true;
	return 0;
}

static int not_known(const struct ddl_name *name, struct err *err)
{
	err_set(err, E_STATEMENT_UNFIT,
		"the statement changes a table that has no definition: the definitions do not fit "
		"the position in the binlog");
	return err_table_of(err, name->db, name->table);
}

/* Notes that the table `name` and a partition of the table `from` have swapped their rows. */
static void exchange(struct apply *a, const struct ddl_name *name, const struct ddl_name *from)
{
	const struct table *known = catalog_find(a->catalog, name->db, name->table);
	if (known == NULL)
		return;
	struct ddl_effect *effect = add_effect(a, DDL_ALTER, name);
	effect->before = known;
	effect->after = publish_copy(a, known, known->db, known->name);
	effect->rows_from = *from;
	effect->exchanged = true;
}

/* Removes a table that becomes a partition. */
static void swallow(struct apply *a, const struct ddl_name *name)
{
	const struct table *known = catalog_find(a->catalog, name->db, name->table);
	if (known == NULL)
		return;
	add_effect(a, DDL_ERASE, name)->before = known;
	catalog_remove(a->catalog, known);
}

/* Adds a table that is created from a partition. Its definition is unknown if that of the
 * partitioned table is. */
static void split_off(struct apply *a, const struct ddl_name *name, const struct ddl_name *from,
		      const struct table *table)
{
	const struct table *known = catalog_find(a->catalog, name->db, name->table);
	struct catalog_database *database = catalog_database(a->catalog, name->db);
	if (database == NULL)
		return;
	struct ddl_effect *effect = add_effect(a, DDL_CREATE, name);
	effect->before = known;
	effect->rows_from = *from;
	if (table)
		effect->after = publish_copy(a, table, database->name, name->table);
	else if (known)
		catalog_remove(a->catalog, known);
	if (table == NULL)
		database->partial = true;
}

/* Handles EXCHANGE PARTITION and CONVERT, which move rows between two tables without writing them
 * to the binlog. table: the partitioned table; NULL: unknown. */
static void move_rows(struct apply *a, const struct ddl_spec *spec, const struct ddl_name *name,
		      const struct table *table)
{
	struct ddl_name other = target(a, &spec->to);
	if (spec->kind == DDL_SPEC_EXCHANGE)
		exchange(a, &other, name);
	else if (spec->kind == DDL_SPEC_TABLE_TO_PARTITION)
		swallow(a, &other);
	else if (spec->kind == DDL_SPEC_PARTITION_TO_TABLE)
		split_off(a, &other, name, table);
}

/* Notes the table whose rows the statement moves into the altered table. */
static void note_rows(struct apply *a, const struct ddl_step *step, struct ddl_effect *effect)
{
	for (unsigned i = 0; i < step->nspecs; i++) {
		const struct ddl_spec *spec = &step->specs[i];
		if (spec->kind != DDL_SPEC_EXCHANGE && spec->kind != DDL_SPEC_TABLE_TO_PARTITION)
			continue;
		effect->rows_from = target(a, &spec->to);
		effect->exchanged = spec->kind == DDL_SPEC_EXCHANGE;
	}
}

static const struct ddl_spec *rename_spec(const struct ddl_step *step)
{
	for (unsigned i = step->nspecs; i > 0; i--)
		if (step->specs[i - 1].kind == DDL_SPEC_RENAME)
			return &step->specs[i - 1];
	return NULL;
}

/* Publishes the altered draft under its new name. */
static void publish_altered(struct apply *a, struct draft *draft, struct ddl_effect *effect,
			    const struct ddl_spec *rename)
{
	if (rename == NULL) {
		effect->after = catalog_publish(a->catalog, draft);
		return;
	}
	struct ddl_name to = target(a, &rename->to);
	const struct catalog_database *database = catalog_database(a->catalog, to.db);
	effect->op = DDL_RENAME;
	effect->new_db = to.db;
	effect->new_table = to.table;
	catalog_remove(a->catalog, effect->before);
	if (database == NULL)
		return;
	draft->db = database->name;
	draft->name = to.table;
	effect->after = catalog_publish(a->catalog, draft);
}

static void add_query(struct apply *a, struct slice db)
{
	struct ddl_name name = {db, SLICE("")};
	add_effect(a, DDL_QUERY, &name);
}

/* Removes a view or sequence. Returns false if the name is not that of one. */
static bool drop_other(struct apply *a, const struct ddl_name *name)
{
	struct catalog_database *database = catalog_database(a->catalog, name->db);
	if (database == NULL || !catalog_other_remove(a->catalog, database, name->table))
		return false;
	add_query(a, name->db);
	return true;
}

static void add_other(struct apply *a, const struct ddl_name *name)
{
	struct catalog_database *database = catalog_database(a->catalog, name->db);
	if (database == NULL)
		return;
	catalog_other_add(a->catalog, database, name->table);
	add_query(a, name->db);
}

/* Handles the RENAME of an unknown table, view or sequence into a tracked database. */
static void rename_unknown(struct apply *a, const struct ddl_name *name, const struct ddl_name *to)
{
	if (drop_other(a, name)) {
		add_other(a, to);
		return;
	}
	if (!catalog_has_database(a->catalog, to->db))
		return;
	struct ddl_effect *effect = add_effect(a, DDL_RENAME, name);
	effect->new_db = to->db;
	effect->new_table = to->table;
}

static int alter_unknown(struct apply *a, const struct ddl_step *step, const struct ddl_name *name,
			 struct err *err)
{
	const struct catalog_database *database = catalog_database(a->catalog, name->db);
	const struct ddl_spec *rename = rename_spec(step);
	if (database != NULL && !database->partial && !step->if_exists &&
	    !catalog_other_has(a->catalog, database, name->table))
		return not_known(name, err);
	if (rename != NULL) {
		struct ddl_name to = target(a, &rename->to);
		rename_unknown(a, name, &to);
	}
	for (unsigned i = 0; i < step->nspecs; i++)
		move_rows(a, &step->specs[i], name, NULL);
	return 0;
}

static int alter_table(struct apply *a, const struct ddl_step *step, enum ddl_op op,
		       struct err *err)
{
	struct ddl_name name = target(a, &step->name);
	const struct table *before = catalog_find(a->catalog, name.db, name.table);
	if (before == NULL)
		return alter_unknown(a, step, &name, err);
	struct type_context types = type_context(a, catalog_database(a->catalog, name.db));
	struct draft draft;
	draft_from_table(&draft, a->arena, before);
	if (alter_apply(&draft, &types, step, err) != 0)
		return -1;
	struct ddl_effect *effect = add_effect(a, op, &name);
	effect->before = before;
	list_columns(a, effect, &draft);
	note_rows(a, step, effect);
	publish_altered(a, &draft, effect, rename_spec(step));
	const struct table *after = effect->after ? effect->after : before;
	for (unsigned i = 0; i < step->nspecs; i++)
		move_rows(a, &step->specs[i], &name, after);
	return 0;
}

static void drop_table(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = target(a, &step->name);
	const struct table *table = catalog_find(a->catalog, name.db, name.table);
	if (table == NULL) { /* a view, a sequence, a temporary table, or no table */
		drop_other(a, &name);
		return;
	}
	add_effect(a, DDL_ERASE, &name)->before = table;
	catalog_remove(a->catalog, table);
}

static void rename_table(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = target(a, &step->name), to = target(a, &step->other);
	const struct table *table = catalog_find(a->catalog, name.db, name.table);
	const struct catalog_database *own = catalog_database(a->catalog, name.db);
	if (table == NULL && step->if_exists && own != NULL && !own->partial &&
	    !catalog_other_has(a->catalog, own, name.table))
		return;
	if (table == NULL) {
		rename_unknown(a, &name, &to);
		return;
	}
	struct ddl_effect *effect = add_effect(a, DDL_RENAME, &name);
	const struct catalog_database *database = catalog_database(a->catalog, to.db);
	effect->new_db = to.db;
	effect->new_table = to.table;
	effect->before = table;
	catalog_remove(a->catalog, table);
	if (database != NULL)
		effect->after = publish_copy(a, table, database->name, to.table);
}

static void truncate_table(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = target(a, &step->name);
	const struct table *table = catalog_find(a->catalog, name.db, name.table);
	if (table == NULL)
		return;
	struct ddl_effect *effect = add_effect(a, DDL_TRUNCATE, &name);
	effect->before = table;
	effect->after = publish_copy(a, table, table->db, table->name);
}

/* Drops a database, with an effect for each table. */
static void erase_database(struct apply *a, struct slice db)
{
	const struct catalog_database *database = catalog_database(a->catalog, db);
	const struct table *table;
	size_t at = 0;
	while ((table = catalog_next(a->catalog, &at)) != NULL) {
		if (catalog_database(a->catalog, table->db) != database)
			continue;
		struct ddl_name name = {arena_copy(a->arena, table->db),
					arena_copy(a->arena, table->name)};
		add_effect(a, DDL_ERASE, &name)->before = table;
	}
	catalog_drop_database(a->catalog, db);
}

/* Starts to track a new database. All its tables are known, because it is empty. With IF NOT EXISTS
 * it may have existed untracked, and may contain unknown tables. */
static void create_database(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = {name_of(a, step->name.db), SLICE("")};
	bool known = catalog_has_database(a->catalog, name.db);
	if (known && step->if_exists)
		return;
	if (known)
		erase_database(a, name.db);
	struct catalog_database *database = catalog_add_database(a->catalog, name.db);
	database->charset = step->has_charset ? step->charset : default_charset(a);
	database->partial = step->if_exists;
	add_effect(a, DDL_QUERY, &name);
}

static void alter_database(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = {name_of(a, step->name.db), SLICE("")};
	struct catalog_database *database = catalog_database(a->catalog, name.db);
	if (database == NULL)
		return;
	if (step->has_charset)
		database->charset = step->charset;
	else if (step->default_charset)
		database->charset = default_charset(a);
	add_effect(a, DDL_QUERY, &name);
}

static void drop_database(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = {name_of(a, step->name.db), SLICE("")};
	if (!catalog_has_database(a->catalog, name.db))
		return;
	erase_database(a, name.db);
	add_effect(a, DDL_QUERY, &name);
}

static void query(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = {name_of(a, step->name.db), SLICE("")};
	if (catalog_has_database(a->catalog, name.db))
		add_effect(a, DDL_QUERY, &name);
}

/* Adds a view or sequence. The server logs the statement even if IF NOT EXISTS found a table of
 * that name. A sequence may replace a table. */
static void create_other(struct apply *a, const struct ddl_step *step, const struct ddl_name *name)
{
	const struct table *table = catalog_find(a->catalog, name->db, name->table);
	if (table != NULL && step->if_exists) {
		add_query(a, name->db);
		return;
	}
	if (table != NULL) {
		add_effect(a, DDL_ERASE, name)->before = table;
		catalog_remove(a->catalog, table);
	}
	add_other(a, name);
}

static void change_other(struct apply *a, const struct ddl_step *step)
{
	struct ddl_name name = target(a, &step->name);
	if (step->kind == DDL_STEP_CREATE_OTHER)
		create_other(a, step, &name);
	else
		drop_other(a, &name);
}

static int apply_step(struct apply *a, const struct ddl_step *step, struct err *err)
{
	switch (step->kind) {
	case DDL_STEP_CREATE_TABLE:
		return create_table(a, step, err);
	case DDL_STEP_CREATE_LIKE:
		return create_like(a, step);
	case DDL_STEP_ALTER_TABLE:
		return alter_table(a, step, DDL_ALTER, err);
	case DDL_STEP_CREATE_INDEX:
		return alter_table(a, step, DDL_CINDEX, err);
	case DDL_STEP_DROP_INDEX:
		return alter_table(a, step, DDL_DINDEX, err);
	case DDL_STEP_DROP_TABLE:
		drop_table(a, step);
		break;
	case DDL_STEP_RENAME_TABLE:
		rename_table(a, step);
		break;
	case DDL_STEP_TRUNCATE:
		truncate_table(a, step);
		break;
	case DDL_STEP_CREATE_DATABASE:
		create_database(a, step);
		break;
	case DDL_STEP_ALTER_DATABASE:
		alter_database(a, step);
		break;
	case DDL_STEP_DROP_DATABASE:
		drop_database(a, step);
		break;
	case DDL_STEP_QUERY:
		query(a, step);
		break;
	case DDL_STEP_CREATE_OTHER:
	case DDL_STEP_DROP_OTHER:
		change_other(a, step);
		break;
	case DDL_STEP_NONE:
	case DDL_STEP_DML:
	case DDL_STEP_UNPLACED:
		break;
	}
	return 0;
}

/* Only statements of one step can fail. They fail before they change anything. */
int catalog_apply(struct catalog *catalog, const struct ddl_context *context,
		  const struct ddl_step *steps, unsigned nsteps, const struct ddl_effect **effects,
		  unsigned *neffects, struct err *err)
{
	struct apply a = {.catalog = catalog, .context = context, .arena = &catalog->scratch};
	arena_reset(&catalog->scratch);
	*effects = NULL;
	*neffects = 0;
	for (unsigned i = 0; i < nsteps; i++)
		if (apply_step(&a, &steps[i], err) != 0)
			return -1;
	*effects = a.effects;
	*neffects = a.neffects;
	return 0;
}
