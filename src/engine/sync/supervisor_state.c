/* supervisor_state: the mail of a supervisor, its state, and its end. */
#include "base/clock.h"
#include "engine/sync/supervisor_priv.h"

#include <assert.h>

/* ---- mail ---- */

void supervisor_post(struct supervisor *supervisor, enum mail_kind kind)
{
	struct mail *mail = &supervisor->mails[kind];
	if (!atomic_exchange(&mail->is_posted, true))
		(void)mailbox_put(&supervisor->box, mail, 0); /* there is room for one of each */
}

void supervisor_post_ended(void *arg)
{
	supervisor_post(arg, MAIL_ENDED);
}

enum mail_kind supervisor_take_mail(struct supervisor *supervisor, int64_t wait_ms)
{
	struct mail *mail = mailbox_take(&supervisor->box, (int)wait_ms);
	if (mail == NULL)
		return MAIL_KINDS;
	atomic_store(&mail->is_posted, false);
	return mail->kind;
}

/* ---- state ---- */

void supervisor_enter(struct supervisor *supervisor, enum sync_state state)
{
	enum sync_state from = atomic_load(&supervisor->state);
	if (from == state)
		return;
	assert(sync_state_may_follow(from, state));
	atomic_store(&supervisor->state, state);
	sync_events_emit(&supervisor->sync.events, (struct sync_event){
							   .kind = SYNC_EVENT_STATE_CHANGED,
							   .state = {.from = from, .to = state},
						   });
}

bool supervisor_is_pausing(const struct supervisor *supervisor)
{
	return atomic_load(&supervisor->state) == SYNC_PAUSING;
}

bool supervisor_is_stopping(const struct supervisor *supervisor)
{
	return atomic_load(&supervisor->sync.flags.stop);
}

/* ---- the end ---- */

/* Return whether no message that a lane has sent can arrive any more. A message that was purged in
 * flight can arrive for a while. */
static bool nothing_is_under_way(const struct supervisor *supervisor)
{
	int64_t thrown_ms = atomic_load(&supervisor->sync.thrown_ms);
	int64_t handover_ms = supervisor->sync.checkpoint.lease.times[LEASE_HANDOVER];
	return supervisor->saved && (thrown_ms == 0 || clock_boot_ms() - thrown_ms > handover_ms);
}

static void close_checkpoint(struct supervisor *supervisor, bool displaced)
{
	if (!supervisor->checkpoint_is_open)
		return;
	if (nothing_is_under_way(supervisor) && !displaced)
		handover_end(&supervisor->handover);
	checkpoint_fini(&supervisor->sync.checkpoint);
	supervisor->checkpoint_is_open = false;
}

void supervisor_end(struct supervisor *supervisor, const struct err *err)
{
	struct sync_events *events = &supervisor->sync.events;
	bool displaced = err && err->code == ERR_DISPLACED;
	close_checkpoint(supervisor, displaced);
	if (err == NULL) {
		supervisor_enter(supervisor, SYNC_STOPPED);
		sync_events_emit_kind(events, SYNC_EVENT_STOPPED);
		return;
	}
	supervisor->failure = (struct failure){*err, clock_mono_ms()};
	if (displaced)
		sync_events_emit_failure(events, SYNC_EVENT_FENCED, err, 0);
	supervisor_enter(supervisor, SYNC_FAILED);
	sync_events_emit(events, (struct sync_event){
					 .kind = SYNC_EVENT_FAILED,
					 .failure = {.why = err,
						     .isolated = supervisor->sync.config->isolated},
				 });
}

/* ---- the next attempt ---- */

void supervisor_wait_for_retry(struct supervisor *supervisor, int64_t begun_ms,
			       const struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	int64_t wait_ms = backoff_next(&supervisor->backoff, now_ms - begun_ms);
	supervisor->retry_ms = now_ms + wait_ms;
	sync_events_emit_failure(&supervisor->sync.events, SYNC_EVENT_ATTEMPT_FAILED, err, wait_ms);
	supervisor_enter(supervisor, SYNC_WAITING);
}
