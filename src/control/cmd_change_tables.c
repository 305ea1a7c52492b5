/* cmd_change_tables: `tideway add`, `tideway remove`, `tideway resync` and `tideway cancel`, and `tideway pause` and `tideway resume` with
 * tables: change which tables a running sync captures and copies. Each returns when it has taken effect, and prints what it waits for. */
#include "base/json_writer.h"
#include "control/steer.h"

#include <stdio.h>
#include <string.h>

/* Write {"tables":[..],"where":"..","deletes":true} of the words and the options. */
static void put_arguments(const struct admin_client *client, const struct arguments *arguments,
			  struct buf *out)
{
	buf_put(out, SLICE("{\"tables\":["));
	for (unsigned i = 0; i < client->nwords; i++) {
		if (i > 0)
			buf_char(out, ',');
		json_string(out, slice_str(client->words[i]));
	}
	buf_char(out, ']');
	if (arguments->where) {
		buf_put(out, SLICE(",\"where\":"));
		json_string(out, slice_str(arguments->where));
	}
	if (arguments->deletes)
		buf_put(out, SLICE(",\"deletes\":true"));
	buf_char(out, '}');
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
	put_arguments(client, arguments, &body);
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

/* What a command has done with the tables, and what follows: an operator does that with the tables, whose names end the text. */
struct outcome {
	const char *done, *follows;
};

static void print_outcome(const struct admin_client *client, const cJSON *command,
			  const struct outcome *outcome)
{
	printf("Sync '%s' %s ", client->sync, outcome->done);
	print_tables(command, "");
	printf("%s", outcome->follows);
	print_tables(command, "\"");
	printf("\n");
}

static bool has_removed(const cJSON *command)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(command, "removed")) > 0;
}

/* Send the command, and wait. Print its outcome. kept: the same if the sync still captures the tables; NULL: likewise. */
static int change_tables(const struct arguments *arguments, const struct outcome *outcome,
			 const struct outcome *kept, struct err *err)
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
	if (rc == 0)
		print_outcome(&client, command, kept && !has_removed(command) ? kept : outcome);
	cJSON_Delete(sync);
	return rc;
}

int command_add(const struct arguments *arguments, struct err *err)
{
	static const struct outcome added = {
		"captures", ", also after a restart. Existing rows are copied beside the stream.\n"
			    "Put this into source.tables of the script: "};
	return change_tables(arguments, &added, NULL, err);
}

int command_remove(const struct arguments *arguments, struct err *err)
{
	static const struct outcome removed = {
		"captures no longer",
		", also after a restart. Messages that were sent remain. A table that "
		"is added again is copied again.\nTake this out of source.tables of "
		"the script, or exclude it there with !: "};
	return change_tables(arguments, &removed, NULL, err);
}

int command_resync(const struct arguments *arguments, struct err *err)
{
	static const struct outcome begun = {
		"copies", " again beside the stream. Rows that the table does not have any more "
			  "stay downstream.\n"
			  "To end this before all rows are sent: tideway cancel "};
	static const struct outcome deleting = {
		"copies", " again beside the stream, and then deletes rows in the topic that the "
			  "table does not have any more.\n"
			  "To end this before all rows are sent: tideway cancel "};
	return change_tables(arguments, arguments->deletes ? &deleting : &begun, NULL, err);
}

int command_cancel(const struct arguments *arguments, struct err *err)
{
	static const struct outcome removed = {
		"ends the copy of, and captures no longer,",
		". Messages that were sent remain. To add what was cancelled again: tideway add "};
	static const struct outcome kept = {
		"ends the copy of",
		", without an end marker, and continues to send its changes. Messages "
		"that were sent remain. To copy it again: tideway resync "};
	return change_tables(arguments, &removed, &kept, err);
}

int command_pause_tables(const struct arguments *arguments, struct err *err)
{
	static const struct outcome paused = {"sends nothing more of",
					      ", also after a restart. The other tables continue. "
					      "To copy all rows again, and send the changes from "
					      "then on: tideway resume "};
	return change_tables(arguments, &paused, NULL, err);
}

int command_resume_tables(const struct arguments *arguments, struct err *err)
{
	static const struct outcome resumed = {
		"copies", " again beside the stream, and sends every change from now on. Rows that "
			  "the table does not have any more stay downstream.\n"
			  "To see how far that is: tideway tables. To pause again: tideway pause "};
	return change_tables(arguments, &resumed, NULL, err);
}
