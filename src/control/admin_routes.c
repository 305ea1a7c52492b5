#include "control/admin_routes.h"

#include "base/json_writer.h"
#include "base/log.h"
#include "base/mem.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- the table ---- */

/* An argument of an endpoint: a member of the JSON object that is sent to it. */
struct argument {
	const char *name;
	const char *choices; /* "one|two"; NULL: any text */
	const char *help;
	bool is_list; /* an array of texts */
	bool is_flag; /* true or false */
	bool is_optional;
};

enum { ARGUMENTS_MAX = 4, NAME_SIZE = 256 };

/* A request at its endpoint. */
struct call {
	const struct watched_process *process;
	const struct watched_sync *sync;   /* of the path; NULL: the path has no sync */
	const char *values[ARGUMENTS_MAX]; /* of the arguments */
	const cJSON *lists[ARGUMENTS_MAX]; /* instead, of lists */
};

struct endpoint {
	const char *method, *path; /* path: with NAME for the name of a sync */
	const char *help;
	struct argument arguments[ARGUMENTS_MAX];
	int (*run)(const struct call *call, struct buf *out, struct err *err);
};

static int run_index(const struct call *call, struct buf *out, struct err *err);
static int run_status(const struct call *call, struct buf *out, struct err *err);
static int run_sync(const struct call *call, struct buf *out, struct err *err);
static int run_tables(const struct call *call, struct buf *out, struct err *err);
static int run_pause(const struct call *call, struct buf *out, struct err *err);
static int run_resume(const struct call *call, struct buf *out, struct err *err);
static int run_add(const struct call *call, struct buf *out, struct err *err);
static int run_remove(const struct call *call, struct buf *out, struct err *err);
static int run_resync(const struct call *call, struct buf *out, struct err *err);
static int run_cancel(const struct call *call, struct buf *out, struct err *err);
static int run_log_level(const struct call *call, struct buf *out, struct err *err);

static const struct endpoint endpoints[] = {
	{"GET", "/", "this list", {{.name = NULL}}, run_index},
	{"GET", "/status", "the process and its syncs", {{.name = NULL}}, run_status},
	{"GET", "/syncs/NAME", "one sync", {{.name = NULL}}, run_sync},
	{"GET", "/syncs/NAME/tables", "its captured tables", {{.name = NULL}}, run_tables},
	{"POST",
	 "/syncs/NAME/pause",
	 "lets it read nothing until it is resumed, also after a restart; or sends nothing of some "
	 "tables until then",
	 {{.name = "tables",
	   .help = "only these tables, `db.table` each",
	   .is_list = true,
	   .is_optional = true}},
	 run_pause},
	{"POST",
	 "/syncs/NAME/resume",
	 "lets a paused one continue at its position; or copies paused tables again, and sends "
	 "their changes",
	 {{.name = "tables",
	   .help = "only these tables, `db.table` each",
	   .is_list = true,
	   .is_optional = true}},
	 run_resume},
	{"POST",
	 "/syncs/NAME/add",
	 "captures more tables, and copies them beside the stream",
	 {{.name = "tables", .help = "a list of names, `db.table` each", .is_list = true}},
	 run_add},
	{"POST",
	 "/syncs/NAME/remove",
	 "captures tables no longer",
	 {{.name = "tables", .help = "a list of names, `db.table` each", .is_list = true}},
	 run_remove},
	{"POST",
	 "/syncs/NAME/resync",
	 "copies tables again beside the stream",
	 {{.name = "tables", .help = "a list of names, `db.table` each", .is_list = true},
	  {.name = "where",
	   .help = "copy only rows that fulfil this condition in SQL",
	   .is_optional = true},
	  {.name = "deletes",
	   .help = "delete rows in the topic that the table does not have any more",
	   .is_flag = true,
	   .is_optional = true}},
	 run_resync},
	{"POST",
	 "/syncs/NAME/cancel",
	 "ends the copies of tables; one that `add` has added is captured no longer if this is "
	 "its first copy",
	 {{.name = "tables", .help = "a list of names, `db.table` each", .is_list = true}},
	 run_cancel},
	{"POST",
	 "/log-level",
	 "changes how detailed the log of the process is",
	 {{.name = "level",
	   .choices = "debug|info|warn|error",
	   .help = "the least important lines that are logged"}},
	 run_log_level},
};

enum { NENDPOINTS = sizeof(endpoints) / sizeof(*endpoints) };

/* ---- endpoints ---- */

static void put_argument(const struct argument *argument, struct buf *out)
{
	buf_put(out, SLICE("{\"name\":"));
	json_string(out, slice_str(argument->name));
	if (argument->choices) {
		buf_put(out, SLICE(",\"choices\":"));
		json_string(out, slice_str(argument->choices));
	}
	if (argument->is_list)
		buf_put(out, SLICE(",\"list\":true"));
	if (argument->is_flag)
		buf_put(out, SLICE(",\"flag\":true"));
	if (argument->is_optional)
		buf_put(out, SLICE(",\"optional\":true"));
	buf_put(out, SLICE(",\"help\":"));
	json_string(out, slice_str(argument->help));
	buf_char(out, '}');
}

static void put_endpoint(const struct endpoint *endpoint, struct buf *out)
{
	buf_put(out, SLICE("{\"method\":"));
	json_string(out, slice_str(endpoint->method));
	buf_put(out, SLICE(",\"path\":"));
	json_string(out, slice_str(endpoint->path));
	buf_put(out, SLICE(",\"help\":"));
	json_string(out, slice_str(endpoint->help));
	buf_put(out, SLICE(",\"arguments\":["));
	for (unsigned i = 0; i < ARGUMENTS_MAX && endpoint->arguments[i].name; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_argument(&endpoint->arguments[i], out);
	}
	buf_put(out, SLICE("]}"));
}

static int run_index(const struct call *call, struct buf *out, struct err *err)
{
	(void)call;
	(void)err;
	buf_put(out, SLICE("{\"endpoints\":["));
	for (unsigned i = 0; i < NENDPOINTS; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_endpoint(&endpoints[i], out);
	}
	buf_put(out, SLICE("]}"));
	return 0;
}

static int run_status(const struct call *call, struct buf *out, struct err *err)
{
	(void)err;
	process_status(call->process, out);
	return 0;
}

static int run_sync(const struct call *call, struct buf *out, struct err *err)
{
	(void)err;
	process_status_sync(call->sync, out);
	return 0;
}

static int run_tables(const struct call *call, struct buf *out, struct err *err)
{
	(void)err;
	process_status_tables(call->sync, out);
	return 0;
}

static int check_alive(struct supervisor *supervisor, struct err *err)
{
	struct sync_status status;
	supervisor_status(supervisor, &status);
	if (!sync_state_is_final(status.state))
		return 0;
	return err_set(err, E_ADMIN_ENDED, "the sync '%s' has ended, its state is %s",
		       supervisor_config(supervisor)->name, sync_state_name(status.state));
}

/* The command takes effect later: the answer shows it as `pending`. */
static int steer(const struct call *call, void (*command)(struct supervisor *supervisor),
		 struct buf *out, struct err *err)
{
	if (check_alive(call->sync->supervisor, err) < 0)
		return -1;
	command(call->sync->supervisor);
	process_status_sync(call->sync, out);
	return 0;
}

/* Likewise. The answer is the command alone. The first argument is the list of tables; those of resync follow. */
static int request_tables(const struct call *call, enum table_command command, struct buf *out,
			  struct err *err)
{
	unsigned n = (unsigned)cJSON_GetArraySize(call->lists[0]), i = 0;
	const char **tables = mem_array(n + 1, sizeof(*tables));
	const struct table_order order = {.command = command,
					  .tables = tables,
					  .ntables = n,
					  .where = call->values[1],
					  .deletes = call->values[2] != NULL};
	const cJSON *item;
	int64_t id;
	int rc;
	cJSON_ArrayForEach(item, call->lists[0]) tables[i++] = item->valuestring;
	rc = check_alive(call->sync->supervisor, err);
	if (rc == 0)
		rc = supervisor_request(call->sync->supervisor, &order, &id, err);
	if (rc == 0)
		process_status_request(call->sync, id, out);
	free(tables);
	return rc;
}

static int run_add(const struct call *call, struct buf *out, struct err *err)
{
	return request_tables(call, TABLE_ADD, out, err);
}

static int run_remove(const struct call *call, struct buf *out, struct err *err)
{
	return request_tables(call, TABLE_REMOVE, out, err);
}

static int run_resync(const struct call *call, struct buf *out, struct err *err)
{
	return request_tables(call, TABLE_RESYNC, out, err);
}

static int run_cancel(const struct call *call, struct buf *out, struct err *err)
{
	return request_tables(call, TABLE_CANCEL, out, err);
}

static int run_pause(const struct call *call, struct buf *out, struct err *err)
{
	if (call->lists[0])
		return request_tables(call, TABLE_PAUSE, out, err);
	return steer(call, supervisor_pause, out, err);
}

static int run_resume(const struct call *call, struct buf *out, struct err *err)
{
	if (call->lists[0])
		return request_tables(call, TABLE_RESUME, out, err);
	return steer(call, supervisor_resume, out, err);
}

static int run_log_level(const struct call *call, struct buf *out, struct err *err)
{
	enum log_level before = log_get_level();
	(void)err;
	for (int level = LOG_DEBUG; level <= LOG_ERROR; level++)
		if (strcmp(log_level_name((enum log_level)level), call->values[0]) == 0)
			log_set_level((enum log_level)level);
	buf_printf(out, "{\"log_level\":\"%s\",\"before\":\"%s\"}", log_level_name(log_get_level()),
		   log_level_name(before));
	return 0;
}

/* ---- paths ---- */

/* Return whether the path is one of the endpoint. Set *name to the name in it. */
static bool matches(const struct endpoint *endpoint, const char *path, struct slice *name)
{
	const char *place = strstr(endpoint->path, "NAME");
	size_t before = place ? (size_t)(place - endpoint->path) : 0;
	const char *rest;
	*name = (struct slice){NULL, 0};
	if (place == NULL)
		return strcmp(endpoint->path, path) == 0;
	if (strncmp(endpoint->path, path, before) != 0)
		return false;
	rest = path + before + strcspn(path + before, "/");
	*name = slice_of(path + before, (size_t)(rest - path) - before);
	return name->len > 0 && strcmp(rest, place + strlen("NAME")) == 0;
}

/* List the methods that the path takes. Return false if no endpoint has the path. */
static bool methods_of(const char *path, char *methods, size_t size)
{
	size_t len = 0;
	methods[0] = '\0';
	for (unsigned i = 0; i < NENDPOINTS; i++) {
		struct slice name;
		if (matches(&endpoints[i], path, &name) && len < size)
			len += (size_t)snprintf(methods + len, size - len, "%s%s",
						len > 0 ? ", " : "", endpoints[i].method);
	}
	return len > 0;
}

static int find_endpoint(const struct admin_request *request, const struct endpoint **found,
			 struct slice *name, struct err *err)
{
	char methods[32];
	for (unsigned i = 0; i < NENDPOINTS; i++) {
		*found = &endpoints[i];
		if (strcmp(endpoints[i].method, request->method) == 0 &&
		    matches(&endpoints[i], request->path, name))
			return 0;
	}
	if (methods_of(request->path, methods, sizeof(methods)))
		return err_set(err, E_ADMIN_METHOD, "%s takes %s, not %s", request->path, methods,
			       request->method);
	return err_set(err, E_ADMIN_ENDPOINT, "there is no endpoint %s. GET / lists all of them",
		       request->path);
}

static int find_sync(const struct watched_process *process, struct slice name,
		     const struct watched_sync **found, struct err *err)
{
	struct buf names;
	buf_init(&names);
	for (unsigned i = 0; i < process->nsyncs; i++) {
		const char *own = supervisor_config(process->syncs[i].supervisor)->name;
		*found = &process->syncs[i];
		if (slice_equal(slice_str(own), name)) {
			buf_fini(&names);
			return 0;
		}
		buf_printf(&names, "%s'%s'", i > 0 ? ", " : "", own);
	}
	err_set(err, E_ADMIN_SYNC, "there is no sync '%.*s' in this process. It runs %s",
		SLICE_FMT(name), buf_cstr(&names));
	buf_fini(&names);
	return -1;
}

/* ---- arguments ---- */

static bool is_choice(const char *choices, const char *value)
{
	size_t len;
	for (const char *at = choices; *at; at += len + (at[len] == '|')) {
		len = strcspn(at, "|");
		if (strlen(value) == len && strncmp(at, value, len) == 0)
			return true;
	}
	return false;
}

static int check_names(const struct endpoint *endpoint, const cJSON *json, struct err *err)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, json)
	{
		bool known = false;
		for (unsigned i = 0; i < ARGUMENTS_MAX && endpoint->arguments[i].name; i++)
			known |= strcmp(endpoint->arguments[i].name, item->string) == 0;
		if (!known)
			return err_set(err, E_ADMIN_REQUEST, "%s %s has no argument '%s'",
				       endpoint->method, endpoint->path, item->string);
	}
	return 0;
}

static int take_list(const struct argument *argument, const cJSON *json, const cJSON **list,
		     struct err *err)
{
	const cJSON *item;
	bool valid;
	*list = cJSON_GetObjectItemCaseSensitive(json, argument->name);
	if (*list == NULL && argument->is_optional)
		return 0;
	valid = cJSON_IsArray(*list);
	cJSON_ArrayForEach(item, *list) valid &= cJSON_IsString(item) != 0;
	if (valid)
		return 0;
	return err_set(err, E_ADMIN_REQUEST,
		       "the argument '%s' is missing, or not a list of strings", argument->name);
}

static int take_flag(const struct argument *argument, const cJSON *json, const char **value,
		     struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, argument->name);
	*value = cJSON_IsTrue(item) ? "true" : NULL;
	if (item == NULL || cJSON_IsBool(item))
		return 0;
	return err_set(err, E_ADMIN_REQUEST, "the argument '%s' is neither true nor false",
		       argument->name);
}

static int take_argument(const struct argument *argument, const cJSON *json, const char **value,
			 struct err *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, argument->name);
	if (argument->is_flag)
		return take_flag(argument, json, value, err);
	*value = cJSON_GetStringValue(item);
	if (item == NULL && argument->is_optional)
		return 0;
	if (*value == NULL)
		return err_set(err, E_ADMIN_REQUEST,
			       "the argument '%s' is missing, or not a string", argument->name);
	if (argument->choices && !is_choice(argument->choices, *value))
		return err_set(err, E_ADMIN_REQUEST, "'%s' is not a value of %s: %s", *value,
			       argument->name, argument->choices);
	return 0;
}

/* The values are valid as long as the document. */
static int take_arguments(const struct endpoint *endpoint, const cJSON *json, struct call *call,
			  struct err *err)
{
	if (check_names(endpoint, json, err) < 0)
		return -1;
	for (unsigned i = 0; i < ARGUMENTS_MAX && endpoint->arguments[i].name; i++)
		if (endpoint->arguments[i].is_list
			    ? take_list(&endpoint->arguments[i], json, &call->lists[i], err) < 0
			    : take_argument(&endpoint->arguments[i], json, &call->values[i], err) <
				      0)
			return -1;
	return 0;
}

static int parse_body(struct slice body, cJSON **json, struct err *err)
{
	struct slice text = body.len > 0 ? body : SLICE("{}");
	const char *end = NULL;
	*json = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
	if (*json && cJSON_IsObject(*json)) {
		while (end < text.ptr + text.len && strchr(" \t\r\n", *end))
			end++;
		if (end == text.ptr + text.len)
			return 0;
	}
	cJSON_Delete(*json);
	*json = NULL;
	return err_set(err, E_ADMIN_REQUEST, "the body is not a JSON object");
}

/* ---- answers ---- */

int admin_check_size(uint64_t size, struct err *err)
{
	if (size <= ADMIN_BODY_MAX)
		return 0;
	return err_set(err, E_ADMIN_TOO_LARGE, "the body has more than %d bytes", ADMIN_BODY_MAX);
}

static unsigned status_of(enum err_id id)
{
	switch (id) {
	case E_ADMIN_ENDPOINT:
	case E_ADMIN_SYNC:
		return 404;
	case E_ADMIN_METHOD:
		return 405;
	case E_ADMIN_ENDED:
	case E_COMMANDS_WAIT:
		return 409;
	case E_ADMIN_TOO_LARGE:
		return 413;
	case E_ADMIN_TOKEN:
		return 401;
	case E_ADMIN_NO_TOKEN:
		return 403;
	case E_ADMIN_REQUEST:
	case E_COMMAND_TABLES:
		return 400;
	default:
		return 500;
	}
}

void admin_refuse(const struct err *err, struct admin_reply *reply)
{
	const struct err_entry *entry = err_entry_of(err->id);
	reply->status = status_of(err->id);
	buf_clear(&reply->body);
	buf_printf(&reply->body, "{\"error\":{\"code\":\"E-%d\",\"message\":", (int)err->id);
	json_string(&reply->body, slice_str(err->text));
	buf_put(&reply->body, SLICE(",\"remedy\":"));
	json_string(&reply->body, slice_str(entry ? entry->remedy : ""));
	buf_put(&reply->body, SLICE("}}"));
}

static int answer(const struct watched_process *process, const struct admin_request *request,
		  struct buf *out, struct err *err)
{
	struct call call = {.process = process};
	const struct endpoint *endpoint;
	struct slice name;
	cJSON *json;
	int rc;
	if (find_endpoint(request, &endpoint, &name, err) < 0 ||
	    (name.ptr && find_sync(process, name, &call.sync, err) < 0) ||
	    admin_check_size(request->body.len, err) < 0 ||
	    parse_body(request->body, &json, err) < 0)
		return -1;
	rc = take_arguments(endpoint, json, &call, err);
	if (rc == 0)
		rc = endpoint->run(&call, out, err);
	cJSON_Delete(json);
	return rc;
}

void admin_answer(const struct watched_process *process, const struct admin_request *request,
		  struct admin_reply *reply)
{
	struct err err = ERR_INIT;
	reply->status = 200;
	buf_clear(&reply->body);
	if (answer(process, request, &reply->body, &err) < 0)
		admin_refuse(&err, reply);
}
