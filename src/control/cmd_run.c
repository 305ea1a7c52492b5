/* cmd_run: `tideway run`: each sync of the script in a thread of its own; main waits for signals. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/thread.h"
#include "control/command.h"
#include "control/progress.h"
#include "engine/watermarks.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	SHOW_MS = 500,
	TURN_MS = 3000, /* for which a terminal's line is about one of several syncs */
};

struct syncing {
	struct supervisor *supervisor;
	struct watermarks *watermarks; /* of a list of sources: the first one's */
	struct progress progress;
	pthread_t thread;
	struct err err;
	int rc;
	_Atomic bool ended;
};

static void *sync_main(void *arg)
{
	struct syncing *syncing = arg;
	syncing->rc = supervisor_run(syncing->supervisor, &syncing->err);
	atomic_store(&syncing->ended, true);
	return NULL;
}

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void stop_all(struct syncing *syncs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		supervisor_stop(syncs[i].supervisor);
}

/* Whether every sync has ended; the first that failed stops the others. */
static bool all_ended(struct syncing *syncs, unsigned n, bool *stopped)
{
	unsigned ended = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!atomic_load(&syncs[i].ended))
			continue;
		ended++;
		if (syncs[i].rc < 0 && !*stopped) {
			*stopped = true;
			stop_all(syncs, n);
		}
	}
	return ended == n;
}

static void wait_all(struct syncing *syncs, unsigned n, const sigset_t *signals)
{
	const struct timespec wait = {0, SHOW_MS * 1000000L / 5};
	bool stopped = false;
	int64_t shown = clock_mono_ms(), begun = shown;
	while (!all_ended(syncs, n, &stopped)) {
		int number = sigtimedwait(signals, NULL, &wait);
		if (number == SIGTERM || number == SIGINT) {
			log_info("signal %d: stopping", number);
			stopped = true;
			stop_all(syncs, n);
		}
		for (unsigned i = 0; stopped && i < n; i++)
			supervisor_wake(syncs[i].supervisor);
		if (clock_mono_ms() - shown < SHOW_MS)
			continue;
		shown = clock_mono_ms();
		for (unsigned i = 0; i < n; i++)
			progress_show(&syncs[i].progress, syncs[i].supervisor,
				      (unsigned)((shown - begun) / TURN_MS) % n == i);
	}
}

/* The sources of a list follow each other. */
static void share_watermarks(struct syncing *syncs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct sync_config *config = supervisor_config(syncs[i].supervisor);
		unsigned first = i - config->source_number;
		if (config->sources < 2)
			continue;
		if (i == first)
			syncs[i].watermarks = watermarks_new(config->sources);
		supervisor_share(syncs[i].supervisor, syncs[first].watermarks);
	}
}

static int start_all(struct syncing *syncs, unsigned n, const struct script_options *script,
		     const struct arguments *arguments, struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		struct supervisor_options options = {
			.script = script,
			.index = i,
			.several = n > 1,
			.dry_run = arguments->dry_run,
			.prints = arguments->json || terminal_is(STDOUT_FILENO),
			.raw = arguments->json,
		};
		syncs[i].supervisor = supervisor_new(&options, err);
		if (syncs[i].supervisor == NULL)
			return -1;
		progress_init(&syncs[i].progress, n > 1);
	}
	share_watermarks(syncs, n);
	for (unsigned i = 0; i < n; i++)
		thread_start(&syncs[i].thread, "sync", sync_main, &syncs[i]);
	return 0;
}

static int join_all(struct syncing *syncs, unsigned n, struct err *err)
{
	int rc = 0;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(syncs[i].thread, NULL);
		progress_end(&syncs[i].progress, syncs[i].supervisor);
		if (syncs[i].rc == 0)
			continue;
		if (rc < 0)
			log_error("%s", err->text);
		*err = syncs[i].err;
		rc = n > 1 ? err_wrap(err, "%s", supervisor_config(syncs[i].supervisor)->name) : -1;
	}
	return rc;
}

static int count_syncs(const struct script_options *options, unsigned *n, struct err *err)
{
	struct script *script = script_new(options, err);
	if (script == NULL)
		return -1;
	*n = script_syncs(script);
	script_free(script);
	return 0;
}

int command_run(const struct arguments *arguments, struct err *err)
{
	struct script_options options = {.args = arguments->settings,
					 .nargs = arguments->nsettings};
	struct syncing *syncs;
	sigset_t signals;
	unsigned n;
	int rc;
	if (arguments_script(arguments, &options.path, err) < 0 ||
	    count_syncs(&options, &n, err) < 0)
		return -1;
	block_signals(&signals);
	syncs = mem_array(n, sizeof(*syncs));
	rc = start_all(syncs, n, &options, arguments, err);
	if (rc == 0) {
		wait_all(syncs, n, &signals);
		rc = join_all(syncs, n, err);
	}
	for (unsigned i = 0; i < n; i++) {
		supervisor_free(syncs[i].supervisor);
		watermarks_free(syncs[i].watermarks);
	}
	free(syncs);
	return rc;
}
