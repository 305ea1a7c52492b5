/* clock: wall time, monotonic time, and waiting for a time. Every reading of time goes through here, so that a simulator can
 * replace them all (base/simulated.h). Thread: any. */
#ifndef TIDEWAY_CLOCK_H
#define TIDEWAY_CLOCK_H

#include <poll.h>
#include <stdint.h>

int64_t clock_wall_ms(void); /* milliseconds since 1970-01-01 UTC */
int64_t clock_mono_ms(void); /* monotonic: only differences have a meaning */
int64_t clock_boot_ms(void); /* monotonic; continues while the machine is suspended */
int64_t clock_mono_ns(void); /* clock_mono_ms in nanoseconds */

/* Wait for `ms` milliseconds. */
void clock_pause(int64_t ms);
/* poll(2). */
int clock_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

#endif
