/* gtid_history: which transactions a MariaDB server has had, by the state of its binlog.
 * Pure functions. Thread: any. Owner: gtid_history_fini. */
#ifndef TIDEWAY_GTID_HISTORY_H
#define TIDEWAY_GTID_HISTORY_H

#include "model/gtid.h"

struct gtid_history {
	struct gtid_domain *written; /* its binlog: the last number of each server in each domain */
	size_t n;
	struct gtid_set applied; /* last transactions that it has applied as a replica; empty if it
	                            does not log them */
};

void gtid_history_init(struct gtid_history *history);
void gtid_history_fini(struct gtid_history *history);
/* Sets `written` from the text of @@gtid_binlog_state. The history is new. */
int gtid_history_parse(struct gtid_history *history, struct slice state,
		       struct err *err) MUST_CHECK;
/* Returns whether the server has had a transaction. Compares the server id too, because after a
 * failover another server continues with the numbers. A server restored from a backup that has
 * logged nothing since has only its exact position. */
bool gtid_history_contains(const struct gtid_history *history, const struct gtid_domain *last);

#endif
