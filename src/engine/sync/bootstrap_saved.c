/* bootstrap_saved: whether a start may take the definitions of the checkpoint for those of the source. To read those of 10,000 tables
 * takes the server seconds (docs/decisions/0039). */
#include "base/log.h"
#include "engine/state/records.h"
#include "engine/sync/bootstrap_priv.h"
#include "source/catalog_load.h"

int bootstrap_load_saved(struct bootstrap *bootstrap, struct err *err)
{
	struct checkpoint *checkpoint = &bootstrap->sync->checkpoint;
	struct slice name, value;
	size_t at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("database/"), &name, &value))
		if (catalog_database_from_json(bootstrap->catalog_at_position, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	at = 0;
	while (checkpoint_next(checkpoint, &at, SLICE("catalog/"), &name, &value))
		if (catalog_table_from_json(bootstrap->catalog_at_position, value, err) < 0)
			return err_wrap(err, "checkpoint record %.*s", SLICE_FMT(name));
	return 0;
}

/* ---- the checkpoint ---- */

/* Return whether the tables of all records are copied, and catalog_at_position has every definition that a record has brought: 1, 0,
 * -1. */
static int are_copied(struct bootstrap *bootstrap, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 1;
	while (rc > 0 &&
	       checkpoint_next(&bootstrap->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		struct table_record record;
		table_record_init(&record, TABLE_NEW);
		rc = table_record_read(&record, name, value, &bootstrap->arena, err);
		if (rc == 0)
			rc = table_record_is_passed(&record, &bootstrap->position);
		table_record_fini(&record);
	}
	return rc;
}

static bool has_records(struct bootstrap *bootstrap, struct slice prefix)
{
	struct slice name, value;
	size_t at = 0;
	return checkpoint_next(&bootstrap->sync->checkpoint, &at, prefix, &name, &value);
}

/* Return whether a selected table has no record, so that it must be copied. */
static bool has_new(struct bootstrap *bootstrap)
{
	const struct table *table;
	struct arena arena;
	size_t at = 0;
	bool found = true;
	arena_init(&arena, 0);
	while (found && (table = catalog_next(bootstrap->catalog_at_position, &at))) {
		struct slice name = record_name(&arena, "full", table->full_name);
		found = checkpoint_get(&bootstrap->sync->checkpoint, name).ptr ||
			!script_wants(bootstrap->script, bootstrap->sync->index, table->db,
				      table->name);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return !found;
}

/* Return why the saved definitions may not be complete, or not of a position of this server; NULL: they are. */
static const char *find_doubt(struct bootstrap *bootstrap)
{
	if (bootstrap->moved ||
	    strcmp(bootstrap->position.server, conn_server(bootstrap->conn)->identity) != 0)
		return "the position was saved on another server";
	if (bootstrap->position.identity.file[0] == '\0')
		return "the checkpoint is of version 0.1.0";
	if (catalog_lacks_labels(bootstrap->catalog_at_position))
		return "labels of ENUM or SET may not be complete";
	if (has_records(bootstrap, SLICE("adopted/")))
		return "a database is tracked from a later position on";
	if (has_records(bootstrap, SLICE("doubt/")))
		return "a statement is unresolved";
	return NULL;
}

/* Set *why to the reason why a table must be copied, or gets its definition later; NULL: none. */
static int find_copy(struct bootstrap *bootstrap, const char **why, struct err *err)
{
	int copied = are_copied(bootstrap, err);
	*why = copied == 0 ? "a table is not copied, or gets its definition at a later position"
	       : bootstrap->sync->tables.chosen.ncopies > 0 ? "a command wants another copy"
	       : has_new(bootstrap)                         ? "a table must be copied"
							    : NULL;
	return copied < 0 ? -1 : 0;
}

/* ---- the source ---- */

/* Return how many tables of the database the checkpoint has. */
static unsigned count_saved(const struct bootstrap *bootstrap, struct slice db)
{
	const struct table *table;
	unsigned n = 0;
	size_t at = 0;
	while ((table = catalog_next(bootstrap->catalog_at_position, &at)))
		n += slice_equal(table->db, db);
	return n;
}

/* Return whether the checkpoint has exactly these tables of the database, in the server's spelling. */
static bool has_names(const struct bootstrap *bootstrap, struct slice db,
		      const struct name_list *list)
{
	for (unsigned i = 0; i < list->n; i++) {
		const struct table *table =
			catalog_find(bootstrap->catalog_at_position, db, list->names[i]);
		if (table == NULL || !slice_equal(table->db, db) ||
		    !slice_equal(table->name, list->names[i]))
			return false;
	}
	return count_saved(bootstrap, db) == list->n;
}

/* Take the saved definitions of a database, if the server has tables of the same names: 1, 0, -1. */
static int use_database(struct bootstrap *bootstrap, struct slice db, struct err *err)
{
	struct name_list tables;
	bool same;
	if (catalog_list_tables(bootstrap->conn, db, &tables, err) < 0)
		return -1;
	same = has_names(bootstrap, db, &tables) &&
	       catalog_has_database(bootstrap->catalog_at_position, db);
	name_list_fini(&tables);
	if (same)
		catalog_copy_database(bootstrap->catalog_now, bootstrap->catalog_at_position, db);
	return same;
}

static int use_all_databases(struct bootstrap *bootstrap, struct err *err)
{
	struct name_list databases;
	int rc = 1;
	if (catalog_list_databases(bootstrap->conn, false, &databases, err) < 0)
		return -1;
	for (unsigned i = 0; rc > 0 && i < databases.n; i++)
		rc = use_database(bootstrap, databases.names[i], err);
	name_list_fini(&databases);
	return rc;
}

static int use_databases(struct bootstrap *bootstrap, struct err *err)
{
	const char *const *databases = script_databases(bootstrap->script, bootstrap->sync->index);
	int rc = 1;
	if (databases[0] && strcmp(databases[0], "*") == 0)
		return use_all_databases(bootstrap, err);
	for (; rc > 0 && *databases; databases++)
		rc = use_database(bootstrap, slice_str(*databases), err);
	return rc;
}

/* The end of the binlog was read before the names: what a later statement changes, the stream sees. */
static int find_change(struct bootstrap *bootstrap, const char **why, struct err *err)
{
	int rc = use_databases(bootstrap, err);
	if (rc == 0)
		*why = "the server has other tables";
	if (rc <= 0)
		return rc;
	rc = bootstrap_changed_since(bootstrap, err);
	if (rc > 0)
		*why = "a statement may have changed one";
	if (rc < 0) { /* if that prevents the stream, too, it says so */
		log_debug("%s", err->text);
		*err = (struct err)ERR_INIT;
		*why = "the binlog since the position cannot be read";
	}
	return 0;
}

/* Set *why to the reason why the saved definitions may not be used; NULL: catalog_now has them. */
static int find_reason(struct bootstrap *bootstrap, const char **why, struct err *err)
{
	*why = find_doubt(bootstrap);
	if (*why == NULL && bootstrap->binlog_end_at_load.file[0] == '\0')
		*why = "the end of the binlog is unknown";
	if (*why == NULL && find_copy(bootstrap, why, err) < 0)
		return -1;
	return *why ? 0 : find_change(bootstrap, why, err);
}

int bootstrap_use_saved(struct bootstrap *bootstrap, struct err *err)
{
	const char *why;
	if (!bootstrap->will_stream)
		return 0;
	if (find_reason(bootstrap, &why, err) < 0)
		return -1;
	if (why == NULL) {
		log_debug("definitions: those of the checkpoint, which no statement has changed");
		return catalog_load_variables(bootstrap->catalog_now, bootstrap->conn, err) < 0 ? -1
												: 1;
	}
	log_debug("definitions: read from the server, because %s", why);
	catalog_free(bootstrap->catalog_now);
	bootstrap->catalog_now = catalog_new_for(bootstrap->conn);
	return 0;
}
