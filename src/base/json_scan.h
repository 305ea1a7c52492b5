/* json_scan: splits JSON text without decoding it, so that a value keeps its spelling (12.30 stays
 * 12.30). Checks only what is needed to find the ends of values. Pure functions. Thread: any.
 * Owner: borrows the text. */
#ifndef TIDEWAY_JSON_SCAN_H
#define TIDEWAY_JSON_SCAN_H

#include "base/buf.h"
#include "base/slice.h"

/* Returns the members of an object for json_scan_next; empty if the text is not an object. */
struct slice json_scan_members(struct slice object);
/* Removes the next member from *members. Sets *name to the text between the quotes, and *value to
 * the value as written. Returns false if no member is left, or if the text is not valid JSON. */
bool json_scan_next(struct slice *members, struct slice *name, struct slice *value);
/* Returns the value of the object's first member of this name, which has no escapes; ptr NULL:
 * none. */
struct slice json_scan_find(struct slice object, struct slice name);
/* Returns the text between the quotes of a JSON string, with its escapes; ptr NULL: not a
 * string. */
struct slice json_scan_text(struct slice value);
/* Appends such a text without its escapes. Returns false if it has one that json_string does not write. */
bool json_scan_unescape(struct slice text, struct buf *out);

#endif
