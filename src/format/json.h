/* json: values of columns and fields as JSON of the DataWorks format: dates are milliseconds since
 * 1970, zero dates null; ENUM and SET are their labels. Pure. Thread: any. */
#ifndef TIDEWAY_JSON_H
#define TIDEWAY_JSON_H

#include "base/json_writer.h"
#include "model/value.h"

/* A value: null, true, digits, "text", "base64". VALUE_UNSET is written as null. */
void json_value(struct buf *out, const struct value *value);
/* The value's JSON form without quotes and escapes: what message keys are made of. NULL is `null`. */
void json_bare(struct buf *out, const struct value *value);

#endif
