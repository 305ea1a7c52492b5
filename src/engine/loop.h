/* loop: what a script's own loop and change:records() are given: messages as the sync's options write them,
 * collected instead of sent, and a way to send. Thread: the lane. Owner: collected messages live in the
 * lane's event arena. */
#ifndef TIDEWAY_LOOP_H
#define TIDEWAY_LOOP_H

#include "engine/plan.h"
#include "script/script.h"

/* Messages on a list instead of in the sink. */
struct collected {
	struct lane *lane;
	struct script_record *records;
	unsigned n, cap;
};

/* Fills lane->host. */
void loop_host(struct lane *lane);
/* From now on the lane's messages are collected, until loop_collect_end. Nests. */
void loop_collect(struct lane *lane, struct collected *collected);
void loop_collect_end(struct collected *collected);
/* A change, a statement or a beat through the script's loop function. */
int loop_change(struct lane *lane, struct plan *plan, struct err *err) MUST_CHECK;
/* records: what change:records() of this item gives. */
int loop_item(struct lane *lane, const struct loop_item *item, const struct collected *records,
	      struct err *err) MUST_CHECK;

#endif
