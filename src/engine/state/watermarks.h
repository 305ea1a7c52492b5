/* watermarks: how far each source of a list has come. Each source has a sync of its own. A
 * heartbeat is valid for every row in its partition, from any source, so it contains the lowest
 * watermark (rule: heartbeats-in-order).
 * Thread: any; the sync of a source raises its watermark. Owner: watermarks_new /
 * watermarks_free. */
#ifndef TIDEWAY_WATERMARKS_H
#define TIDEWAY_WATERMARKS_H

#include <stdbool.h>
#include <stdint.h>

struct watermarks;

struct watermarks *watermarks_new(unsigned sources);
void watermarks_free(struct watermarks *watermarks);
/* Every transaction of the source up to this time (ms) is acknowledged. A watermark never
 * decreases. */
void watermarks_raise(struct watermarks *watermarks, unsigned source, int64_t ms);
/* Make the watermark of a source unknown until it is raised again, because its tables are being
 * copied. */
void watermarks_hold(struct watermarks *watermarks, unsigned source);
/* Set *ms to the lowest of all sources. Return false if that of a source is unknown. */
bool watermarks_lowest(const struct watermarks *watermarks, int64_t *ms);

#endif
