/* send: messages on their way to the sink: find their topics, then send a batch whole or not at all. Thread: the lane. */
#ifndef TIDEWAY_SEND_H
#define TIDEWAY_SEND_H

#include "engine/lane/plan.h"

/* Finds or creates the topics of a row's messages, and checks whether their keys may go there. */
int find_destinations(struct lane *lane, struct plan *plan, struct message_batch *batch,
		      struct err *err) MUST_CHECK;
/* Hands the messages, whose destinations are known, to the sink in the lane's current slot: the first one not before all
 * have been checked. */
int send_batch(struct lane *lane, const struct message_batch *batch, struct err *err) MUST_CHECK;
/* Hand a message to the sink in the lane's current slot, and count it. */
int lane_send(struct lane *lane, struct destination *destination, const struct message *message,
	      struct err *err) MUST_CHECK;
/* Count a message of the lane's current slot that the sink got in another way. */
void lane_count(struct lane *lane, size_t bytes);

#endif
