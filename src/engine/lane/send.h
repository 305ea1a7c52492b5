/* send: changes on their way to the sink: map, then send, whole or not at all. Thread: the lane. */
#ifndef TIDEWAY_SEND_H
#define TIDEWAY_SEND_H

#include "engine/lane/plan.h"

/* Writes plan->change through the script into the lane's current slot. */
int write_change(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* The messages that write_change would send, until map_done. Where the script has a loop, those that the loop sends. */
int show_change(struct lane *lane, struct plan *plan, struct message_batch *batch,
		struct err *err) MUST_CHECK;
/* Finds or creates the topics of a row's messages, and checks whether their keys may go there. */
int find_destinations(struct lane *lane, struct plan *plan, struct message_batch *batch,
		      struct err *err) MUST_CHECK;
/* Hands the messages, whose destinations are known, to the sink in the lane's current slot: the first one not before all
 * have been checked. */
int send_batch(struct lane *lane, const struct message_batch *batch, struct err *err) MUST_CHECK;

#endif
