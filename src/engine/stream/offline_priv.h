/* offline_priv: the body of an offline lane, for offline.c and the unit test of the hot path.
 * Thread: one. Owner: offline_new / offline_free. */
#ifndef TIDEWAY_OFFLINE_PRIV_H
#define TIDEWAY_OFFLINE_PRIV_H

#include "engine/stream/offline.h"
#include "engine/stream/stream_priv.h"

struct offline {
	struct script_options script;
	struct sync sync;
	struct stream *stream; /* its lane, catalog and statement handling; it never runs */
	struct lane_metrics metrics;
	struct arena arena; /* images and messages of a change */
	struct arena texts; /* copies of the options */
};

/* Set *plan to the plan of a captured table, whose rows are arrays of values. */
int offline_find_plan(struct offline *offline, const struct table *table, struct plan **plan,
		      struct err *err) MUST_CHECK;
/* Set the row of an image of such a plan to a copy of the values in the arena. */
void offline_set_image(struct plan *plan, struct image *image, const struct value *values,
		       struct arena *arena);

#endif
