/* topic_name: checks whether Kafka accepts a topic's name. Pure functions. Thread: any. */
#ifndef TIDEWAY_TOPIC_NAME_H
#define TIDEWAY_TOPIC_NAME_H

#include "base/slice.h"

enum { TOPIC_NAME_MAX = 249 }; /* bytes: Kafka's own limit */

enum topic_name_fault {
	TOPIC_NAME_LEGAL,
	TOPIC_NAME_EMPTY,
	TOPIC_NAME_DOTS, /* "." or ".." */
	TOPIC_NAME_LONG,
	TOPIC_NAME_CHARACTER, /* something other than a-z, A-Z, 0-9, '.', '_' and '-' */
};

/* Returns why a name is not valid. For TOPIC_NAME_CHARACTER sets *at, if at is not NULL, to the
 * index of the first byte that is not allowed. */
enum topic_name_fault topic_name_check(struct slice name, size_t *at);

#endif
