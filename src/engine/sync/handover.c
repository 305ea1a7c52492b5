#include "engine/sync/handover.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/json_writer.h"
#include "engine/state/checkpoint.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define RECORD_LOCK SLICE("process/lock")

enum { WAIT_MS = 50 }; /* one turn of waiting */

/* ---- the records ---- */

static void write_lock(const struct lock_place *lock, struct buf *json)
{
	buf_char(json, '{');
	if (lock->server[0]) {
		buf_put(json, SLICE("\"server\":"));
		json_string(json, slice_str(lock->server));
		buf_printf(json, ",\"started\":%" PRId64, lock->started_s);
	}
	buf_char(json, '}');
}

static void read_lock(struct handover *handover, struct slice json)
{
	struct lock_place *before = &handover->before;
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	const char *server = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "server"));
	const cJSON *started = cJSON_GetObjectItemCaseSensitive(root, "started");
	handover->over = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "ended"));
	if (server && cJSON_IsNumber(started)) {
		snprintf(before->server, sizeof(before->server), "%s", server);
		before->started_s = (int64_t)started->valuedouble;
	}
	cJSON_Delete(root);
}

/* Return an id that no other process has. */
static int put_id(struct checkpoint *checkpoint, struct err *err)
{
	uint64_t number;
	char json[40];
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return err_set(err, E_SYSTEM, "getrandom returned no random number");
	snprintf(json, sizeof(json), "{\"id\":\"%016" PRIx64 "\"}", number);
	return checkpoint_put(checkpoint, RECORD_PROCESS, slice_str(json), err);
}

/* ---- the process before ---- */

int handover_begin(struct handover *handover, struct checkpoint *checkpoint, struct err *err)
{
	const struct lease *lease = checkpoint_lease(checkpoint);
	struct slice record;
	*handover = (struct handover){.over = true};
	if (lease == NULL)
		return 0;
	handover->checkpoint = checkpoint;
	handover->until_ms = clock_boot_ms() + lease->times[LEASE_HANDOVER];
	record = checkpoint_get(checkpoint, RECORD_LOCK);
	if (record.ptr)
		read_lock(handover, record);
	else /* a position without this record was saved by version 0.1.0 */
		handover->over = checkpoint_get(checkpoint, SLICE("position")).ptr == NULL;
	return put_id(checkpoint, err);
}

/* Return why the lock does not show that the earlier process has ended; NULL: it does, since that
 * process held the same lock. */
static const char *proves_nothing(const struct lock_place *before, const struct instance_lock *lock)
{
	if (lock->place.server[0] == '\0')
		return "this process cannot get the instance lock on the source";
	if (before->server[0] == '\0')
		return "it did not hold the instance lock";
	if (strcmp(before->server, lock->place.server) != 0)
		return "it held the instance lock on another server";
	if (lock->place.started_s != before->started_s)
		return "the source has been restarted since it took the instance lock";
	return NULL;
}

int handover_wait(struct handover *handover, const struct instance_lock *lock, const char *sync,
		  const _Atomic bool *stop, struct err *err)
{
	const char *why = handover->over ? NULL : proves_nothing(&handover->before, lock);
	int64_t left_ms = handover->until_ms - clock_boot_ms();
	if (why && left_ms > 0)
		log_info(
			"the process that ran sync '%s' before has not ended cleanly and may still "
			"be sending (%s): waiting for %.0f s, after which it cannot send",
			sync, why, (double)left_ms / 1000);
	for (; why && clock_boot_ms() < handover->until_ms; clock_pause(WAIT_MS))
		if (atomic_load(stop))
			return err_retry(err, E_STOPPED_SENDING,
					 "stopped while waiting for the process that ran before");
	handover->over = true;
	return 0;
}

/* ---- this process ---- */

void handover_note(struct handover *handover, const struct instance_lock *lock)
{
	struct record_batch records = {NULL, NULL};
	struct buf json;
	if (handover->checkpoint == NULL || !handover->over)
		return;
	handover->begun = true;
	handover->noted = lock->place;
	buf_init(&json);
	write_lock(&lock->place, &json);
	record_batch_add(&records, RECORD_LOCK, buf_slice(&json));
	buf_fini(&json);
	checkpoint_post(handover->checkpoint, &records, NULL);
}

void handover_keep(struct handover *handover, const struct instance_lock *lock)
{
	if (strcmp(handover->noted.server, lock->place.server) != 0 ||
	    handover->noted.started_s != lock->place.started_s)
		handover_note(handover, lock);
}

void handover_end(struct handover *handover)
{
	struct err err = ERR_INIT;
	if (handover->begun &&
	    checkpoint_put(handover->checkpoint, RECORD_LOCK, SLICE("{\"ended\":true}"), &err) < 0)
		log_debug("%s", err.text);
}
