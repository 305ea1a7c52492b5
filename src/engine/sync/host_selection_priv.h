/* host_selection_priv: what a host must have to be chosen. For host_selection.c and its unit test.
 * Thread: the sync's own. Owner: the caller frees `needed` and its sets. */
#ifndef TIDEWAY_HOST_SELECTION_PRIV_H
#define TIDEWAY_HOST_SELECTION_PRIV_H

#include "engine/sync/host_selection.h"

#define UNSAVED UINT64_C(60000000000) /* sequenceIds that may have been given since the last save */

/* One pass over the hosts. */
struct host_selection {
	struct sync *sync;
	const struct position *position; /* NULL: no position is saved */
	bool jumps;                      /* what is after the position is not needed */
	struct gtid_set
		*needed; /* sets that a host must have, since their rows may have been sent */
	size_t nneeded, cap;
};

/* Add a set that a host must have. */
void selection_need(struct host_selection *selection, const struct gtid_set *gtids);
/* Add the sets of tables that were read after the stream's position. A host without these
 * transactions would send older rows again, and the transactions that it has instead would be
 * dropped as already read. */
int selection_need_tables(struct host_selection *selection, struct err *err) MUST_CHECK;

#endif
