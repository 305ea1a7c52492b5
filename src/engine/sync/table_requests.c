#include "engine/sync/table_requests.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *done;
} commands[] = {
#define X(id, name, done) {name, done},
	TABLE_COMMANDS(X)
#undef X
};

const char *table_command_name(enum table_command command)
{
	return commands[command].name;
}

const char *table_command_done(enum table_command command)
{
	return commands[command].done;
}

void table_requests_init(struct table_requests *requests)
{
	memset(requests, 0, sizeof(*requests));
	pthread_mutex_init(&requests->lock, NULL);
	requests->last_id = clock_wall_ms();
	buf_init(&requests->chosen);
	buf_init(&requests->held);
	buf_put(&requests->held, SLICE("\"quarantined\":[],\"paused_tables\":[]"));
}

static void free_request(struct table_request *request)
{
	if (request->state == REQUEST_NONE)
		return;
	selection_fini(&request->tables);
	free(request->where);
	free(request->text);
	*request = (struct table_request){.state = REQUEST_NONE};
}

void table_requests_fini(struct table_requests *requests)
{
	for (unsigned i = 0; i < REQUESTS_KEPT; i++)
		free_request(&requests->kept[i]);
	buf_fini(&requests->held);
	buf_fini(&requests->chosen);
	pthread_mutex_destroy(&requests->lock);
}

/* ---- any thread ---- */

static int parse_tables(const char *const *tables, unsigned n, struct selection *parsed,
			struct err *err)
{
	struct chosen_table table;
	if (n == 0)
		return err_set(err, E_COMMAND_TABLES, "the command names no table");
	for (unsigned i = 0; i < n; i++) {
		if (!chosen_table_parse(slice_str(tables[i]), &table))
			return err_set(err, E_COMMAND_TABLES,
				       "\"%s\" does not name one table: write db.table, without "
				       "wildcards. A name with a dot is written in backquotes",
				       tables[i]);
		selection_put(parsed, table.db, table.name, false);
	}
	return 0;
}

/* Return a free place, or that of the oldest finished request; NULL: all wait. */
static struct table_request *find_place(struct table_requests *requests)
{
	struct table_request *place = NULL;
	for (unsigned i = 0; i < REQUESTS_KEPT; i++) {
		struct table_request *request = &requests->kept[i];
		if (request->state != REQUEST_WAITING && (place == NULL || request->id < place->id))
			place = request;
	}
	return place;
}

static int take_place(struct table_requests *requests, struct table_request *request,
		      struct err *err)
{
	struct table_request *place;
	pthread_mutex_lock(&requests->lock);
	place = find_place(requests);
	if (place) {
		free_request(place);
		request->id = ++requests->last_id;
		*place = *request;
	}
	pthread_mutex_unlock(&requests->lock);
	if (place)
		return 0;
	return err_set(err, E_COMMANDS_WAIT, "%d commands for tables of this sync wait already",
		       REQUESTS_KEPT);
}

static int refuse_some(struct err *err)
{
	return err_set(err, E_COMMAND_DELETES,
		       "--deletes and --where exclude each other: of the rows that a condition "
		       "leaves out, nothing would be known");
}

int table_requests_post(struct table_requests *requests, const struct table_order *order,
			int64_t *id, struct err *err)
{
	struct table_request request = {
		.command = order->command, .state = REQUEST_WAITING, .deletes = order->deletes};
	if (order->deletes && order->where)
		return refuse_some(err);
	selection_init(&request.tables);
	request.where = order->where ? strdup(order->where) : NULL;
	if (parse_tables(order->tables, order->ntables, &request.tables, err) < 0 ||
	    take_place(requests, &request, err) < 0) {
		selection_fini(&request.tables);
		free(request.where);
		return -1;
	}
	*id = request.id;
	return 0;
}

/* Return the oldest request after `id`, of any state, or waiting only. */
static struct table_request *find_after(struct table_requests *requests, int64_t id, bool waiting)
{
	struct table_request *found = NULL;
	for (unsigned i = 0; i < REQUESTS_KEPT; i++) {
		struct table_request *request = &requests->kept[i];
		if (request->state == REQUEST_NONE || request->id <= id ||
		    (waiting && request->state != REQUEST_WAITING))
			continue;
		if (found == NULL || request->id < found->id)
			found = request;
	}
	return found;
}

void table_requests_visit(struct table_requests *requests,
			  void (*each)(void *arg, const struct table_request *request), void *arg)
{
	const struct table_request *request;
	int64_t id = 0;
	pthread_mutex_lock(&requests->lock);
	while ((request = find_after(requests, id, false))) {
		each(arg, request);
		id = request->id;
	}
	pthread_mutex_unlock(&requests->lock);
}

enum table_command table_requests_waiting(struct table_requests *requests)
{
	const struct table_request *request;
	enum table_command command;
	pthread_mutex_lock(&requests->lock);
	request = find_after(requests, 0, true);
	command = request ? request->command : TABLE_COMMAND_COUNT;
	pthread_mutex_unlock(&requests->lock);
	return command;
}

void table_requests_chosen(struct table_requests *requests, struct buf *out)
{
	pthread_mutex_lock(&requests->lock);
	if (requests->chosen.len > 0)
		buf_put(out, buf_slice(&requests->chosen));
	else
		buf_put(out, SLICE("{\"added\":[],\"removed\":[]}"));
	pthread_mutex_unlock(&requests->lock);
}

void table_requests_held(struct table_requests *requests, struct buf *out)
{
	pthread_mutex_lock(&requests->lock);
	buf_put(out, buf_slice(&requests->held));
	pthread_mutex_unlock(&requests->lock);
}

/* ---- the supervisor ---- */

struct table_request *table_requests_next(struct table_requests *requests)
{
	struct table_request *request;
	pthread_mutex_lock(&requests->lock);
	request = find_after(requests, 0, true);
	pthread_mutex_unlock(&requests->lock);
	return request;
}

void table_requests_mark(struct table_requests *requests, struct table_request *request, unsigned i,
			 bool removed)
{
	pthread_mutex_lock(&requests->lock);
	request->tables.tables[i].removed = removed;
	pthread_mutex_unlock(&requests->lock);
}

void table_requests_await(struct table_requests *requests, struct table_request *request,
			  const char *what)
{
	pthread_mutex_lock(&requests->lock);
	request->waits = what;
	pthread_mutex_unlock(&requests->lock);
}

static void set_reason(struct table_request *request, const struct err *why)
{
	free(request->text);
	request->text = why ? strdup(why->text) : NULL;
	request->why = why ? why->id : E_NONE;
}

void table_requests_delay(struct table_requests *requests, struct table_request *request,
			  const struct err *why)
{
	pthread_mutex_lock(&requests->lock);
	set_reason(request, why);
	pthread_mutex_unlock(&requests->lock);
}

void table_requests_finish(struct table_requests *requests, struct table_request *request,
			   const struct err *why)
{
	pthread_mutex_lock(&requests->lock);
	request->state = why ? REQUEST_REFUSED : REQUEST_DONE;
	request->waits = NULL;
	set_reason(request, why);
	pthread_mutex_unlock(&requests->lock);
}

void table_requests_set_chosen(struct table_requests *requests, const struct selection *chosen)
{
	pthread_mutex_lock(&requests->lock);
	buf_clear(&requests->chosen);
	buf_clear(&requests->held);
	selection_write_commands(chosen, &requests->chosen);
	selection_show_held(chosen, &requests->held);
	pthread_mutex_unlock(&requests->lock);
}
