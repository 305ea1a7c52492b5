/* clock: wall time and monotonic time. Thread: any. */
#ifndef TIDEWAY_CLOCK_H
#define TIDEWAY_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* milliseconds since 1970-01-01 UTC */
int64_t clock_mono_ms(void); /* monotonic: only differences have a meaning */
int64_t clock_boot_ms(void); /* monotonic; continues while the machine is suspended */
int64_t clock_mono_ns(void); /* clock_mono_ms in nanoseconds */

#endif
