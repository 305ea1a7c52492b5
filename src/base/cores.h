/* cores: how many processor cores this process may use.
 * Thread: any. */
#ifndef TIDEWAY_CORES_H
#define TIDEWAY_CORES_H

#include "base/slice.h"

#include <stdint.h>

/* Return the number of cores that the scheduler gives this process: those of its affinity mask, and no more than the quota
 * of its control group (version 2) allows. At least 1. */
unsigned cores_available(void);
/* Return for how long the cores were busy, summed over them: those of the machine with all its processes, or if this process has
 * fewer, with this process alone. Differences count. 0: not known. */
uint64_t cores_busy_ms(void);
/* Return the cores that the content of a cpu.max file allows, rounded up; 0: it limits nothing, or is not valid. For
 * cores_available and its unit test. */
unsigned cores_of_quota(struct slice cpu_max);

#endif
