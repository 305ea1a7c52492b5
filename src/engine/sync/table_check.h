/* table_check: whether another attempt of a sync could begin with another selection of tables. It makes the checks of an attempt
 * beside the running one, with connections and a Lua state of its own, and changes nothing.
 * Thread: table_check_run in a thread of its own; the others the supervisor's. Owner: the supervisor; table_check_init /
 * table_check_fini. */
#ifndef TIDEWAY_TABLE_CHECK_H
#define TIDEWAY_TABLE_CHECK_H

#include "engine/state/sync.h"
#include "engine/sync/supervisor.h"

struct table_check {
	struct sync sync;        /* has the selection that the attempt would have */
	struct selection tables; /* that must exist on the source */
	bool copies;             /* they are copied again beside the stream */
	const char *where;       /* of their rows, a condition in SQL; NULL: all rows */
	bool deletes;            /* rows that are only in their topics are deleted there */
};

/* running: only what is set before the supervisor runs is used. Borrowed until table_check_fini. */
void table_check_init(struct table_check *check, const struct sync *running,
		      const struct sync_world *world);
void table_check_fini(struct table_check *check);
/* Fail with the error that the attempt would end with, or because one of the tables does not exist. */
int table_check_run(struct table_check *check, struct err *err) MUST_CHECK;
/* Let table_check_run end soon. Call this repeatedly until it has. */
void table_check_stop(struct table_check *check);
/* Let a sync use the world of a simulation; NULL: the real one. */
void sync_enter_world(struct sync *sync, const struct sync_world *world);

#endif
