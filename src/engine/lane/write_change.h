/* write_change: a change on its way to the sink: through the script's own loop if it has one, else mapped and sent.
 * Thread: the lane. */
#ifndef TIDEWAY_WRITE_CHANGE_H
#define TIDEWAY_WRITE_CHANGE_H

#include "engine/lane/plan.h"

/* Write plan->change through the script into the lane's current slot. */
int write_change(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* Put the messages that write_change would send into the batch: those that the loop sends, if the script has one. They
 * live until map_done. */
int show_change(struct lane *lane, struct plan *plan, struct message_batch *batch,
		struct err *err) MUST_CHECK;

#endif
