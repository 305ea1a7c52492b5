/* wkb: a geometry as the servers store it, and its text. Pure functions. Thread: any. */
#ifndef TIDEWAY_WKB_H
#define TIDEWAY_WKB_H

#include "base/buf.h"

enum { WKB_SRID_SIZE = 4 }; /* bytes before the WKB in a column */

/* Appends the text of little-endian WKB, "POINT(1 2)", with the coordinates in their stored order. Returns false if the bytes are
 * not valid WKB. */
bool wkb_text(struct slice wkb, struct buf *out);

#endif
