/* key_rule: what the keys of a table's messages depend on. To find deleted rows by the keys of a topic, each row must have one key,
 * which depends on the row alone (docs/decisions/0040).
 * Thread: the lane. */
#ifndef TIDEWAY_KEY_RULE_H
#define TIDEWAY_KEY_RULE_H

#include "engine/lane/plan.h"

/* Return why deleted rows of the table cannot be found by the keys of its topic; NULL: they can. */
const char *key_rule_obstacle(const struct lane *lane, const struct plan *plan);
/* Return a hash of the rule: of the topic with its partitions, the parts of the key, and the obstacle. While the hash is the same, a row
 * keeps its key, and no row is left out. */
uint64_t key_rule_hash(const struct lane *lane, const struct plan *plan);

#endif
