/* quantity: durations and sizes as text for people.
 * Thread: any. */
#ifndef TIDEWAY_QUANTITY_H
#define TIDEWAY_QUANTITY_H

#include "base/buf.h"

#include <stdint.h>

/* Append "0.3 s", "12 s", "4 min", "3 h 10 min", "2 days 4 h". */
void quantity_put_duration(struct buf *out, double seconds);
/* Append "812 bytes", "16 KB", "4.2 MB", "412 MB", "1.3 TB", with decimal units. */
void quantity_put_bytes(struct buf *out, uint64_t bytes);

#endif
