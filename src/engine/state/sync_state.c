#include "engine/state/sync_state.h"

#define TO(state) (1u << SYNC_##state)

/* The states that may follow each state. */
static const unsigned following[SYNC_STATE_COUNT] = {
	[SYNC_STARTING] = TO(COPYING) | TO(STREAMING) | TO(WAITING) | TO(PAUSED) | TO(STOPPING) |
			  TO(STOPPED) | TO(FAILED),
	[SYNC_COPYING] = TO(STARTING) | TO(STREAMING) | TO(WAITING) | TO(PAUSING) | TO(STOPPING) |
			 TO(STOPPED) | TO(FAILED),
	[SYNC_STREAMING] =
		TO(STARTING) | TO(WAITING) | TO(PAUSING) | TO(STOPPING) | TO(STOPPED) | TO(FAILED),
	[SYNC_WAITING] = TO(STARTING) | TO(STOPPED),
	[SYNC_PAUSING] = TO(STARTING) | TO(STOPPING) | TO(STOPPED) | TO(FAILED),
	[SYNC_PAUSED] = TO(STARTING) | TO(WAITING) | TO(STOPPED) | TO(FAILED),
	[SYNC_STOPPING] = TO(STOPPED) | TO(FAILED),
};

static const char *const names[SYNC_STATE_COUNT] = {
	[SYNC_STARTING] = "starting", [SYNC_COPYING] = "copying", [SYNC_STREAMING] = "streaming",
	[SYNC_WAITING] = "waiting",   [SYNC_PAUSING] = "pausing", [SYNC_PAUSED] = "paused",
	[SYNC_STOPPING] = "stopping", [SYNC_STOPPED] = "stopped", [SYNC_FAILED] = "failed",
};

const char *sync_state_name(enum sync_state state)
{
	return names[state];
}

bool sync_state_may_follow(enum sync_state from, enum sync_state to)
{
	return (following[from] & 1u << to) != 0;
}

bool sync_state_is_final(enum sync_state state)
{
	return following[state] == 0;
}
