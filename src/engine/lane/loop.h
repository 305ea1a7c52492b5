/* loop: what a script's own loop and change:records() are given: messages as the sync's options write them, and a way
 * to send. Thread: the lane. Owner: the messages live in the lane's event arena. */
#ifndef TIDEWAY_LOOP_H
#define TIDEWAY_LOOP_H

#include "engine/lane/plan.h"
#include "script/script.h"

/* Fill in lane->loop.host. */
void loop_host(struct lane *lane);
/* Give a change to the script's loop function. */
int loop_change(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* Give an item to the script's loop function. messages: the result of its change:records(). */
int loop_item(struct lane *lane, const struct loop_item *item, const struct message_batch *messages,
	      struct err *err) MUST_CHECK;

#endif
