/* admin_routes: the endpoints through which a running process is watched and steered. One table gives the routes, the list
 * that GET / returns, and docs/admin.md. It does not depend on how requests arrive.
 * Thread: any. Owner: the caller, of requests and replies. */
#ifndef TIDEWAY_ADMIN_ROUTES_H
#define TIDEWAY_ADMIN_ROUTES_H

#include "control/process_status.h"

enum { ADMIN_BODY_MAX = 64 * 1024 };

struct admin_request {
	const char *method; /* "GET" */
	const char *path;   /* "/syncs/shop/pause" */
	struct slice body;  /* a JSON object; empty: none */
};

struct admin_reply {
	unsigned status; /* of HTTP: 200 */
	struct buf body; /* JSON; the caller initialises and frees it */
};

/* Answer a request. Every answer is a JSON object; that of a failure is {"error":{"code","message","remedy"}}. */
void admin_answer(const struct watched_process *process, const struct admin_request *request,
		  struct admin_reply *reply);
/* Answer with a failure. */
void admin_refuse(const struct err *err, struct admin_reply *reply);
/* Refuse a body of this size if it is too large. */
int admin_check_size(uint64_t size, struct err *err) MUST_CHECK;

#endif
