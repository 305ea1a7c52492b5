/* cmd_log_level: `tideway log-level`: change how detailed the log of a running process is. */
#include "base/json_writer.h"
#include "control/admin_client.h"

#include <stdio.h>

int command_log_level(const struct arguments *arguments, struct err *err)
{
	struct admin_client client;
	struct buf body;
	cJSON *json;
	if (admin_client_open(&client, arguments, 1, err) < 0)
		return -1;
	buf_init(&body);
	buf_put(&body, SLICE("{\"level\":"));
	json_string(&body, slice_str(client.words[0]));
	buf_char(&body, '}');
	json = admin_client_ask(&client, "POST", "/log-level", buf_cstr(&body), NULL, err);
	buf_fini(&body);
	if (json == NULL)
		return -1;
	printf("The log has the level %s now, until the process ends.\n", client.words[0]);
	cJSON_Delete(json);
	return 0;
}
