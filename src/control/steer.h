/* steer: how a command waits until what it asked of a sync has taken effect, and prints what the sync waits for.
 * Thread: main. */
#ifndef TIDEWAY_STEER_H
#define TIDEWAY_STEER_H

#include "control/admin_client.h"

/* Return a member of an answer that is a text; "" if it is not one. */
const char *steer_text(const cJSON *json, const char *name);
/* Return the command, as an answer about the sync shows it, or any other member of the answer, while it is pending; NULL: it is not.
 * If the object has an error, the command waits for it to pass. */
typedef const cJSON *steer_pending(void *arg, const cJSON *sync);
/* Ask until the command is not pending any more, or the sync has ended: then fail. Take the first answer about the sync, and
 * return the last one. NULL: with the error. */
cJSON *steer_wait(const struct admin_client *client, cJSON *sync, steer_pending *pending, void *arg,
		  struct err *err);

#endif
