/* copy_lanes: how many lanes a copy has (option full.parallel, docs/decisions/0031).
 * Thread: the sync's own. */
#ifndef TIDEWAY_COPY_LANES_H
#define TIDEWAY_COPY_LANES_H

#include "base/err.h"
#include "model/config.h"

struct bootstrap;
struct conn;

enum {
	/* of "auto": more of them than saturate a network and load a server, without a measurement that they help */
	COPY_LANES_MAX = 8,
	/* a table with fewer rows than this has no work for a second lane */
	COPY_LANE_ROWS = 50000,
};

/* What limits the number of lanes. */
struct copy_room {
	unsigned cores;       /* of this machine, for this process */
	unsigned connections; /* that the server has left for this account */
	uint64_t
		parts; /* that lanes can read at the same time: small tables, and parts of large ones */
};

/* Return the number of lanes of "auto": one for each core and part, with at most half of the connections that are left. */
unsigned copy_lanes_within(const struct copy_room *room);
/* Return the most lanes that a copy of this sync may have. */
unsigned copy_lanes_most(const struct sync_config *config);
/* Return the parts of a table with this many rows. */
uint64_t copy_parts(uint64_t rows);
/* Set *nlanes to the number of lanes for this many parts, and *room to what limits "auto". */
int copy_lanes_for(const struct sync_config *config, struct conn *conn, uint64_t parts,
		   struct copy_room *room, unsigned *nlanes, struct err *err) MUST_CHECK;
/* Set *nlanes to the number of lanes for the tables of bootstrap->reads. Log what "auto" has become. */
int copy_lanes_choose(struct bootstrap *bootstrap, unsigned *nlanes, struct err *err) MUST_CHECK;

#endif
