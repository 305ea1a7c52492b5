/* json: values of columns and fields as JSON of the DataWorks format: dates are milliseconds since
 * 1970, zero dates null; ENUM and SET are their labels. Pure. Thread: any. */
#ifndef TIDEWAY_JSON_H
#define TIDEWAY_JSON_H

#include "base/json_writer.h"
#include "model/value.h"

/* Appends a value: null, true, digits, "text", "base64". VALUE_UNSET is written as null. */
void json_value(struct buf *out, const struct value *value);
/* Appends the value's JSON form without quotes and escapes, the form of message keys. NULL is `null`. */
void json_bare(struct buf *out, const struct value *value);

#endif
