/* bootstrap_changes: whether the binlog contains statements that may have changed definitions
 * between loading them and a position. Equal definitions before and after do not prove that there
 * were none: a migration may be undone, or a column added and dropped (rule: ddl-while-copying). */
#include "base/log.h"
#include "engine/sync/bootstrap_priv.h"
#include "source/binlog_scan.h"
#include "source/inspect.h"

#include <stdio.h>

enum {
	SCAN_MAX = 64 << 20, /* bytes after the saved position; they take less than a second */
};

/* What a scan does with the names in statements. */
struct changes {
	struct bootstrap *bootstrap;
	bootstrap_named *named;
	void *arg;
	bool before_load;            /* the definitions are those after the statements */
	size_t bytes_max;            /* as in struct ddl_scan */
	const struct cursor *cursor; /* of the scan */
};

static bool table_matters(void *arg, const struct ddl_name *name, const struct cursor *cursor)
{
	const struct bootstrap *bootstrap = arg;
	(void)cursor;
	if (name->table.len == 0)
		return name->db.len == 0 || catalog_has_database(bootstrap->catalog_now, name->db);
	return catalog_find(bootstrap->catalog_now, name->db, name->table) ||
	       script_wants(bootstrap->script, bootstrap->sync->index, name->db, name->table);
}

/* Return whether a table has the name, as far as we know. */
static bool exists(const struct bootstrap *bootstrap, const struct ddl_name *named,
		   struct arena *arena)
{
	const struct ddl_name name = catalog_known_name(bootstrap->catalog_now, named, arena);
	return catalog_find(bootstrap->catalog_now, name.db, name.table);
}

/* IF [NOT] EXISTS: what would make it do something is a statement before it, which matters. If the definitions are those after it, a
 * table that it created had no rows before, and a table that it dropped does not exist. */
static bool does_nothing(const struct changes *changes, const struct ddl_step *step,
			 struct arena *arena)
{
	const struct bootstrap *bootstrap = changes->bootstrap;
	if (!step->if_exists || step->or_replace)
		return false;
	if (step->kind == DDL_STEP_CREATE_TABLE || step->kind == DDL_STEP_CREATE_LIKE)
		return exists(bootstrap, &step->name, arena);
	return step->kind == DDL_STEP_DROP_TABLE && !changes->before_load &&
	       !exists(bootstrap, &step->name, arena);
}

/* Report a name in the spelling of the catalog. Return whether the scan ends. */
static bool report(const struct changes *changes, const struct ddl_name *named, struct arena *arena)
{
	const struct ddl_name name =
		catalog_known_name(changes->bootstrap->catalog_now, named, arena);
	return changes->named(changes->arg, &name, changes->cursor);
}

static bool report_step(const struct changes *changes, const struct ddl_step *step,
			struct arena *arena)
{
	if (!ddl_scan_matters(step->kind) || does_nothing(changes, step, arena))
		return false;
	if (report(changes, &step->name, arena) ||
	    (step->other.table.len > 0 && report(changes, &step->other, arena)))
		return true;
	for (unsigned i = 0; i < step->nspecs; i++)
		if (step->specs[i].to.table.len > 0 && report(changes, &step->specs[i].to, arena))
			return true;
	return false;
}

static int visit(void *arg, const struct ddl_step *steps, unsigned nsteps, struct arena *arena,
		 struct err *err)
{
	static const struct ddl_name any = {.db = {NULL, 0}};
	const struct changes *changes = arg;
	(void)err;
	if (steps == NULL) /* whatever the statement means */
		return changes->named(changes->arg, &any, changes->cursor);
	for (unsigned i = 0; i < nsteps; i++)
		if (report_step(changes, &steps[i], arena))
			return 1;
	return 0;
}

static int scan_to(struct bootstrap *bootstrap, const struct position *from,
		   const struct position *until, struct changes changes, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	char name[80];
	struct cursor cursor;
	const struct ddl_scan scan = {
		.cursor = &cursor,
		.until = until,
		.halt = &bootstrap->sync->flags.halt,
		.bytes_max = changes.bytes_max,
		.visit = visit,
		.arg = &changes,
	};
	int rc;
	snprintf(name, sizeof(name), "%s/start", config->name);
	changes.cursor = &cursor;
	cursor_init(&cursor, false);
	rc = binlog_scan(bootstrap->sync->source, name, from, &scan, err);
	cursor_fini(&cursor);
	if (rc == 0 || err->code != ERR_POSITION)
		return rc;
	*err = (struct err)ERR_INIT; /* purged, which proves nothing any more */
	return 1;
}

static int scan(struct bootstrap *bootstrap, const struct position *from,
		const struct position *until, const struct changes *changes, struct err *err)
{
	struct position end;
	int rc = 0;
	position_init(&end);
	/* a position by GTID alone has no file: the present end is after it */
	if (until->file[0] == '\0')
		rc = source_binlog_end(bootstrap->conn, &end, err);
	else
		position_copy(&end, until);
	if (rc == 0)
		rc = scan_to(bootstrap, from, &end, *changes, err);
	position_fini(&end);
	return rc;
}

int bootstrap_scan(struct bootstrap *bootstrap, const struct position *from,
		   const struct position *until, bootstrap_named *named, void *arg, struct err *err)
{
	const struct changes changes = {bootstrap, named, arg, .before_load = true};
	return scan(bootstrap, from, until, &changes, err);
}

/* Set the place where a scan from the saved position begins. With a file and offset, it is over at once if nothing has
 * happened since, MariaDB need not search for a GTID, and MySQL sends transactions without a GTID too. */
static void set_begin(struct position *begin, const struct position *saved)
{
	position_init(begin);
	if (saved->file[0] == '\0') {
		position_copy(begin, saved);
		return;
	}
	snprintf(begin->file, sizeof(begin->file), "%s", saved->file);
	begin->offset = saved->offset;
}

int bootstrap_changed_since(struct bootstrap *bootstrap, struct err *err)
{
	const struct position *until = &bootstrap->binlog_end_at_load;
	const struct changes changes = {bootstrap, table_matters, bootstrap, .bytes_max = SCAN_MAX};
	struct position from;
	int rc;
	set_begin(&from, &bootstrap->position);
	if (from.gtids.flavour == GTID_NONE && from.offset > UINT32_MAX)
		rc = 1; /* no dump can begin there */
	else
		rc = scan_to(bootstrap, &from, until, changes, err);
	position_fini(&from);
	return rc < 0 ? err_wrap(err, "definitions since the saved position") : rc;
}

int bootstrap_changed(struct bootstrap *bootstrap, const struct position *until, struct err *err)
{
	const struct position *from = &bootstrap->binlog_end_at_load;
	const struct changes changes = {bootstrap, table_matters, bootstrap, .before_load = false};
	int rc;
	if (!bootstrap->will_stream)
		return 0;
	if (from->file[0] == '\0') /* unknown: load again */
		return 1;
	if (from->gtids.flavour == GTID_NONE && from->offset > UINT32_MAX)
		return 0; /* no dump can begin there: two equal loads must suffice */
	if (from->gtids.flavour != GTID_NONE && gtid_set_equal(&from->gtids, &until->gtids))
		return 0;
	rc = scan(bootstrap, from, until, &changes, err);
	if (rc > 0)
		log_info("a statement changed definitions while they were read; they are read "
			 "again");
	return rc < 0 ? err_wrap(err, "definitions at the start") : rc;
}
