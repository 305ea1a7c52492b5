/* place_scan: reads a binlog file from its beginning to a place: whether a transaction may begin there, and which transactions
 * are before it.
 * Thread: the caller's. */
#ifndef TIDEWAY_PLACE_SCAN_H
#define TIDEWAY_PLACE_SCAN_H

#include "binlog/packet_source.h"
#include "model/gtid.h"

#include <stdatomic.h>

struct place_scan {
	const char *file;
	uint64_t offset;
	struct gtid_set *
		gtids; /* gets the GTIDs before the place; of the server's flavour, GTID_NONE: it has none */
	const atomic_bool *halt; /* ends the scan early; NULL: nothing does */
};

/* The packets are those of a dump from the file's first event on, with heartbeats. The file has the offset. Returns 1 if the place is
 * between two transactions, 0 if it is inside one or inside an event, and sets *begin to where that begins; -1 on error. */
int place_scan_run(const struct place_scan *scan, struct packet_source *source, uint64_t *begin,
		   struct err *err) MUST_CHECK;

#endif
