/* setup: what can fail for the whole sync is tried before anything is sent: the script's answer for each table,
 * and the topics. Thread: the sync's own. */
#ifndef TIDEWAY_SETUP_H
#define TIDEWAY_SETUP_H

#include "engine/sync/bootstrap.h"

struct sink;

/* Works out the mapping of each selected table. ERR_SCRIPT that names table and topic when a constant topic that exists is
 * compacted, and must not be for that table's key (rule: compacted-keys); topics that come later are looked at by who opens them
 * (plan_check_topic). A topic of the
 * checkpoint that is gone, or another one than it was, is ERR_KAFKA that names it. With topics.partitions =
 * "adopt" topics keep up with the partitions that they have got. Constant topics that are not there are created; with topics = "existing" the error names all of
 * them instead. */
int setup_topics(const struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* The topics of the checkpoint that are not what they were: gone, or others of their names. For `check`: writes nothing. */
typedef void setup_lost_fn(void *arg, struct slice topic, const struct err *why);
int setup_lost(const struct bootstrap *bootstrap, setup_lost_fn *lost, void *arg,
	       struct err *err) MUST_CHECK;
/* The look at one table whose mapping is not_compacted, and its topic, which exists. */
int setup_check_policy(const struct bootstrap *bootstrap, struct sink *sink,
		       const struct table *table, struct slice topic, struct err *err) MUST_CHECK;

#endif
