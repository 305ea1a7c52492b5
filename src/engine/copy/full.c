#include "engine/copy/full.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "engine/copy/full_priv.h"
#include "engine/lane/step.h"
#include "source/conn.h"

#include <stdio.h>
#include <stdlib.h>

enum { HALT_MS = 100 }; /* the longest time until a halt of the sync is noticed */

static void *lane_main(void *arg)
{
	struct full_lane *lane = arg;
	struct full *full = lane->full;
	struct err err = ERR_INIT;
	int rc = full_lane_open(lane, &err);
	if (rc == 0)
		rc = lane_run(&lane->lane, &err);
	full_lane_close(lane, rc, &err);
	(void)mailbox_put(&full->ended, lane, -1);
	return NULL;
}

static void start_lanes(struct full *full, struct full_lane *lanes)
{
	for (unsigned i = 0; i < full->nlanes; i++) {
		char name[16];
		lanes[i].full = full;
		lanes[i].number = i;
		lanes[i].conn = full->conns[i];
		snprintf(name, sizeof(name), "copy-%u", i + 1);
		thread_start(&lanes[i].thread, name, lane_main, &lanes[i]);
	}
}

/* Shut the connections down, so that a lane that must end does not wait for the source. */
static void shut_lanes(struct full *full)
{
	for (unsigned i = 0; i < full->nlanes; i++)
		conn_shutdown(full->conns[i]);
}

static void wait_lanes(struct full *full, struct full_lane *lanes)
{
	unsigned left = full->nlanes;
	while (left > 0) {
		if (mailbox_take(&full->ended, HALT_MS))
			left--;
		if (atomic_load(&full->sync->flags.parts[SYNC_COPY]))
			shut_lanes(full);
	}
	for (unsigned i = 0; i < full->nlanes; i++)
		thread_join(lanes[i].thread);
}

int full_run(struct full *full, struct err *err)
{
	struct full_lane *lanes = mem_array(full->nlanes, sizeof(*lanes));
	int rc;
	arena_init(&full->arena, 0);
	log_about(full->sync->label);
	mailbox_init(&full->ended, full->nlanes);
	pthread_mutex_init(&full->order, NULL);
	pthread_mutex_init(&full->lock, NULL);
	full->started_ms = clock_mono_ms();
	rc = full_queue_tables(full, err);
	if (rc == 0) {
		start_lanes(full, lanes);
		wait_lanes(full, lanes);
	}
	if (rc == 0 && full->result < 0) {
		*err = full->error;
		rc = -1;
	}
	pthread_mutex_destroy(&full->lock);
	pthread_mutex_destroy(&full->order);
	mailbox_fini(&full->ended);
	full_free_ranges(full);
	free(lanes);
	return rc;
}
