/* admin: takes requests about a running process by HTTP: on a Unix socket, and on a TCP port if the script has one. Only this
 * file knows libmicrohttpd. A request reads snapshots and posts mail to supervisors, so that no lane waits for it.
 * Thread: one of its own for all requests; the functions main. Owner: admin_start / admin_stop. */
#ifndef TIDEWAY_ADMIN_H
#define TIDEWAY_ADMIN_H

#include "control/process_status.h"

struct admin;

/* Start as the script's options admin ask for. The process is borrowed until admin_stop. *admin is NULL if the script wants none,
 * and if the default socket cannot be opened, which is logged: a sync must not depend on it. */
int admin_start(const struct watched_process *process, struct admin **admin,
		struct err *err) MUST_CHECK;
void admin_stop(struct admin *admin);
/* Return the version of libmicrohttpd. */
const char *admin_library_version(void);

#endif
