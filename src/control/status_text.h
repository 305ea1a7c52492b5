/* status_text: what a process reports about itself (docs/admin.md), as text for people. Pure functions.
 * Thread: any. */
#ifndef TIDEWAY_STATUS_TEXT_H
#define TIDEWAY_STATUS_TEXT_H

#include "base/buf.h"

#include <cjson/cJSON.h>

/* Append the answer of GET /status as a page. only: the name of a sync; NULL: all of them. */
void status_text_page(const cJSON *status, const char *only, struct buf *out);
/* Append one line for each sync, with the time of day. */
void status_text_lines(const cJSON *status, const char *only, struct buf *out);
/* Append the answer of GET /syncs/NAME/tables. */
void status_text_tables(const cJSON *json, const char *only, struct buf *out);

#endif
