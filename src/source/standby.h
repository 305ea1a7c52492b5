/* standby: whether another server of a replication set can be gone on at, which is a matter of GTIDs alone: a binlog's file
 * and offset mean nothing there (docs/decisions/0010).
 * Thread: the owner of the connection. */
#ifndef TIDEWAY_STANDBY_H
#define TIDEWAY_STANDBY_H

#include "model/position.h"
#include "source/conn.h"

/* Whether the server has each of these n sets in its binlog, or had it before that was purged: 1, 0, -1. */
int standby_has(struct conn *conn, const struct gtid_set *sets, size_t n,
		struct err *err) MUST_CHECK;
/* MariaDB: ERR_POSITION when its binlog has a domain that the position does not have: a dump begins at the first transaction of
 * that, however old. */
int standby_check_domains(struct conn *conn, const struct gtid_set *position,
			  struct err *err) MUST_CHECK;
/* Whether it applies another server's changes now, so that what it lacks may come: 1, 0, -1. */
int standby_replicates(struct conn *conn, struct err *err) MUST_CHECK;
/* ERR_SOURCE when it is a replica that does not log what it applies: its binlog lacks that. */
int standby_check_logs(struct conn *conn, struct err *err) MUST_CHECK;

#endif
