#include "control/admin_client.h"

#include "base/buf.h"
#include "base/mem.h"
#include "control/admin_options.h"
#include "script/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- finding the process ---- */

static bool answers(const char *path)
{
	int fd = path[0] ? admin_socket_connect(path) : -1;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int refuse_silence(const struct arguments *arguments, const char *tried, struct err *err)
{
	const char *script = arguments->socket ? "sync.lua" : arguments->words[0];
	return err_set(err, E_ADMIN_NO_PROCESS,
		       "no process answers on %s. Start it with 'tideway run %s', or name its "
		       "socket with --socket PATH",
		       tried, script);
}

/* Look for the default socket of a process of this first sync. */
static int find_default(struct admin_client *client, const struct arguments *arguments,
			const char *sync, struct err *err)
{
	struct buf tried;
	int rc = 0;
	buf_init(&tried);
	for (unsigned i = 0; admin_socket_candidate(sync, i, client->path); i++) {
		if (answers(client->path)) {
			buf_fini(&tried);
			return 0;
		}
		if (client->path[0])
			buf_printf(&tried, "%s%s", tried.len > 0 ? ", " : "", client->path);
	}
	rc = refuse_silence(arguments, buf_cstr(&tried), err);
	buf_fini(&tried);
	return rc;
}

static int find_at(struct admin_client *client, const struct arguments *arguments, const char *path,
		   struct err *err)
{
	if (admin_socket_copy(path, client->path, err) < 0)
		return -1;
	return answers(client->path) ? 0 : refuse_silence(arguments, client->path, err);
}

static int find_configured(struct admin_client *client, const struct arguments *arguments,
			   const struct sync_config *options, const char *sync, struct err *err)
{
	if (options->admin_off)
		return err_set(err, E_ADMIN_NO_PROCESS,
			       "%s:%u: the script sets admin = false, so no command reaches its "
			       "process. Remove that line and start it again",
			       options->script, options->line);
	if (options->admin_socket)
		return find_at(client, arguments, options->admin_socket, err);
	return find_default(client, arguments, sync, err);
}

static int find_syncs(struct admin_client *client, const struct arguments *arguments,
		      const struct script *script, struct err *err)
{
	const struct sync_config **configs = mem_array(script_syncs(script), sizeof(*configs));
	const struct sync_config *options;
	int rc;
	for (unsigned i = 0; i < script_syncs(script); i++)
		configs[i] = script_config(script, i);
	rc = admin_options_choose(configs, script_syncs(script), &options, err);
	if (rc == 0)
		rc = find_configured(client, arguments, options, configs[0]->name, err);
	free(configs);
	return rc;
}

static int find_script(struct admin_client *client, const struct arguments *arguments,
		       struct err *err)
{
	const struct script_options options = {
		.path = client->script, .args = arguments->settings, .nargs = arguments->nsettings};
	struct script *script = script_new(&options, err);
	int rc;
	if (script == NULL)
		return -1;
	rc = find_syncs(client, arguments, script, err);
	script_free(script);
	return rc;
}

static int find_process(struct admin_client *client, const struct arguments *arguments,
			struct err *err)
{
	if (arguments->socket)
		return find_at(client, arguments, arguments->socket, err);
	client->script = arguments->words[0];
	return find_script(client, arguments, err);
}

int admin_client_open(struct admin_client *client, const struct arguments *arguments,
		      unsigned nwords, struct err *err)
{
	unsigned nscripts = arguments->socket ? 0 : 1;
	*client = (struct admin_client){.words = arguments->words + nscripts, .nwords = nwords};
	if (arguments->nwords != nscripts + nwords)
		return err_set(err, E_COMMAND_WORDS,
			       "'%s' takes %s and %u further word%s, %u given. See tideway help %s",
			       arguments->command, nscripts > 0 ? "one script" : "no script",
			       nwords, nwords == 1 ? "" : "s", arguments->nwords,
			       arguments->command);
	return find_process(client, arguments, err);
}

int admin_client_open_with_words(struct admin_client *client, const struct arguments *arguments,
				 struct err *err)
{
	unsigned nscripts = arguments->socket ? 0 : 1;
	if (arguments->nwords <= nscripts)
		return err_set(err, E_COMMAND_WORDS,
			       "'%s' takes %s and at least one further word. See tideway help %s",
			       arguments->command, nscripts > 0 ? "one script" : "no script",
			       arguments->command);
	*client = (struct admin_client){.words = arguments->words + nscripts,
					.nwords = arguments->nwords - nscripts};
	return find_process(client, arguments, err);
}

/* ---- requests ---- */

static int send_all(int fd, struct slice text)
{
	while (text.len > 0) {
		ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			text = slice_of(text.ptr + n, text.len - (size_t)n);
	}
	return 0;
}

static int receive_all(int fd, struct buf *in)
{
	for (;;) {
		ssize_t n = recv(fd, buf_reserve(in, 16 * 1024), 16 * 1024, 0);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			in->len += (size_t)n;
	}
}

/* HTTP/1.0: the process closes the connection after the answer. */
static int exchange(const struct admin_client *client, const char *method, const char *path,
		    const char *body, struct buf *in, struct err *err)
{
	int fd = admin_socket_connect(client->path), rc = -1;
	struct buf out;
	buf_init(&out);
	buf_printf(&out,
		   "%s %s HTTP/1.0\r\nHost: tideway\r\nContent-Type: application/json\r\n"
		   "Content-Length: %zu\r\n\r\n%s",
		   method, path, body ? strlen(body) : 0, body ? body : "");
	if (fd >= 0 && send_all(fd, buf_slice(&out)) == 0 && receive_all(fd, in) == 0)
		rc = 0;
	else
		err_set(err, E_ADMIN_NO_PROCESS,
			"the process on %s does not answer: %s. See whether it has ended",
			client->path, errno == EAGAIN ? "no answer in 10 s" : strerror(errno));
	buf_fini(&out);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Return the body of an answer, and its status; ptr NULL: it is not an answer. */
static struct slice body_of(struct buf *in, unsigned *status)
{
	const char *text = buf_cstr(in);
	const char *end = strstr(text, "\r\n\r\n");
	if (end == NULL || sscanf(text, "HTTP/%*s %u", status) != 1)
		return (struct slice){NULL, 0};
	end += strlen("\r\n\r\n");
	return slice_of(end, in->len - (size_t)(end - text));
}

int admin_client_error(const cJSON *json, struct err *err)
{
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
	const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
	unsigned id = 0;
	if (code == NULL || text == NULL || sscanf(code, "E-%u", &id) != 1 ||
	    err_entry_of((enum err_id)id) == NULL)
		return err_set(err, E_ADMIN_ANSWER, "it answers %s", text ? text : "an error");
	return err_set(err, (enum err_id)id, "%s", text);
}

cJSON *admin_client_ask(const struct admin_client *client, const char *method, const char *path,
			const char *body, struct buf *text, struct err *err)
{
	struct buf in;
	unsigned status = 0;
	struct slice answer;
	cJSON *json = NULL;
	buf_init(&in);
	if (exchange(client, method, path, body, &in, err) == 0) {
		answer = body_of(&in, &status);
		json = answer.ptr ? cJSON_ParseWithLength(answer.ptr, answer.len) : NULL;
		if (json == NULL)
			err_set(err, E_ADMIN_ANSWER,
				"what answers on %s is not a process of this version of tideway",
				client->path);
		else if (status != 200)
			admin_client_error(json, err);
		else if (text)
			buf_put(text, answer);
	}
	buf_fini(&in);
	if (json && status == 200)
		return json;
	cJSON_Delete(json);
	return NULL;
}

/* ---- the sync ---- */

static int choose_only(struct admin_client *client, const cJSON *status, struct err *err)
{
	const cJSON *syncs = cJSON_GetObjectItemCaseSensitive(status, "syncs"), *sync;
	struct buf names;
	int n = 0;
	buf_init(&names);
	cJSON_ArrayForEach(sync, syncs)
	{
		const char *name =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(sync, "name"));
		buf_printf(&names, "%s'%s'", n++ > 0 ? ", " : "", name ? name : "");
		snprintf(client->sync, sizeof(client->sync), "%s", name ? name : "");
	}
	if (n != 1)
		err_set(err, E_ADMIN_SYNC, "the process runs %d syncs. Name one with --sync: %s", n,
			buf_cstr(&names));
	buf_fini(&names);
	return n == 1 ? 0 : -1;
}

int admin_client_choose(struct admin_client *client, const struct arguments *arguments,
			struct err *err)
{
	cJSON *status;
	int rc;
	if (arguments->sync) {
		snprintf(client->sync, sizeof(client->sync), "%s", arguments->sync);
		return 0;
	}
	status = admin_client_ask(client, "GET", "/status", NULL, NULL, err);
	if (status == NULL)
		return -1;
	rc = choose_only(client, status, err);
	cJSON_Delete(status);
	return rc;
}
