/* map_change: one change to the messages that the sync's options make of it: script, values, key, topic, format. Sends
 * nothing. The same for the stream and for full sync. Thread: the lane. Owner: the messages live in the batch, in
 * lane->arena and in the script's event arena: until map_done. */
#ifndef TIDEWAY_MAP_CHANGE_H
#define TIDEWAY_MAP_CHANGE_H

#include "engine/lane/plan.h"

/* Map plan->change, whose images are plan->before.row and plan->after.row, depending on the op. Fail with ERR_DATA, with table
 * and position, if the row cannot be written as the script asks. */
int map_change(struct lane *lane, struct plan *plan, struct message_batch *batch,
	       struct err *err) MUST_CHECK;
/* End the change that map_change began, also after a failure. */
void map_done(struct lane *lane, struct plan *plan);
/* Map plan->change again while a function of the script has it, for change:records(). events: with on_row, filter and
 * on_change. Nothing expires. */
int map_again(struct lane *lane, struct plan *plan, bool events, struct message_batch *batch,
	      struct err *err) MUST_CHECK;
/* Check, before a row of the table is mapped, that the script knows the table and that it has a key. */
int map_check_table(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* Fill in table, operation and position of an ERR_DATA. Return -1. */
int map_error(const struct plan *plan, struct err *err);

#endif
