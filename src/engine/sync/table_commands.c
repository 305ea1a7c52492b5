/* table_commands: how a supervisor fulfils what commands ask of tables (docs/decisions/0035). One request at a time is checked
 * beside the running attempt. Then its record is posted, and the attempt ends cleanly, as for a pause. The next one begins with the
 * changed selection. If that one cannot begin because of an error that does not pass, the change is withdrawn. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/state/records.h"
#include "engine/sync/supervisor_priv.h"

enum { CHECK_AGAIN_MS = 1000 }; /* after an error that may pass */

/* ---- life ---- */

static int run_check(void *arg, struct err *err)
{
	struct supervisor *supervisor = arg;
	return table_check_run(&supervisor->commands.check, err);
}

void commands_init(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	table_requests_init(&commands->requests);
	selection_init(&commands->before);
	selection_init(&commands->after);
	commands->checking = (struct child){.name = "check",
					    .run = run_check,
					    .on_end = supervisor_post_ended,
					    .arg = supervisor};
}

void commands_fini(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	selection_fini(&commands->after);
	selection_fini(&commands->before);
	table_requests_fini(&commands->requests);
}

void commands_end(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	struct err ignored = ERR_INIT;
	if (!commands->checking.is_started)
		return;
	while (!child_has_ended(&commands->checking)) {
		table_check_stop(&commands->check);
		(void)supervisor_take_mail(supervisor, 100);
	}
	if (child_join(&commands->checking, &ignored) < 0)
		ignored.code = ERR_NONE; /* nobody waits for the result any more */
	table_check_fini(&commands->check);
}

/* Enter a stage of the request. waits: what that stage waits for. */
static void enter_stage(struct table_commands *commands, enum command_stage stage,
			const char *waits)
{
	commands->stage = stage;
	table_requests_await(&commands->requests, commands->current, waits);
}

/* Forget the request if it is finished; otherwise it is taken again. */
static void leave_request(struct table_commands *commands)
{
	table_requests_await(&commands->requests, commands->current, NULL);
	commands->current = NULL;
	commands->stage = COMMAND_NONE;
}

static void log_done(const struct table_request *request)
{
	struct arena arena;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < request->tables.n; i++) {
		const struct chosen_table *table = &request->tables.tables[i];
		if (request->command != TABLE_CANCEL || table->removed)
			log_info("table %.*s was %s by command",
				 SLICE_FMT(chosen_table_print(table, &arena)),
				 table_command_done(request->command));
	}
	arena_fini(&arena);
}

static void refuse_request(struct table_commands *commands, const struct err *why)
{
	log_warn("the command '%s' is refused: %s", table_command_name(commands->current->command),
		 why->text);
	table_requests_finish(&commands->requests, commands->current, why);
	leave_request(commands);
}

static void finish_request(struct table_commands *commands)
{
	table_requests_finish(&commands->requests, commands->current, NULL);
	leave_request(commands);
}

void commands_show(struct supervisor *supervisor)
{
	table_requests_set_chosen(&supervisor->commands.requests, &supervisor->sync.tables.chosen);
}

/* ---- what a request means ---- */

/* A table that a request names. */
struct named_table {
	struct slice db, name, full_name; /* full_name: "shop.users" */
	const struct chosen_table *chosen;
	const struct table_hold *hold; /* NULL: it is neither paused nor in quarantine */
	enum script_naming naming;
	bool captured;
	struct slice record; /* of its copy; ptr NULL: none */
	bool leaves;         /* the request removes it */
};

/* What a request makes of the tables. */
struct table_change {
	struct supervisor *supervisor;
	const struct table_request *request;
	struct selection *after;
	struct arena *arena;
};

static struct named_table look_up(struct supervisor *supervisor, const struct chosen_table *table,
				  struct arena *arena)
{
	const struct selection *after = &supervisor->commands.after;
	struct named_table named = {
		.db = table->db,
		.name = table->name,
		.full_name = arena_printf(arena, "%.*s.%.*s", SLICE_FMT(table->db),
					  SLICE_FMT(table->name)),
		.chosen = selection_find(after, table->db, table->name),
		.naming = script_naming(supervisor->script, supervisor->sync.index, table->db,
					table->name),
	};
	named.captured = named.chosen && named.naming != SCRIPT_EXCLUDES
				 ? !named.chosen->removed
				 : named.naming == SCRIPT_SELECTS;
	named.hold = named.chosen ? named.chosen->hold : NULL;
	named.record = checkpoint_get(&supervisor->sync.checkpoint,
				      record_name(arena, "full", named.full_name));
	return named;
}

static int refuse_held(const struct named_table *table, struct err *err)
{
	bool paused = table->hold->code == 0;
	return err_set(err, E_COMMAND_HELD,
		       "table %.*s is %s: tideway %s ends that, and copies the table again",
		       SLICE_FMT(table->full_name), paused ? "paused" : "in quarantine",
		       paused ? "resume" : "resync");
}

static int add_table(const struct table_change *change, struct named_table *table, struct err *err)
{
	if (table->hold)
		return refuse_held(table, err);
	if (table->naming == SCRIPT_EXCLUDES)
		return err_set(err, E_COMMAND_EXCLUDED,
			       "a pattern with ! in source.tables excludes table %.*s",
			       SLICE_FMT(table->full_name));
	if (table->captured)
		return err_set(err, E_COMMAND_CAPTURED, "table %.*s is captured already: %s",
			       SLICE_FMT(table->full_name),
			       table->chosen ? "a command has added it" : "the script selects it");
	if (table->naming == SCRIPT_SELECTS)
		selection_drop(change->after, table->db, table->name);
	else
		selection_put(change->after, table->db, table->name, false);
	return 0;
}

static int refuse_uncaptured(const struct named_table *table, struct err *err)
{
	return err_set(err, E_COMMAND_NOT_CAPTURED, "table %.*s is not captured",
		       SLICE_FMT(table->full_name));
}

static int remove_table(const struct table_change *change, struct named_table *table,
			struct err *err)
{
	if (!table->captured && !table->hold)
		return refuse_uncaptured(table, err);
	if (table->naming == SCRIPT_SELECTS)
		selection_put(change->after, table->db, table->name, true);
	else
		selection_drop(change->after, table->db, table->name);
	table->leaves = true;
	return 0;
}

/* Read the record of a table's copy. The phase is TABLE_NEW if there is none. */
static int read_record(const struct table_change *change, const struct named_table *table,
		       struct table_record *record, struct err *err)
{
	table_record_init(record, TABLE_NEW);
	if (table->record.ptr == NULL)
		return 0;
	return table_record_read(record, table->full_name, table->record, change->arena, err);
}

/* ---- another copy ---- */

/* Refuse a table that is not completely copied at this position of the stream. */
static int check_copied(const struct named_table *table, const struct table_record *record,
			const struct position *position, struct err *err)
{
	const char *how = "is being copied";
	if (record->phase == TABLE_NEW)
		how = "is not known to the sync: it does not exist, or its copy has not begun";
	else if (record->phase == TABLE_COPIED && record->again.id > 0)
		how = "is being copied again";
	else if (record->phase == TABLE_COPIED && position_is_set(&record->start) &&
		 !position_passed(position, &record->start))
		how = "was copied, and the stream has not reached the place of that copy yet";
	else if (record->phase == TABLE_COPIED)
		return 0;
	return err_set(err, E_COMMAND_COPYING, "table %.*s %s", SLICE_FMT(table->full_name), how);
}

static int check_mode(const struct supervisor *supervisor, struct err *err)
{
	if (supervisor->sync.config->mode == MODE_FULL_THEN_STREAM)
		return 0;
	return err_set(err, E_COMMAND_BESIDE,
		       "with another mode than \"full_then_stream\" no table is copied beside the "
		       "stream");
}

/* Refuse what no table of the sync can have. Without a lock, MySQL gives positions that a snapshot contains only with GTIDs. */
static int check_beside(const struct supervisor *supervisor, const struct position *position,
			struct err *err)
{
	if (check_mode(supervisor, err) < 0)
		return -1;
	if (supervisor->sync.mariadb || position->gtids.flavour == GTID_MYSQL)
		return 0;
	return err_set(
		err, E_COMMAND_BESIDE,
		"a table of a MySQL server without GTIDs cannot be copied beside the stream");
}

static int check_again(const struct table_change *change, const struct named_table *table,
		       const struct position *position, struct err *err)
{
	struct table_record record;
	int rc;
	if (check_beside(change->supervisor, position, err) < 0)
		return -1;
	rc = read_record(change, table, &record, err);
	if (rc == 0)
		rc = check_copied(table, &record, position, err);
	table_record_fini(&record);
	return rc;
}

/* Send changes of the table again. Its copy is not optional, so that a round may read it, too. */
static int end_hold(const struct table_change *change, const struct named_table *table)
{
	const struct chosen_copy copy = {.db = table->db,
					 .name = table->name,
					 .id = change->request->id,
					 .deletes = change->request->deletes};
	if (table->hold->is_added)
		selection_put(change->after, table->db, table->name, false);
	else
		selection_drop(change->after, table->db, table->name);
	selection_put_copy(change->after, &copy);
	return 0;
}

static int end_quarantine(const struct table_change *change, const struct named_table *table,
			  const struct position *position, struct err *err)
{
	if (table->hold->code == 0)
		return refuse_held(table, err);
	if (change->request->deletes && check_beside(change->supervisor, position, err) < 0)
		return -1;
	if (change->request->where == NULL)
		return end_hold(change, table);
	return err_set(
		err, E_COMMAND_WHERE,
		"table %.*s is in quarantine, which only a copy of all of its rows ends: leave "
		"out --where",
		SLICE_FMT(table->full_name));
}

static int copy_again(const struct table_change *change, struct named_table *table, struct err *err)
{
	struct slice json = checkpoint_get(&change->supervisor->sync.checkpoint, SLICE("position"));
	const struct chosen_copy copy = {
		.db = table->db,
		.name = table->name,
		.where = slice_str(change->request->where),
		.id = change->request->id,
		.deletes = change->request->deletes,
	};
	struct position position;
	int rc;
	if (!table->captured && !table->hold)
		return refuse_uncaptured(table, err);
	position_init(&position);
	rc = json.ptr ? position_from_json(&position, json, err) : 0;
	if (rc == 0)
		rc = table->hold ? end_quarantine(change, table, &position, err)
				 : check_again(change, table, &position, err);
	position_fini(&position);
	if (rc == 0 && !table->hold)
		selection_put_copy(change->after, &copy);
	return rc;
}

/* Return whether a copy of the table again has begun, or will. */
static bool is_copied_again(const struct table_change *change, const struct named_table *table,
			    const struct table_record *record)
{
	const struct chosen_copy *chosen =
		selection_find_copy(change->after, table->db, table->name);
	if (chosen)
		return !chosen->cancelled;
	return record->phase == TABLE_COPIED && record->again.id > 0;
}

/* ---- the end of a copy ---- */

static int refuse_cancel(const struct named_table *table, const struct table_record *record,
			 struct err *err)
{
	if (record->phase == TABLE_COPIED)
		return err_set(err, E_COMMAND_COPIED, "the copy of table %.*s has ended already",
			       SLICE_FMT(table->full_name));
	if (table->naming == SCRIPT_SELECTS)
		return err_set(
			err, E_COMMAND_OF_SCRIPT,
			"the script selects table %.*s, and without its copy it would not be "
			"complete downstream",
			SLICE_FMT(table->full_name));
	return 0;
}

/* End another copy of a table, which stays captured; or the first one, with the table. */
static int cancel_copy(const struct table_change *change, struct named_table *table,
		       struct err *err)
{
	const struct chosen_copy end = {.db = table->db, .name = table->name, .cancelled = true};
	struct table_record record;
	bool again;
	int rc;
	if (!table->captured)
		return refuse_uncaptured(table, err);
	rc = read_record(change, table, &record, err);
	again = rc == 0 && is_copied_again(change, table, &record);
	if (rc == 0 && !again)
		rc = refuse_cancel(table, &record, err);
	table_record_fini(&record);
	if (rc < 0)
		return -1;
	if (!again)
		return remove_table(change, table, err);
	selection_put_copy(change->after, &end);
	return 0;
}

/* ---- the pause of a table ---- */

/* Every change before the position of the pause was sent. */
static int pause_table(const struct table_change *change, struct named_table *table,
		       struct err *err)
{
	struct table_hold hold = {
		.text = SLICE(""), .since_ms = clock_wall_ms(), .is_added = table->chosen != NULL};
	struct buf position;
	int rc;
	if (table->hold)
		return refuse_held(table, err);
	if (!table->captured)
		return refuse_uncaptured(table, err);
	if (check_mode(change->supervisor, err) < 0)
		return -1;
	buf_init(&position);
	rc = record_print_position(&change->supervisor->sync.checkpoint, &position, err);
	hold.position = buf_slice(&position);
	if (rc == 0)
		selection_hold(change->after, table->db, table->name, &hold);
	table->leaves = rc == 0;
	buf_fini(&position);
	return rc;
}

static int resume_table(const struct table_change *change, struct named_table *table,
			struct err *err)
{
	if (table->hold == NULL)
		return err_set(err, E_COMMAND_NOT_PAUSED, "table %.*s is not paused",
			       SLICE_FMT(table->full_name));
	if (table->hold->code > 0)
		return refuse_held(table, err);
	return check_mode(change->supervisor, err) < 0 ? -1 : end_hold(change, table);
}

/* ---- all tables of a request ---- */

/* Return whether the table must exist on the source. */
static bool must_exist(const struct table_request *request, const struct named_table *table)
{
	return request->command == TABLE_ADD || request->command == TABLE_RESYNC ||
	       request->command == TABLE_RESUME ||
	       (table->record.ptr == NULL && table->hold == NULL);
}

static int change_selection(struct supervisor *supervisor, struct selection *unknown,
			    struct err *err)
{
	static int (*const changes[])(const struct table_change *, struct named_table *,
				      struct err *) = {
		[TABLE_ADD] = add_table,     [TABLE_REMOVE] = remove_table,
		[TABLE_RESYNC] = copy_again, [TABLE_CANCEL] = cancel_copy,
		[TABLE_PAUSE] = pause_table, [TABLE_RESUME] = resume_table};
	struct table_commands *commands = &supervisor->commands;
	struct table_request *request = commands->current;
	struct arena arena;
	const struct table_change change = {supervisor, request, &commands->after, &arena};
	int rc = 0;
	arena_init(&arena, 0);
	for (unsigned i = 0; rc == 0 && i < request->tables.n; i++) {
		struct named_table table = look_up(supervisor, &request->tables.tables[i], &arena);
		rc = changes[request->command](&change, &table, err);
		table_requests_mark(&commands->requests, request, i, table.leaves);
		if (must_exist(request, &table) && table.hold)
			selection_hold(unknown, table.db, table.name, table.hold);
		else if (must_exist(request, &table))
			selection_put(unknown, table.db, table.name, false);
	}
	arena_fini(&arena);
	return rc;
}

/* The captured tables that a command leaves. */
struct left_tables {
	const struct selection *removed;
	unsigned captured, left;
};

static void count_left(void *arg, const struct table_progress *progress)
{
	struct left_tables *tables = arg;
	char name[STATUS_NAME_SIZE];
	bool removed = false;
	for (unsigned i = 0; i < tables->removed->n; i++) {
		const struct chosen_table *table = &tables->removed->tables[i];
		snprintf(name, sizeof(name), "%.*s.%.*s", SLICE_FMT(table->db),
			 SLICE_FMT(table->name));
		removed |= table->removed && strcmp(name, progress->name) == 0;
	}
	tables->captured++;
	tables->left += !removed;
}

static int refuse_last(struct supervisor *supervisor, struct err *err)
{
	const struct table_request *request = supervisor->commands.current;
	struct left_tables tables = {.removed = &request->tables};
	if (request->command != TABLE_REMOVE && request->command != TABLE_CANCEL &&
	    request->command != TABLE_PAUSE)
		return 0;
	sync_numbers_tables(&supervisor->numbers, count_left, &tables);
	if (tables.captured == 0 || tables.left > 0)
		return 0;
	return err_set(err, E_COMMAND_LAST, "sync '%s' would have no table any more",
		       supervisor->sync.config->name);
}

/* ---- stages of a request ---- */

/* Begin to check the oldest request. */
static void take_request(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	struct err err = ERR_INIT;
	commands->current = table_requests_next(&commands->requests);
	if (commands->current == NULL)
		return;
	table_check_init(&commands->check, &supervisor->sync, supervisor->world);
	if (selection_load(&commands->before, checkpoint, &err) == 0) {
		selection_copy(&commands->after, &commands->before);
		if (change_selection(supervisor, &commands->check.tables, &err) == 0 &&
		    refuse_last(supervisor, &err) == 0) {
			selection_copy(&commands->check.sync.tables.chosen, &commands->after);
			commands->check.copies = commands->current->command == TABLE_RESYNC;
			commands->check.where = commands->current->where;
			commands->check.deletes = commands->current->deletes;
			enter_stage(commands, COMMAND_CHECKING,
				    "for the check of the source and the script");
			child_start(&commands->checking);
			return;
		}
	}
	table_check_fini(&commands->check);
	refuse_request(commands, &err);
}

/* Return whether a command may take effect without the source: it names only tables that the checkpoint has. */
static bool needs_no_source(const struct table_commands *commands)
{
	return commands->check.tables.n == 0;
}

static void finish_check(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	struct err err = ERR_INIT;
	int rc = child_join(&commands->checking, &err);
	if (rc == 0 || (err.retriable && needs_no_source(commands))) {
		commands->stage = COMMAND_ACCEPTED;
	} else if (err.retriable) {
		table_requests_delay(&commands->requests, commands->current, &err);
		commands->retry_ms = clock_mono_ms() + CHECK_AGAIN_MS;
		leave_request(commands);
	} else {
		refuse_request(commands, &err);
	}
	table_check_fini(&commands->check);
}

bool commands_serve(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	if (child_has_ended(&commands->checking))
		finish_check(supervisor);
	if (commands->stage == COMMAND_NONE && clock_mono_ms() >= commands->retry_ms)
		take_request(supervisor);
	return commands->stage == COMMAND_ACCEPTED;
}

void commands_post(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	log_info("the command '%s' takes effect: the sync begins again at its position",
		 table_command_name(commands->current->command));
	selection_post(&commands->after, &supervisor->sync.checkpoint);
	enter_stage(commands, COMMAND_POSTED, "for Kafka to acknowledge what was sent");
}

/* Return whether the checkpoint has saved this selection. */
static bool is_saved(struct supervisor *supervisor, const struct selection *selection)
{
	struct slice record = checkpoint_get(&supervisor->sync.checkpoint, RECORD_SELECTION);
	struct buf json;
	bool same;
	buf_init(&json);
	selection_write(selection, &json);
	same = selection_is_empty(selection) ? record.ptr == NULL
					     : slice_equal(record, buf_slice(&json));
	buf_fini(&json);
	return same;
}

void commands_settle(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	if (commands->stage != COMMAND_POSTED)
		return;
	if (is_saved(supervisor, &commands->after))
		enter_stage(commands, COMMAND_SAVED, "for the sync to begin again");
	else
		leave_request(commands);
}

void commands_done(struct supervisor *supervisor)
{
	struct table_commands *commands = &supervisor->commands;
	if (commands->stage != COMMAND_SAVED)
		return;
	log_done(commands->current);
	finish_request(commands);
}

bool commands_withdraw(struct supervisor *supervisor, const struct err *why)
{
	struct table_commands *commands = &supervisor->commands;
	struct checkpoint *checkpoint = &supervisor->sync.checkpoint;
	struct err err = ERR_INIT;
	if (commands->stage != COMMAND_SAVED || why->code == ERR_DISPLACED)
		return false;
	selection_post(&commands->before, checkpoint);
	if (checkpoint_save(checkpoint, &err) < 0) {
		checkpoint_discard(checkpoint);
		return false;
	}
	refuse_request(commands, why);
	return true;
}
