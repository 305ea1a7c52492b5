/* cmd_change_tables: `tideway add`, `tideway remove` and `tideway cancel`: change which tables a running sync captures. Each returns
 * when it has taken effect, and prints what it waits for. */
#include "base/json_writer.h"
#include "control/steer.h"

#include <stdio.h>
#include <string.h>

/* Write {"tables":[..]} of the words. */
static void put_tables(const struct admin_client *client, struct buf *out)
{
	buf_put(out, SLICE("{\"tables\":["));
	for (unsigned i = 0; i < client->nwords; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, slice_str(client->words[i]));
	}
	buf_put(out, SLICE("]}"));
}

/* Return the command with this number, in the answer about a sync; NULL: the process does not have it. */
static const cJSON *find_command(const cJSON *sync, double id)
{
	const cJSON *command;
	cJSON_ArrayForEach(command, cJSON_GetObjectItemCaseSensitive(sync, "commands"))
	{
		const cJSON *number = cJSON_GetObjectItemCaseSensitive(command, "id");
		if (cJSON_IsNumber(number) && number->valuedouble == id)
			return command;
	}
	return NULL;
}

static const cJSON *find_pending(void *arg, const cJSON *sync)
{
	const cJSON *command = find_command(sync, *(const double *)arg);
	return strcmp(steer_text(command, "state"), "pending") == 0 ? command : NULL;
}

/* Return the number of the command, which the process has taken; -1. */
static double send_command(const struct admin_client *client, const struct arguments *arguments,
			   struct err *err)
{
	char path[128];
	struct buf body;
	cJSON *command;
	double id = -1;
	buf_init(&body);
	put_tables(client, &body);
	snprintf(path, sizeof(path), "/syncs/%s/%s", client->sync, arguments->command);
	command = admin_client_ask(client, "POST", path, buf_cstr(&body), NULL, err);
	if (command)
		id = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(command, "id"));
	cJSON_Delete(command);
	buf_fini(&body);
	return id;
}

static int judge(const struct admin_client *client, const cJSON *command, struct err *err)
{
	if (command == NULL)
		return err_set(err, E_COMMAND_LOST,
			       "the process of sync '%s' has started again meanwhile",
			       client->sync);
	if (strcmp(steer_text(command, "state"), "refused") == 0)
		return admin_client_error(command, err);
	return 0;
}

/* Print the names of the command's tables. */
static void print_tables(const cJSON *command, const char *quote)
{
	const cJSON *tables = cJSON_GetObjectItemCaseSensitive(command, "tables"), *table;
	bool first = true;
	cJSON_ArrayForEach(table, tables)
	{
		printf("%s%s%s%s", first ? "" : ", ", quote, table->valuestring, quote);
		first = false;
	}
}

/* Send the command, and wait. Print what it has done with the tables, and what follows: an operator does that with the tables, whose
 * names end the text. */
static int change_tables(const struct arguments *arguments, const char *done, const char *follows,
			 struct err *err)
{
	struct admin_client client;
	char path[128];
	double id;
	const cJSON *command;
	cJSON *sync;
	int rc;
	if (admin_client_open_with_words(&client, arguments, err) < 0 ||
	    admin_client_choose(&client, arguments, err) < 0)
		return -1;
	id = send_command(&client, arguments, err);
	if (id < 0)
		return -1;
	snprintf(path, sizeof(path), "/syncs/%s", client.sync);
	sync = admin_client_ask(&client, "GET", path, NULL, NULL, err);
	sync = steer_wait(&client, sync, find_pending, &id, err);
	if (sync == NULL)
		return -1;
	command = find_command(sync, id);
	rc = judge(&client, command, err);
	if (rc == 0) {
		printf("Sync '%s' %s ", client.sync, done);
		print_tables(command, "");
		printf("%s", follows);
		print_tables(command, "\"");
		printf("\n");
	}
	cJSON_Delete(sync);
	return rc;
}

int command_add(const struct arguments *arguments, struct err *err)
{
	return change_tables(arguments, "captures",
			     ", also after a restart. Existing rows are copied beside the stream.\n"
			     "Put this into source.tables of the script: ",
			     err);
}

int command_remove(const struct arguments *arguments, struct err *err)
{
	return change_tables(arguments, "captures no longer",
			     ", also after a restart. Messages that were sent remain. A table that "
			     "is added again is copied again.\nTake this out of source.tables of "
			     "the script, or exclude it there with !: ",
			     err);
}

int command_cancel(const struct arguments *arguments, struct err *err)
{
	return change_tables(arguments, "ends the copy of, and captures no longer,",
			     ". Messages that were sent remain. To add what was cancelled again: "
			     "tideway add ",
			     err);
}
