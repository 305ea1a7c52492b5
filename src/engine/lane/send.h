/* send: find the topics of messages, and hand batches to the sink, whole or not at all. Thread: the lane. */
#ifndef TIDEWAY_SEND_H
#define TIDEWAY_SEND_H

#include "engine/lane/plan.h"

/* Decides which messages of a change are sent. */
struct send_gate {
	/* Return 1 if a message may go to the destination, 0 to leave it out, or -1. */
	int (*admit)(void *arg, const struct destination *destination,
		     const struct message *message, struct err *err);
	void *arg;
};

/* Find or create the topics of a row's messages, and check that the topics accept their keys. */
int find_destinations(struct lane *lane, struct plan *plan, struct message_batch *batch,
		      struct err *err) MUST_CHECK;
/* Hand the messages, whose destinations are set, to the sink in the lane's current slot. Check all of them before the first one
 * is sent. */
int send_batch(struct lane *lane, const struct message_batch *batch, struct err *err) MUST_CHECK;
/* Hand a message to the sink in the lane's current slot, and count it, if the lane's gate admits it. */
int lane_send(struct lane *lane, struct destination *destination, const struct message *message,
	      struct err *err) MUST_CHECK;
/* Count a message of the lane's current slot that reached the sink in another way. */
void lane_count(struct lane *lane, size_t bytes);

#endif
