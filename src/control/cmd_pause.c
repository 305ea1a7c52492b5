/* cmd_pause: `tideway pause` and `tideway resume` without tables: let a sync of the running process wait, and continue. Each returns when it has
 * taken effect, and prints what it waits for. */
#include "control/steer.h"

#include <stdio.h>
#include <string.h>

static void print_position(const cJSON *sync)
{
	const cJSON *position = cJSON_GetObjectItemCaseSensitive(sync, "position");
	const cJSON *offset = cJSON_GetObjectItemCaseSensitive(position, "offset");
	if (steer_text(position, "file")[0] && cJSON_IsNumber(offset))
		printf(" at %s:%.0f", steer_text(position, "file"), offset->valuedouble);
}

static const cJSON *find_pending(void *arg, const cJSON *sync)
{
	const char *pending = steer_text(sync, "pending");
	bool is_wish = strcmp(pending, "pause") == 0 || strcmp(pending, "resume") == 0;
	(void)arg;
	return is_wish ? cJSON_GetObjectItemCaseSensitive(sync, "pending") : NULL;
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
	return steer_wait(client, sync, find_pending, NULL, err);
}

static bool is_paused(const cJSON *sync)
{
	return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(sync, "paused_since_ms"));
}

/* Return whether the command names tables. */
static bool has_tables(const struct arguments *arguments)
{
	return arguments->nwords > (arguments->socket ? 0U : 1U);
}

int command_pause(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	cJSON *sync;
	if (has_tables(arguments))
		return command_pause_tables(arguments, err);
	sync = steer(&client, arguments, err);
	if (sync == NULL)
		return -1;
	if (!is_paused(sync)) {
		err_set(err, E_ADMIN_RESUMED,
			"another command has ended the pause of sync '%s' meanwhile. Its state is "
			"%s",
			client.sync, steer_text(sync, "state"));
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
	cJSON *sync;
	if (has_tables(arguments))
		return command_resume_tables(arguments, err);
	sync = steer(&client, arguments, err);
	if (sync == NULL)
		return -1;
	printf("Sync '%s' is not paused any more and continues", client.sync);
	print_position(sync);
	printf(". Its state is %s.\n", steer_text(sync, "state"));
	cJSON_Delete(sync);
	return 0;
}
