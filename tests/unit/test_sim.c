/* A whole sync in simulations: supervisor, start, copy, stream and checkpoint, with a server, brokers and a checkpoint in memory, on
 * virtual time. The process is killed, connections are lost, statements exchange columns, the sync is paused, and a table is added or copied
 * again by command, at random, in half of the runs during a slow copy. SIM_RUNS and SIM_SEED
 * choose the runs. */
#include "unit.h"

#include "sim_world.h"

#include "base/log.h"
#include "base/thread.h"

#include "unit/script_fixture.h"

enum { RUNS = 100, PATIENCE_MS = 600 * 1000 };

static const char sync_lua[] =
	"local sync = require 'tideway.sync'\n"
	"local source = require 'tideway.source'\n"
	"local kafka = require 'tideway.kafka'\n"
	"sync.run { name = 's', source = source.mysql { host = 'h', user = 'u', password = 'p',\n"
	"  tables = { %s } }, sink = kafka.lines { }, heartbeat = false, format = 'debezium',\n"
	"  topic = { template = 't' }, full = { parallel = 2, rows_per_second = %d } }\n";

enum { SLOW_ROWS_PER_SECOND = 5 };

struct process {
	struct supervisor *supervisor;
	pthread_t thread;
	int rc;
	struct err err;
	_Atomic bool has_ended;
};

static struct fixture fixture;
static bool workload_is_done;
static bool is_paused_at_random, is_added_by_command, is_copied_again;
static unsigned long long seed_now, pauses, additions, copies;

static void *process_main(void *arg)
{
	struct process *process = arg;
	process->rc = supervisor_run(process->supervisor, &process->err);
	atomic_store(&process->has_ended, true);
	return NULL;
}

static void start(struct process *process, const struct script_options *script)
{
	const struct supervisor_options options = {.script = script, .world = &world.sync};
	*process = (struct process){.err = ERR_INIT};
	world.is_dead = false;
	process->supervisor = supervisor_new(&options, &process->err);
	if (process->supervisor == NULL)
		fail_msg("%s", process->err.text);
	thread_start(&process->thread, "sync", process_main, process);
}

static void end(struct process *process)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!atomic_load(&process->has_ended)) {
		if (clock_mono_ms() > until_ms)
			fail_msg("SIM_SEED=%llu SIM_RUNS=1: the sync does not stop", seed_now);
		supervisor_wake(process->supervisor);
		clock_pause(50);
	}
	thread_join(process->thread);
	supervisor_free(process->supervisor);
}

/* From now on nothing that the process does has an effect. */
static void kill_it(struct process *process)
{
	world.is_dead = true;
	supervisor_stop(process->supervisor);
	supervisor_stop(process->supervisor);
	end(process);
}

static void *workload_main(void *arg)
{
	(void)arg;
	for (unsigned n = 20 + sim_below(60); n > 0; n--) {
		if (sim_once_in(12))
			world_swap();
		world_commit();
		clock_pause(sim_once_in(8) ? sim_below(2000) : sim_below(20));
		if (sim_once_in(30))
			world.away_until_ms = clock_mono_ms() + sim_below(3000);
	}
	workload_is_done = true;
	return NULL;
}

static void wait_until_even(struct process *process)
{
	int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
	while (!(workload_is_done && world_agrees() && world.saved == world.ntrxs) &&
	       clock_mono_ms() < until_ms && !atomic_load(&process->has_ended))
		clock_pause(20);
	if (!world_agrees())
		world_blame("the topics never become like the table");
}

static enum sync_state state_of(struct process *process)
{
	struct sync_status status;
	supervisor_status(process->supervisor, &status);
	return status.state;
}

/* Pause, perhaps until after the process was killed. A paused sync sends nothing. */
static void pause_at_random(struct process *process)
{
	unsigned sent;
	supervisor_pause(process->supervisor);
	clock_pause(sim_below(2000));
	if (state_of(process) == SYNC_PAUSED) {
		sent = world.nmessages;
		clock_pause(sim_below(8000));
		if (world.nmessages != sent)
			world_blame("a paused sync has sent %u messages", world.nmessages - sent);
		pauses++;
	}
	if (sim_once_in(2))
		supervisor_resume(process->supervisor);
}

static void note_done(void *arg, const struct table_request *request)
{
	*(bool *)arg |= request->state == REQUEST_DONE;
}

/* Wait for a while until a command is done. Returns whether it is. */
static bool wait_for_command(struct process *process)
{
	int64_t until_ms = clock_mono_ms() + 1 + sim_below(5000);
	bool done = false;
	while (!done && clock_mono_ms() < until_ms && !atomic_load(&process->has_ended)) {
		clock_pause(20);
		table_requests_visit(supervisor_requests(process->supervisor), note_done, &done);
	}
	return done;
}

static int request_tables(struct process *process, enum table_command command,
			  const char *const *tables, int64_t *id, struct err *err)
{
	const struct table_order order = {.command = command, .tables = tables, .ntables = 1};
	return supervisor_request(process->supervisor, &order, id, err);
}

/* Copy a table again, which is refused while it is copied, and end that copy perhaps. */
static void copy_again_at_random(struct process *process)
{
	static const char *const tables[] = {"d.t"};
	struct err err = ERR_INIT;
	int64_t id;
	if (request_tables(process, TABLE_RESYNC, tables, &id, &err) < 0)
		return;
	copies += wait_for_command(process);
	clock_pause(sim_below(500));
	if (sim_once_in(4) && request_tables(process, TABLE_CANCEL, tables, &id, &err) < 0)
		world_blame("%.150s", err.text);
}

/* Whether the checkpoint has the command: then the next process begins with it. */
static bool has_saved_addition(void)
{
	struct slice record = store_get(&world.store, SLICE("s/selection"));
	return record.ptr && memmem(record.ptr, record.len, "\"u\"", 3);
}

/* Add a table by command, and wait for a while. */
static void add_at_random(struct process *process)
{
	const char *const tables[] = {world.is_apart ? "e.u" : "d.u"};
	struct err err = ERR_INIT;
	bool added;
	int64_t id;
	if (world.selects[1] || request_tables(process, TABLE_ADD, tables, &id, &err) < 0)
		return;
	added = wait_for_command(process);
	if (added)
		world_select_now(1);
	additions += added;
}

/* A life of the process, until it is killed or the topics are like the table. Returns whether it was killed. */
static bool live(const struct script_options *script, bool may_die)
{
	struct process process;
	if (has_saved_addition() && !world.selects[1])
		world_select(1);
	start(&process, script);
	if (is_added_by_command && sim_once_in(2)) {
		clock_pause(sim_below(1500));
		add_at_random(&process);
	}
	if (is_copied_again && sim_once_in(2)) {
		clock_pause(sim_below(3000));
		copy_again_at_random(&process);
	}
	for (unsigned n = sim_below(3); n > 0 && is_paused_at_random; n--) {
		clock_pause(sim_below(1000));
		pause_at_random(&process);
	}
	if (may_die) {
		clock_pause(1 + sim_below(sim_once_in(2) ? 150 : 4000));
		kill_it(&process);
		return true;
	}
	supervisor_resume(process.supervisor);
	wait_until_even(&process);
	supervisor_stop(process.supervisor);
	end(&process);
	if (process.rc < 0)
		world_blame("the sync has failed: %.150s", process.err.text);
	return false;
}

/* Select tables up to this number, and write the script. */
static struct script_options write_script(unsigned ntables, unsigned rows_per_second)
{
	char text[sizeof(sync_lua) + 40];
	for (unsigned i = 0; i < ntables; i++)
		if (!world.selects[i])
			world_select(i);
	snprintf(text, sizeof(text), sync_lua,
		 ntables == 1     ? "'d.t'"
		 : world.is_apart ? "'d.t', 'e.u'"
				  : "'d.t', 'd.u'",
		 rows_per_second);
	fixture_write(fixture.folder, "sync.lua", text);
	return fixture_options(&fixture);
}

/* Some lives that end with a kill, and a last one. Tables are added between them. */
static void live_all(pthread_t workload)
{
	/* half of the runs copy so slowly that the checkpoint is saved meanwhile */
	unsigned ntables = 1, rows_per_second = sim_once_in(2) ? SLOW_ROWS_PER_SECOND : 0;
	struct script_options script;
	bool runs; /* the workload, in the last life */
	for (unsigned lives = sim_below(6); lives > 0; lives--) {
		ntables += ntables < WORLD_TABLES && sim_once_in(3);
		script = write_script(ntables, rows_per_second);
		live(&script, true);
	}
	runs = sim_once_in(2);
	if (!runs)
		thread_join(workload);
	if (sim_once_in(2))
		ntables = WORLD_TABLES;
	script = write_script(ntables, rows_per_second);
	world.lose_one_in = world.fail_one_in = 0;
	live(&script, false);
	if (runs)
		thread_join(workload);
}

/* Returns how many ranges were read of a table with finished ones. */
static unsigned simulate(uint64_t seed)
{
	pthread_t workload;
	seed_now = seed;
	sim_begin(seed);
	world_begin();
	workload_is_done = false;
	world.lose_one_in = sim_once_in(3) ? 0 : 20 + sim_below(200);
	world.fail_one_in = sim_once_in(2) ? 0 : 50 + sim_below(200);
	is_paused_at_random = sim_once_in(3);
	is_added_by_command = sim_once_in(3);
	is_copied_again = sim_once_in(3);
	for (unsigned n = sim_below(20); n > 0; n--)
		world_commit();
	thread_start(&workload, "work", workload_main, NULL);
	live_all(workload);
	if (world.wrong[0] == '\0' && world.saved != world.ntrxs)
		world_blame("transaction %u is saved at the end, of %u", world.saved, world.ntrxs);
	sim_end();
	if (world.wrong[0])
		fail_msg("SIM_SEED=%llu SIM_RUNS=1: %s (%u transactions, %u messages, %u saves)",
			 (unsigned long long)seed, world.wrong, world.ntrxs, world.nmessages,
			 world.saves);
	world_end();
	return world.continued;
}

static unsigned long long number_of(const char *name, unsigned long long none)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : none;
}

static void every_seed_agrees(void **state)
{
	unsigned long long first = number_of("SIM_SEED", 1), runs = number_of("SIM_RUNS", RUNS);
	unsigned long long continued = 0;
	(void)state;
	log_set_level(runs == 1 ? LOG_DEBUG : LOG_ERROR);
	for (unsigned long long seed = first; seed < first + runs; seed++)
		continued += simulate(seed);
	assert_true(runs < RUNS ||
		    continued > runs / 10); /* kills have met a copy that was under way */
	assert_true(runs < RUNS || pauses > runs / 10);
	assert_true(runs < RUNS || additions > runs / 20);
	assert_true(runs < RUNS || copies > runs / 20);
}

static int setup(void **state)
{
	fixture_init(&fixture);
	return events_load(state);
}

static int teardown(void **state)
{
	fixture_fini(&fixture);
	return events_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_seed_agrees)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
