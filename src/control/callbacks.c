#include "control/callbacks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"
#include "base/thread.h"
#include "control/alerts.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Mail: a sync has ended. */
struct ended {
	unsigned sync;
	const char *reason;
	char *message; /* heap; NULL: none */
};

struct timer {
	unsigned sync, index; /* index: of the timer in its sync */
	int64_t every_ms;
	int64_t due_ms; /* monotonic */
	bool is_off;
};

struct callbacks {
	struct script *script; /* NULL: there is nothing to call */
	struct supervisor *const *supervisors;
	unsigned nsyncs;
	struct timer *timers;
	unsigned ntimers;
	struct alerts **alerts; /* of each sync; NULL: its script has no on_alert */
	struct mailbox box;     /* struct ended, and &wakes */
	_Atomic bool wakes;     /* is in the mailbox: an alert may be due */
	bool has_thread;        /* otherwise thread and ends are unused */
	pthread_t thread;
	_Atomic bool ends; /* no more mail will come */
};

static const struct callbacks_config *config_of(const struct callbacks *callbacks, unsigned sync)
{
	return &supervisor_config(callbacks->supervisors[sync])->callbacks;
}

static unsigned first_source(const struct callbacks *callbacks, unsigned sync)
{
	return sync - supervisor_config(callbacks->supervisors[sync])->source_number;
}

static void wake(void *arg)
{
	struct callbacks *callbacks = arg;
	if (!atomic_exchange(&callbacks->wakes, true))
		(void)mailbox_put(&callbacks->box, &callbacks->wakes, 0); /* there is room */
}

/* Of a list of sources the first one has the functions. */
static void make_alerts(struct callbacks *callbacks)
{
	callbacks->alerts = mem_array(callbacks->nsyncs + 1, sizeof(struct alerts *));
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		if (config_of(callbacks, first_source(callbacks, i))->on_alert)
			callbacks->alerts[i] = alerts_new(
				supervisor_events(callbacks->supervisors[i]), wake, callbacks);
}

static void make_timers(struct callbacks *callbacks)
{
	unsigned n = 0;
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		n += config_of(callbacks, i)->ntimers;
	callbacks->timers = mem_array(n + 1, sizeof(*callbacks->timers));
	for (unsigned i = 0; i < callbacks->nsyncs; i++) {
		const struct callbacks_config *config = config_of(callbacks, i);
		for (unsigned j = 0; j < config->ntimers; j++)
			callbacks->timers[callbacks->ntimers++] = (struct timer){
				.sync = i,
				.index = j,
				.every_ms = (int64_t)(config->timers[j] * 1000),
			};
	}
}

static bool needs_thread(const struct callbacks *callbacks)
{
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		if (config_of(callbacks, i)->on_stop || config_of(callbacks, i)->on_alert)
			return true;
	return callbacks->ntimers > 0;
}

static bool has_callbacks(const struct callbacks *callbacks)
{
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		if (config_of(callbacks, i)->on_start)
			return true;
	return needs_thread(callbacks);
}

struct callbacks *callbacks_new(struct script *script, struct supervisor *const *supervisors,
				unsigned nsyncs)
{
	struct callbacks *callbacks = mem_array(1, sizeof(*callbacks));
	callbacks->script = script;
	callbacks->supervisors = supervisors;
	callbacks->nsyncs = nsyncs;
	mailbox_init(&callbacks->box, nsyncs + 1); /* an end of each, and one that wakes */
	make_timers(callbacks);
	make_alerts(callbacks);
	if (!has_callbacks(callbacks)) { /* an idle sync must not keep its memory */
		script_free(script);
		callbacks->script = NULL;
	}
	return callbacks;
}

void callbacks_free(struct callbacks *callbacks)
{
	if (callbacks == NULL)
		return;
	atomic_store(&callbacks->ends, true);
	mailbox_close(&callbacks->box);
	if (callbacks->has_thread)
		thread_join(callbacks->thread);
	while (mailbox_take(&callbacks->box, 0)) /* only a wake, if no thread was started */
		;
	mailbox_fini(&callbacks->box);
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		alerts_free(callbacks->alerts[i]);
	free(callbacks->alerts);
	free(callbacks->timers);
	script_free(callbacks->script);
	free(callbacks);
}

/* ---- calls ---- */

static int call(struct callbacks *callbacks, unsigned sync, const struct script_callback *callback,
		struct err *err)
{
	int rc;
	log_about(supervisor_label(callbacks->supervisors[sync]));
	rc = script_call(callbacks->script, sync, callback, err);
	log_about(NULL);
	return rc;
}

/* Calls a function whose failure the sync survives. */
static void call_and_report(struct callbacks *callbacks, unsigned sync, const char *name,
			    const struct script_callback *callback)
{
	struct supervisor *supervisor = callbacks->supervisors[sync];
	struct err err = ERR_INIT;
	if (call(callbacks, sync, callback, &err) == 0)
		return;
	log_about(supervisor_label(supervisor));
	sync_events_emit(supervisor_events(supervisor), (struct sync_event){
								.kind = SYNC_EVENT_CALLBACK_FAILED,
								.callback = {name, &err},
							});
	log_about(NULL);
}

static void call_stop(struct callbacks *callbacks, struct ended *ended)
{
	const struct script_callback callback = {
		.kind = CALLBACK_STOP, .reason = ended->reason, .message = ended->message};
	for (unsigned i = 0; i < callbacks->ntimers; i++)
		if (callbacks->timers[i].sync == ended->sync)
			callbacks->timers[i].is_off = true;
	if (config_of(callbacks, ended->sync)->on_stop)
		call_and_report(callbacks, ended->sync, "on_stop", &callback);
	free(ended->message);
	free(ended);
}

/* Call on_alert for what is due. Return how long to wait for the next alert; -1 if there is none. */
static int64_t call_alerts(struct callbacks *callbacks)
{
	int64_t next_ms = -1;
	for (unsigned i = 0; i < callbacks->nsyncs; i++) {
		struct alert alert;
		const struct script_callback callback = {.kind = CALLBACK_ALERT, .alert = &alert};
		int64_t wait_ms;
		if (callbacks->alerts[i] == NULL)
			continue;
		while (alerts_take(callbacks->alerts[i], &alert, &wait_ms))
			call_and_report(callbacks, first_source(callbacks, i), "on_alert",
					&callback);
		if (wait_ms >= 0 && (next_ms < 0 || wait_ms < next_ms))
			next_ms = wait_ms;
	}
	return next_ms;
}

/* Call the timers that are due. A call that was missed is not made later. */
static void call_timers(struct callbacks *callbacks)
{
	for (unsigned i = 0; i < callbacks->ntimers; i++) {
		struct timer *timer = &callbacks->timers[i];
		const struct script_callback callback = {.kind = CALLBACK_TIMER,
							 .timer = timer->index};
		int64_t now_ms = clock_mono_ms();
		if (timer->is_off || now_ms < timer->due_ms)
			continue;
		call_and_report(callbacks, timer->sync, "every", &callback);
		timer->due_ms += timer->every_ms;
		if (timer->due_ms <= clock_mono_ms())
			timer->due_ms = clock_mono_ms() + timer->every_ms;
	}
}

/* Return how long to wait for the next timer or alert; -1 if there is none. */
static int wait_ms(const struct callbacks *callbacks, int64_t alert_ms)
{
	int64_t due_ms = alert_ms < 0 ? INT64_MAX : clock_mono_ms() + alert_ms, left_ms;
	for (unsigned i = 0; i < callbacks->ntimers; i++)
		if (!callbacks->timers[i].is_off && callbacks->timers[i].due_ms < due_ms)
			due_ms = callbacks->timers[i].due_ms;
	if (due_ms == INT64_MAX)
		return -1;
	left_ms = due_ms - clock_mono_ms();
	return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void *callbacks_main(void *arg)
{
	struct callbacks *callbacks = arg;
	int64_t alert_ms = -1;
	for (;;) {
		bool ends = atomic_load(&callbacks->ends);
		void *mail = mailbox_take(&callbacks->box, wait_ms(callbacks, alert_ms));
		if (mail == &callbacks->wakes)
			atomic_store(&callbacks->wakes, false);
		alert_ms = call_alerts(callbacks); /* before on_stop: a failure is an alert, too */
		if (mail == NULL && ends)
			return NULL;
		if (mail && mail != &callbacks->wakes)
			call_stop(callbacks, mail);
		else
			call_timers(callbacks);
	}
}

/* ---- main ---- */

int callbacks_start(struct callbacks *callbacks, struct err *err)
{
	const struct script_callback callback = {.kind = CALLBACK_START};
	for (unsigned i = 0; i < callbacks->nsyncs; i++)
		if (config_of(callbacks, i)->on_start && call(callbacks, i, &callback, err) < 0)
			return err_wrap(err, "sync '%s': on_start",
					supervisor_config(callbacks->supervisors[i])->name);
	for (unsigned i = 0; i < callbacks->ntimers; i++)
		callbacks->timers[i].due_ms = clock_mono_ms() + callbacks->timers[i].every_ms;
	callbacks->has_thread = needs_thread(callbacks);
	if (callbacks->has_thread)
		thread_start(&callbacks->thread, "hooks", callbacks_main, callbacks);
	return 0;
}

void callbacks_stop(struct callbacks *callbacks, unsigned sync, const char *reason,
		    const char *message)
{
	struct ended *ended;
	if (!callbacks->has_thread)
		return;
	ended = mem_array(1, sizeof(*ended));
	*ended = (struct ended){sync, reason, message ? strdup(message) : NULL};
	(void)mailbox_put(&callbacks->box, ended, -1);
}
