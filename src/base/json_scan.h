/* json_scan: walks JSON text without decoding it, so that a value keeps its spelling (12.30 stays 12.30). It checks no
 * more than it needs to find the ends of values. Pure. Thread: any. Owner: borrows the text. */
#ifndef TIDEWAY_JSON_SCAN_H
#define TIDEWAY_JSON_SCAN_H

#include "base/slice.h"

/* The members of an object, to be taken one after the other; empty when the text is not an object. */
struct slice json_scan_members(struct slice object);
/* Takes the next member off *members: its name between the quotes, its value as written. False: there is none left, or
 * the text is not JSON. */
bool json_scan_next(struct slice *members, struct slice *name, struct slice *value);
/* The value of the object's first member of this name, which has no escapes; ptr NULL: there is none. */
struct slice json_scan_find(struct slice object, struct slice name);
/* The text between the quotes of a JSON string, escapes included; ptr NULL: it is not a string. */
struct slice json_scan_text(struct slice value);

#endif
