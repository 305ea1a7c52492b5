/* clock: wall time and monotonic time. Thread: any. */
#ifndef TIDEWAY_CLOCK_H
#define TIDEWAY_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* since 1970, UTC */
int64_t clock_mono_ms(void); /* only differences mean something */
int64_t clock_boot_ms(void); /* likewise; runs on while the machine is suspended */
int64_t clock_mono_ns(void);

#endif
