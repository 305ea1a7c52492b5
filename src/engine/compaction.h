/* compaction: tables whose keys lose rows in a compacted topic (consistency rule 17) against the topics that exist.
 * Thread: the sync's own. */
#ifndef TIDEWAY_COMPACTION_H
#define TIDEWAY_COMPACTION_H

#include "engine/start.h"

struct sink;

/* Before anything is sent: ERR_SCRIPT that names table and topic when the constant topic of a selected table exists, is
 * compacted, and must not be for that table's key. Topics that come later are looked at by who opens them
 * (plan_check_topic). */
int compaction_check(const struct start *start, struct err *err) MUST_CHECK;
/* The same for one table that is not_compacted and its topic, which exists. */
int compaction_check_topic(const struct start *start, struct sink *sink, const struct table *table,
			   struct slice topic, struct err *err) MUST_CHECK;

#endif
