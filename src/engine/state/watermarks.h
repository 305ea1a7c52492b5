/* watermarks: how far each source of a list has come, each followed by a sync of its own. A heartbeat speaks for every row in
 * its partition, whichever source it is of, so it contains the lowest (consistency rule: heartbeats-in-order).
 * Thread: any; each source is raised by its own sync. Owner: watermarks_new / watermarks_free. */
#ifndef TIDEWAY_WATERMARKS_H
#define TIDEWAY_WATERMARKS_H

#include <stdbool.h>
#include <stdint.h>

struct watermarks;

struct watermarks *watermarks_new(unsigned sources);
void watermarks_free(struct watermarks *watermarks);
/* Every transaction of the source up to this time (ms) is in Kafka, acknowledged. Never goes back. */
void watermarks_raise(struct watermarks *watermarks, unsigned source, int64_t ms);
/* Tables of the source are being copied: nothing is known until it is raised again. */
void watermarks_hold(struct watermarks *watermarks, unsigned source);
/* Of all sources. false: of one of them nothing is known. */
bool watermarks_lowest(const struct watermarks *watermarks, int64_t *ms);

#endif
