/* debezium_schema: the tableChanges of Debezium's messages about statements. Pure. Thread: any. */
#ifndef TIDEWAY_DEBEZIUM_SCHEMA_H
#define TIDEWAY_DEBEZIUM_SCHEMA_H

#include "base/buf.h"
#include "model/ddl.h"

/* Appends [{"type":"ALTER","id":...,"table":{...}}], or [] for a statement that changes no
 * columns. */
void debezium_table_changes(struct buf *out, const struct ddl_effect *effect);

#endif
