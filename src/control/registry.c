#include "control/registry.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/thread.h"
#include "control/callbacks.h"
#include "control/progress.h"
#include "engine/state/watermarks.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	TURN_MS = 500,          /* the end of a sync ends a turn early */
	STOPPING_TURN_MS = 100, /* the supervisors are woken each time */
};

struct member {
	struct supervisor *supervisor;
	struct watermarks *watermarks; /* of a list of sources: those of the first one */
	struct progress progress;
	pthread_t thread;
	bool is_running; /* its end has not been handled yet */
	_Atomic bool has_ended;
	int rc; /* valid once has_ended is set; so is err */
	struct err err;
};

struct registry {
	struct member *members;
	unsigned n;
	struct supervisor **supervisors; /* of the members */
	struct watched_process process;
	struct callbacks *callbacks;
	const struct member *failed; /* the first that failed; NULL: none */
	bool is_stopping;
};

/* ---- life ---- */

static int make_supervisors(struct registry *registry, const struct script_options *script,
			    const struct arguments *arguments, struct err *err)
{
	for (unsigned i = 0; i < registry->n; i++) {
		struct supervisor_options options = {
			.script = script,
			.index = i,
			.several = registry->n > 1,
			.output =
				{
					.dry_run = arguments->dry_run,
					.prints = arguments->json || terminal_is(STDOUT_FILENO),
					.raw = arguments->json,
				},
		};
		registry->supervisors[i] = supervisor_new(&options, err);
		if (registry->supervisors[i] == NULL)
			return -1;
		registry->members[i].supervisor = registry->supervisors[i];
	}
	return 0;
}

static void make_process(struct registry *registry, const struct script_options *script)
{
	struct watched_process *process = &registry->process;
	process->script = realpath(script->path, NULL);
	process->started_ms = clock_wall_ms();
	process->syncs = mem_array(registry->n, sizeof(*process->syncs));
	process->nsyncs = registry->n;
	for (unsigned i = 0; i < registry->n; i++) {
		struct supervisor *supervisor = registry->supervisors[i];
		process->syncs[i] = (struct watched_sync){
			supervisor, sync_journal_new(supervisor_events(supervisor))};
	}
}

static void free_process(struct watched_process *process)
{
	for (unsigned i = 0; i < process->nsyncs; i++)
		sync_journal_free(process->syncs[i].journal);
	free(process->syncs);
	free((char *)process->script);
}

const struct watched_process *registry_process(const struct registry *registry)
{
	return &registry->process;
}

/* Return whether any sync writes messages to stdout. */
static bool prints_messages(const struct registry *registry)
{
	for (unsigned i = 0; i < registry->n; i++) {
		const struct sink_config *sink = &supervisor_config(registry->supervisors[i])->sink;
		if (sink->kind == SINK_LINES && sink->file == NULL)
			return true;
	}
	return false;
}

static int check_json(const struct registry *registry, const struct arguments *arguments,
		      struct err *err)
{
	if (!arguments->json || arguments->dry_run || prints_messages(registry))
		return 0;
	return err_set(err, E_COMMAND_OPTION,
		       "--json does nothing here: 'run' prints no messages. Use it with --dry-run, "
		       "or with a sink kafka.lines without a file");
}

/* Let all sources of a list use the watermarks of the first. */
static void share_watermarks(struct registry *registry)
{
	struct member *members = registry->members;
	for (unsigned i = 0; i < registry->n; i++) {
		const struct sync_config *config = supervisor_config(members[i].supervisor);
		unsigned first = i - config->source_number;
		if (config->sources < 2)
			continue;
		if (i == first)
			members[i].watermarks = watermarks_new(config->sources);
		supervisor_share(members[i].supervisor, members[first].watermarks);
	}
}

struct registry *registry_new(const struct script_options *script,
			      const struct arguments *arguments, struct err *err)
{
	struct registry *registry;
	struct script *outside = script_new(script, err);
	if (outside == NULL)
		return NULL;
	registry = mem_array(1, sizeof(*registry));
	registry->n = script_syncs(outside);
	registry->members = mem_array(registry->n, sizeof(*registry->members));
	registry->supervisors = mem_array(registry->n, sizeof(struct supervisor *));
	if (make_supervisors(registry, script, arguments, err) == 0 &&
	    check_json(registry, arguments, err) == 0) {
		share_watermarks(registry);
		make_process(registry, script);
		registry->callbacks = callbacks_new(outside, registry->supervisors, registry->n);
		return registry;
	}
	script_free(outside);
	registry_free(registry);
	return NULL;
}

void registry_free(struct registry *registry)
{
	if (registry == NULL)
		return;
	callbacks_free(registry->callbacks);
	free_process(&registry->process);
	for (unsigned i = 0; i < registry->n; i++) {
		supervisor_free(registry->supervisors[i]);
		watermarks_free(registry->members[i].watermarks);
	}
	free(registry->supervisors);
	free(registry->members);
	free(registry);
}

/* ---- running ---- */

static void *member_main(void *arg)
{
	struct member *member = arg;
	member->rc = supervisor_run(member->supervisor, &member->err);
	atomic_store(&member->has_ended, true);
	kill(getpid(), REGISTRY_SIGNAL);
	return NULL;
}

int registry_start(struct registry *registry, struct err *err)
{
	if (callbacks_start(registry->callbacks, err) < 0)
		return -1;
	for (unsigned i = 0; i < registry->n; i++) {
		struct member *member = &registry->members[i];
		progress_init(&member->progress, registry->n > 1);
		member->is_running = true;
		thread_start(&member->thread, "sync", member_main, member);
	}
	return 0;
}

void registry_stop(struct registry *registry)
{
	registry->is_stopping = true;
	for (unsigned i = 0; i < registry->n; i++)
		if (registry->members[i].is_running)
			supervisor_stop(registry->members[i].supervisor);
}

/* Compare by the time of the failure: syncs that fail almost together may end in the other
 * order. */
static bool failed_before(const struct member *a, const struct member *b)
{
	return supervisor_failed_ms(a->supervisor) < supervisor_failed_ms(b->supervisor);
}

/* Remember the first failure, which decides the exit code, and log the later ones. The supervisor
 * has logged the failure of an isolated sync. */
static void note_failure(struct registry *registry, struct member *member)
{
	const struct sync_config *config = supervisor_config(member->supervisor);
	const struct member *later = member;
	if (registry->n > 1)
		err_sync(&member->err, config->name);
	if (registry->failed == NULL || failed_before(member, registry->failed)) {
		later = registry->failed;
		registry->failed = member;
	}
	if (later && !supervisor_config(later->supervisor)->isolated)
		err_log(&later->err);
	if (!config->isolated && !registry->is_stopping)
		registry_stop(registry);
}

/* Call on_stop when the last source of a call of sync.run has ended: to the script they are one
 * sync. */
static void stop_callbacks(struct registry *registry, const struct member *member)
{
	const struct sync_config *config = supervisor_config(member->supervisor);
	unsigned first = (unsigned)(member - registry->members) - config->source_number;
	const struct member *failed = NULL;
	for (unsigned i = first; i < first + config->sources; i++) {
		if (registry->members[i].is_running)
			return;
		if (registry->members[i].rc < 0 &&
		    (failed == NULL || failed_before(&registry->members[i], failed)))
			failed = &registry->members[i];
	}
	callbacks_stop(registry->callbacks, first,
		       failed                  ? "failed"
		       : registry->is_stopping ? "stopped"
					       : "finished",
		       failed ? failed->err.text : NULL);
}

static void handle_end(struct registry *registry, struct member *member)
{
	thread_join(member->thread);
	member->is_running = false;
	progress_end(&member->progress, member->supervisor);
	if (member->rc < 0)
		note_failure(registry, member);
	stop_callbacks(registry, member);
}

bool registry_poll(struct registry *registry)
{
	unsigned running = 0;
	for (unsigned i = 0; i < registry->n; i++) {
		struct member *member = &registry->members[i];
		if (member->is_running && atomic_load(&member->has_ended))
			handle_end(registry, member);
		running += member->is_running;
	}
	for (unsigned i = 0; registry->is_stopping && i < registry->n; i++)
		if (registry->members[i].is_running)
			supervisor_wake(registry->members[i].supervisor);
	return running == 0;
}

int registry_turn_ms(const struct registry *registry)
{
	return registry->is_stopping ? STOPPING_TURN_MS : TURN_MS;
}

void registry_show(struct registry *registry, unsigned turn)
{
	for (unsigned i = 0; i < registry->n; i++) {
		struct supervisor *supervisor = registry->members[i].supervisor;
		sync_journal_count(registry->process.syncs[i].journal, supervisor_rows(supervisor));
		progress_show(&registry->members[i].progress, supervisor, turn % registry->n == i);
	}
}

int registry_result(const struct registry *registry, struct err *err)
{
	if (registry->failed == NULL)
		return 0;
	*err = registry->failed->err;
	return -1;
}
