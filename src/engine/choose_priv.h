/* choose_priv: what a host must have to be chosen. For choose.c and its unit test.
 * Thread: the sync's own. Owner: the caller frees `needed` and its sets. */
#ifndef TIDEWAY_CHOOSE_PRIV_H
#define TIDEWAY_CHOOSE_PRIV_H

#include "engine/choose.h"

#define UNSAVED UINT64_C(60000000000) /* sequenceIds that may have been given since the last save */

/* One pass over the hosts. */
struct choosing {
	struct sync *sync;
	const struct position *position; /* NULL: nothing is saved */
	struct gtid_set *needed; /* a host must have each of them: rows up to there may be sent */
	size_t nneeded, cap;
};

/* Add a set that a host must have. */
void choose_need(struct choosing *choosing, const struct gtid_set *gtids);
/* Add the sets of tables that were read after the stream's position. A host without these transactions would send older
 * rows again, and what it writes instead of them would be dropped as already read. */
int choose_need_tables(struct choosing *choosing, struct err *err) MUST_CHECK;

#endif
