/* admin_client: a command's connection to the process that runs a script.
 * Thread: main. Owner: admin_client_open / admin_client_close. */
#ifndef TIDEWAY_ADMIN_CLIENT_H
#define TIDEWAY_ADMIN_CLIENT_H

#include "control/admin_socket.h"
#include "control/command.h"

#include <cjson/cJSON.h>

struct admin_client {
	const char *script;         /* of the command line; NULL: --socket was given */
	char path[ADMIN_PATH_SIZE]; /* of the socket on which the process answers */
	const char *const *words;   /* of the command line after the script */
	unsigned nwords;
	char sync[64]; /* that the command is about; set by admin_client_choose */
};

/* Find the process of the script, or of --socket, that the command line names. nwords: how many words must follow. */
int admin_client_open(struct admin_client *client, const struct arguments *arguments,
		      unsigned nwords, struct err *err) MUST_CHECK;
/* The same, for a command after whose script at least one word must follow. */
int admin_client_open_with_words(struct admin_client *client, const struct arguments *arguments,
				 struct err *err) MUST_CHECK;
/* Fill *err from the member "error" of an answer. Return -1. */
int admin_client_error(const cJSON *json, struct err *err);
/* Send a request. body: JSON, or NULL. Return the answer, which the caller frees with cJSON_Delete; NULL with the error that the
 * process has answered, or why it does not answer. text: receives the answer as it is; may be NULL. */
cJSON *admin_client_ask(const struct admin_client *client, const char *method, const char *path,
			const char *body, struct buf *text, struct err *err);
/* Take the sync of --sync, or the only one. */
int admin_client_choose(struct admin_client *client, const struct arguments *arguments,
			struct err *err) MUST_CHECK;

#endif
