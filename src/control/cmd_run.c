/* cmd_run: `tideway run`: run the syncs of the script until they end. The main thread waits for
 * signals. */
#include "base/clock.h"
#include "base/log.h"
#include "control/admin.h"
#include "control/command.h"
#include "control/registry.h"

#include <signal.h>
#include <time.h>

enum {
	SHOW_MS = 500,
	TURN_MS = 3000, /* how long the line on a terminal shows one of several syncs */
};

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, REGISTRY_SIGNAL);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void wait_all(struct registry *registry, const sigset_t *signals)
{
	int64_t shown = clock_mono_ms(), begun = shown;
	while (!registry_poll(registry)) {
		const struct timespec wait = {0, registry_turn_ms(registry) * 1000000L};
		int number = sigtimedwait(signals, NULL, &wait);
		if (number == SIGTERM || number == SIGINT) {
			log_info("signal %d: stopping", number);
			registry_stop(registry);
		}
		if (clock_mono_ms() - shown < SHOW_MS)
			continue;
		shown = clock_mono_ms();
		registry_show(registry, (unsigned)((shown - begun) / TURN_MS));
	}
}

int command_run(const struct arguments *arguments, struct err *err)
{
	struct script_options options = {.args = arguments->settings,
					 .nargs = arguments->nsettings};
	struct registry *registry;
	struct admin *admin = NULL;
	sigset_t signals;
	int rc = 0;
	if (arguments_script(arguments, &options.path, err) < 0)
		return -1;
	block_signals(&signals);
	registry = registry_new(&options, arguments, err);
	if (registry == NULL)
		return -1;
	if (!arguments->dry_run)
		rc = admin_start(registry_process(registry), &admin, err);
	if (rc == 0)
		rc = registry_start(registry, err);
	if (rc == 0) {
		wait_all(registry, &signals);
		rc = registry_result(registry, err);
	}
	admin_stop(admin);
	registry_free(registry);
	return rc;
}
