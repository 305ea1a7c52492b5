#include "engine/lane/step.h"

#include "base/clock.h"
#include "sink/sink.h"

int lane_run(struct lane *lane, struct err *err)
{
	struct wait wait;
	int rc;
	while ((rc = lane_step(lane, &wait, err)) > 0)
		if (rc == LANE_WAIT)
			wait_for(&wait, lane->wakeup);
	return rc;
}

bool lane_is_full(struct lane *lane)
{
	return commit_is_full(lane->commit) || sink_is_full(lane->sink);
}

int lane_wait_for_room(struct lane *lane, struct wait *wait, struct err *err)
{
	if (sink_poll(lane->sink, 0, err) < 0)
		return -1;
	commit_serve(lane->commit, false);
	if (lane_is_full(lane))
		return lane_wait_for_reports(lane, wait);
	lane->reports_wait_ms = 0;
	return LANE_PROGRESS;
}

int lane_wait_for_reports(struct lane *lane, struct wait *wait)
{
	int wait_ms = lane->reports_wait_ms > 0 ? 2 * lane->reports_wait_ms : 1;
	lane->reports_wait_ms = wait_ms < LANE_POLL_MS ? wait_ms : LANE_POLL_MS;
	*wait = (struct wait){-1, clock_mono_ms() + lane->reports_wait_ms};
	return LANE_WAIT;
}
