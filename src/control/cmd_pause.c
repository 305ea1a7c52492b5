/* cmd_pause: `tideway pause` and `tideway resume`: let a sync of the running process wait, and continue. Each returns when it has
 * taken effect, and prints what it waits for. */
#include "base/clock.h"
#include "base/log.h"
#include "control/admin_client.h"

#include <stdio.h>
#include <string.h>

enum {
	POLL_MS = 100,
	PATIENCE_MS = 1000, /* after that, print what it waits for */
	REASON_SIZE = 400,
};

static const char *text_of(const cJSON *json, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
	return text ? text : "";
}

/* Write what the sync waits for: its state, and what keeps it from working. */
static void describe_wait(const cJSON *sync, char *reason, size_t size)
{
	const cJSON *problem =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(sync, "problems"), 0);
	if (problem)
		snprintf(reason, size, "it is %s: %s", text_of(sync, "state"),
			 text_of(problem, "message"));
	else
		snprintf(reason, size, "it is %s", text_of(sync, "state"));
}

static bool has_ended(const cJSON *sync)
{
	const char *state = text_of(sync, "state");
	return strcmp(state, "stopped") == 0 || strcmp(state, "failed") == 0;
}

/* Ask until the wish of the command is fulfilled, or the sync has ended. Return the last answer. */
static cJSON *wait_until_done(const struct admin_client *client, cJSON *sync, struct err *err)
{
	char path[128], reason[REASON_SIZE], shown[REASON_SIZE] = "";
	int64_t begun_ms = clock_mono_ms();
	snprintf(path, sizeof(path), "/syncs/%s", client->sync);
	while (sync && text_of(sync, "pending")[0] && !has_ended(sync)) {
		describe_wait(sync, reason, sizeof(reason));
		if (clock_mono_ms() - begun_ms > PATIENCE_MS && strcmp(reason, shown) != 0) {
			log_info("waiting for sync '%s': %s", client->sync, reason);
			memcpy(shown, reason, sizeof(shown));
		}
		cJSON_Delete(sync);
		clock_pause(POLL_MS);
		sync = admin_client_ask(client, "GET", path, NULL, NULL, err);
	}
	return sync;
}

static void print_position(const cJSON *sync)
{
	const cJSON *position = cJSON_GetObjectItemCaseSensitive(sync, "position");
	const cJSON *offset = cJSON_GetObjectItemCaseSensitive(position, "offset");
	if (text_of(position, "file")[0] && cJSON_IsNumber(offset))
		printf(" at %s:%.0f", text_of(position, "file"), offset->valuedouble);
}

/* Send the command, and wait. Return the sync afterwards. */
static cJSON *steer(struct admin_client *client, const struct arguments *arguments, struct err *err)
{
	char path[128];
	cJSON *sync;
	if (admin_client_open(client, arguments, 0, err) < 0 ||
	    admin_client_choose(client, arguments, err) < 0)
		return NULL;
	snprintf(path, sizeof(path), "/syncs/%s/%s", client->sync, arguments->command);
	sync = admin_client_ask(client, "POST", path, NULL, NULL, err);
	sync = wait_until_done(client, sync, err);
	if (sync == NULL || !has_ended(sync))
		return sync;
	err_set(err, E_ADMIN_ENDED, "sync '%s' has ended meanwhile, its state is %s", client->sync,
		text_of(sync, "state"));
	cJSON_Delete(sync);
	return NULL;
}

static bool is_paused(const cJSON *sync)
{
	return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(sync, "paused_since_ms"));
}

int command_pause(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	cJSON *sync = steer(&client, arguments, err);
	if (sync == NULL)
		return -1;
	if (!is_paused(sync)) {
		err_set(err, E_ADMIN_RESUMED,
			"another command has ended the pause of sync '%s' meanwhile. Its state is "
			"%s",
			client.sync, text_of(sync, "state"));
		cJSON_Delete(sync);
		return -1;
	}
	printf("Sync '%s' is paused", client.sync);
	print_position(sync);
	printf(", also after a restart. The server must keep its binlog from there on.\n"
	       "'tideway resume' lets it continue.\n");
	cJSON_Delete(sync);
	return 0;
}

int command_resume(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	cJSON *sync = steer(&client, arguments, err);
	if (sync == NULL)
		return -1;
	printf("Sync '%s' is not paused any more and continues", client.sync);
	print_position(sync);
	printf(". Its state is %s.\n", text_of(sync, "state"));
	cJSON_Delete(sync);
	return 0;
}
