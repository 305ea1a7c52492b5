/* table_requests: what commands have asked a running sync to do with tables, and what became of it. A request waits until the
 * supervisor has done or refused it. It is in memory alone: a record of the checkpoint, which is saved at once, makes it take effect
 * (docs/decisions/0035).
 * Thread: table_requests_post, _visit, _waiting, _chosen and _held any; the others the supervisor's. Owner: the supervisor;
 * table_requests_init / table_requests_fini. */
#ifndef TIDEWAY_TABLE_REQUESTS_H
#define TIDEWAY_TABLE_REQUESTS_H

#include "engine/state/selection.h"

#include <pthread.h>

/* X(id, name of the command, what it has done to a table) */
#define TABLE_COMMANDS(X)                                                                          \
	X(ADD, "add", "added")                                                                     \
	X(REMOVE, "remove", "removed")                                                             \
	X(RESYNC, "resync", "scheduled for another copy")                                          \
	X(CANCEL, "cancel", "removed before all of its rows were copied")                          \
	X(PAUSE, "pause_tables", "paused")                                                         \
	X(RESUME, "resume_tables", "resumed")

enum table_command {
#define X(id, name, done) TABLE_##id,
	TABLE_COMMANDS(X)
#undef X
		TABLE_COMMAND_COUNT
};

const char *table_command_name(enum table_command command);
/* Return what the command has done to a table: "added". */
const char *table_command_done(enum table_command command);

enum request_state {
	REQUEST_NONE, /* the place is free */
	REQUEST_WAITING,
	REQUEST_DONE,
	REQUEST_REFUSED, /* it has had no effect */
};

struct table_request {
	int64_t id; /* larger than that of any earlier request, also of an earlier process */
	enum table_command command;
	enum request_state state;
	struct selection
		tables; /* `removed`: the sync captures the table no longer, once the request is done */
	bool deletes;      /* RESYNC: rows that are only in the topic are deleted there */
	char *where;       /* RESYNC: of the rows to copy, a condition in SQL; NULL: all rows */
	enum err_id why;   /* REFUSED; WAITING: what it waits for; E_NONE: nothing in particular */
	char *text;        /* message of `why` */
	const char *waits; /* WAITING: what it waits for now, "for ..."; NULL: it has not begun */
};

enum { REQUESTS_KEPT = 16 };

struct table_requests {
	pthread_mutex_t lock; /* guards everything */
	int64_t last_id;
	struct table_request kept[REQUESTS_KEPT]; /* the newest ones, in no order */
	struct buf chosen; /* JSON of what commands have chosen, as it was saved */
	struct buf held;   /* JSON of the tables on hold, as it was saved */
};

void table_requests_init(struct table_requests *requests);
void table_requests_fini(struct table_requests *requests);
/* What a command asks for. */
struct table_order {
	enum table_command command;
	const char *const *tables; /* "db.table" each */
	unsigned ntables;
	const char *where; /* as in the request */
	bool deletes;      /* likewise */
};

/* Add a request. Set its number. Fail if a name is not valid, or if too many requests wait. */
int table_requests_post(struct table_requests *requests, const struct table_order *order,
			int64_t *id, struct err *err) MUST_CHECK;
/* Call `each` for each request, oldest first. It must not call functions of table_requests. */
void table_requests_visit(struct table_requests *requests,
			  void (*each)(void *arg, const struct table_request *request), void *arg);
/* Return the command of the oldest request that waits; TABLE_COMMAND_COUNT: none. */
enum table_command table_requests_waiting(struct table_requests *requests);
/* Append the JSON of the tables that commands have added and removed. */
void table_requests_chosen(struct table_requests *requests, struct buf *out);
/* Append the tables on hold (selection_show_held). */
void table_requests_held(struct table_requests *requests, struct buf *out);

/* Return the oldest request that waits, and that keeps its place until it is finished; NULL: none. */
struct table_request *table_requests_next(struct table_requests *requests);
/* Record whether the sync will not capture table number i of the request any more. */
void table_requests_mark(struct table_requests *requests, struct table_request *request, unsigned i,
			 bool removed);
/* Record what the supervisor waits for: "for ...", a constant; NULL: it has not begun with the request. */
void table_requests_await(struct table_requests *requests, struct table_request *request,
			  const char *what);
/* Record why the request waits. */
void table_requests_delay(struct table_requests *requests, struct table_request *request,
			  const struct err *why);
/* why: NULL if the request is done; otherwise it is refused. */
void table_requests_finish(struct table_requests *requests, struct table_request *request,
			   const struct err *why);
void table_requests_set_chosen(struct table_requests *requests, const struct selection *chosen);

#endif
