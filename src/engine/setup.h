/* setup: what can fail for the whole sync is tried before anything is sent: the script's answer for each table,
 * and the topics that must exist. Thread: the sync's own. */
#ifndef TIDEWAY_SETUP_H
#define TIDEWAY_SETUP_H

#include "engine/start.h"

/* Works out the mapping of each selected table. With topics = "existing" every constant topic must be there; the error
 * names all that are not. */
int setup_check(const struct start *start, struct err *err) MUST_CHECK;

#endif
