/* standby: decides by GTIDs whether the stream can continue on another server of a replication set.
 * File and offset of a binlog are not valid there (docs/decisions/0010).
 * Thread: the owner of the connection. */
#ifndef TIDEWAY_STANDBY_H
#define TIDEWAY_STANDBY_H

#include "model/position.h"
#include "source/conn.h"

/* Returns 1 if the server has all n sets in its binlog, or had them before a purge; 0 if not; -1 on
 * error. */
int standby_has(struct conn *conn, const struct gtid_set *sets, size_t n,
		struct err *err) MUST_CHECK;
/* MariaDB: fails with ERR_POSITION if the binlog has a domain that the position does not contain. A
 * dump would begin at the first transaction of that domain, no matter how old it is. */
int standby_check_domains(struct conn *conn, const struct gtid_set *position,
			  struct err *err) MUST_CHECK;
/* Returns 1 if the server now applies another server's changes, so that it may receive missing
 * ones; 0 if not; -1 on error. */
int standby_replicates(struct conn *conn, struct err *err) MUST_CHECK;
/* Fails with ERR_SOURCE if the server is a replica that does not write the changes that it applies
 * to its binlog. */
int standby_check_logs(struct conn *conn, struct err *err) MUST_CHECK;

#endif
