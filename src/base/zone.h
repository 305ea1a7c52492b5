/* zone: a time zone of the IANA database, read from the system's files (tzdata), or a fixed offset such as "+02:00".
 * Thread: any; constant after zone_load. Owner: zone_load / zone_free. */
#ifndef TIDEWAY_ZONE_H
#define TIDEWAY_ZONE_H

#include "base/err.h"
#include "base/slice.h"

struct zone;

/* Load a zone such as "Europe/Berlin", "UTC" or "-03:30". Return NULL when there is none, with the reason in *err. */
struct zone *zone_load(const char *name, struct err *err);
/* Make a zone from the content of a file of the database. Return NULL when it is not valid. */
struct zone *zone_parse(struct slice content);
void zone_free(struct zone *zone);

/* What holds in a zone at a time. */
struct zone_time {
	int32_t offset;           /* seconds that local time is ahead of UTC */
	bool is_dst;              /* daylight saving time */
	const char *abbreviation; /* "CET"; valid as long as the zone */
};
struct zone_time zone_at(const struct zone *zone, int64_t seconds);

/* Convert a local time to UTC. Of the two times that a clock shows when it is set back, return the earlier one. Return false
 * when no clock shows the time, because it is set forward. */
bool zone_utc(const struct zone *zone, int64_t local, int64_t *seconds);

#endif
