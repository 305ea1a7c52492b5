/* setup: what can fail for the whole sync is tried before anything is sent: the script's answer for each table,
 * and the topics. Thread: the sync's own. */
#ifndef TIDEWAY_SETUP_H
#define TIDEWAY_SETUP_H

#include "engine/start.h"

/* Works out the mapping of each selected table. Constant topics that are not there are created; with topics =
 * "existing" the error names all of them instead. */
int setup_topics(const struct start *start, struct err *err) MUST_CHECK;

#endif
