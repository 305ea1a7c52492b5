/* debezium: the messages that Debezium's MySQL and MariaDB connectors write by default, with a
 * JsonConverter without schemas (docs/debezium-format.md).
 * Pure. Thread: any. Owner: see format.h. */
#ifndef TIDEWAY_DEBEZIUM_H
#define TIDEWAY_DEBEZIUM_H

#include "format/format.h"

extern const struct format format_debezium;

#endif
