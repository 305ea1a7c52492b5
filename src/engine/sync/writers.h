/* writers: which other syncs of the script write to a topic, as their checkpoints show (docs/decisions/0040).
 * Thread: any that has the script. */
#ifndef TIDEWAY_WRITERS_H
#define TIDEWAY_WRITERS_H

#include "script/script.h"

/* Fail if another sync than number `own` of the script has written to the topic, or if its checkpoint cannot be read. */
int writers_check(const struct script *script, unsigned own, struct slice topic,
		  struct err *err) MUST_CHECK;

#endif
