/* setup: try what can fail for the whole sync before anything is sent: the mapping of each table,
 * and the topics.
 * Thread: the sync's own. */
#ifndef TIDEWAY_SETUP_H
#define TIDEWAY_SETUP_H

#include "engine/sync/bootstrap.h"

struct sink;

/* Work out the mapping of each selected table, and prepare the topics. Fail with ERR_SCRIPT, table
 * and topic if an existing constant topic is compacted and must not be for that table's key (rule:
 * compacted-keys); plan_check_topic checks topics that are opened later. Fail with ERR_KAFKA and
 * the name if a topic of the checkpoint is missing or was replaced. With topics.partitions =
 * "adopt", take over added partitions. Create the constant topics that do not exist; with topics =
 * "existing", fail with the names of all of them instead. Let the bootstrap keep what was checked. */
int setup_topics(struct bootstrap *bootstrap, struct err *err) MUST_CHECK;
/* Called for each topic of the checkpoint that is missing or was replaced. For `check`: writes
 * nothing. */
typedef void setup_lost_fn(void *arg, struct slice topic, const struct err *why);
int setup_lost(const struct bootstrap *bootstrap, setup_lost_fn *lost, void *arg,
	       struct err *err) MUST_CHECK;
/* Check the policy of one existing topic against a table whose mapping is not_compacted. */
int setup_check_policy(const struct bootstrap *bootstrap, struct sink *sink,
		       const struct table *table, struct slice topic, struct err *err) MUST_CHECK;

#endif
