#include "control/steer.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
	POLL_MS = 100,
	PATIENCE_MS = 1000, /* after that, print what it waits for */
	REASON_SIZE = 400,
};

const char *steer_text(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	return text ? text : "";
}

/* Write what the command waits for: the state of the sync, and what keeps the command or the sync from working. */
static void describe_wait(const cJSON *sync, const cJSON *command, char *reason, size_t size)
{
	const cJSON *problem = cJSON_GetObjectItemCaseSensitive(command, "error");
	const char *waits = steer_text(command, "waits");
	if (!cJSON_IsObject(problem))
		problem = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(sync, "problems"), 0);
	if (problem)
		snprintf(reason, size, "it is %s: %s", steer_text(sync, "state"),
			 steer_text(problem, "message"));
	else if (waits[0])
		snprintf(reason, size, "it is %s, and the command waits %s",
			 steer_text(sync, "state"), waits);
	else
		snprintf(reason, size, "it is %s", steer_text(sync, "state"));
}

static bool has_ended(const cJSON *sync)
{
	const char *state = steer_text(sync, "state");
	return strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0;
}

static cJSON *refuse_ended(const struct admin_client *client, cJSON *sync, struct err *err)
{
	err_set(err, E_ADMIN_ENDED, "sync '%s' has ended meanwhile, its state is %s", client->sync,
		steer_text(sync, "state"));
	cJSON_Delete(sync);
	return NULL;
}

cJSON *steer_wait(const struct admin_client *client, cJSON *sync, steer_pending *pending, void *arg,
		  struct err *err)
{
	char path[128], reason[REASON_SIZE], shown[REASON_SIZE] = "";
	int64_t begun_ms = clock_mono_ms();
	const cJSON *command;
	snprintf(path, sizeof(path), "/syncs/%s", client->sync);
	while (sync && !has_ended(sync) && (command = pending(arg, sync))) {
		describe_wait(sync, command, reason, sizeof(reason));
		if (clock_mono_ms() - begun_ms > PATIENCE_MS && strcmp(reason, shown) != 0) {
			log_info("waiting for sync '%s': %s", client->sync, reason);
			memcpy(shown, reason, sizeof(shown));
		}
		cJSON_Delete(sync);
		clock_pause(POLL_MS);
		sync = admin_client_ask(client, "GET", path, NULL, NULL, err);
	}
	return sync && has_ended(sync) ? refuse_ended(client, sync, err) : sync;
}
