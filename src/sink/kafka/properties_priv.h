/* properties_priv: the rules for settings, and librdkafka's list of settings. For properties.c and
 * its unit test.
 * Thread: any. */
#ifndef TIDEWAY_PROPERTIES_PRIV_H
#define TIDEWAY_PROPERTIES_PRIV_H

#include "sink/kafka/properties.h"

/* A setting of librdkafka. */
struct native_property {
	char name[64];
	bool producer, consumer; /* whether it is a setting of producers, of consumers */
};

enum property_side { BOTH, PRODUCER, CONSUMER };

typedef int property_rule_fn(const char *name, const char *value, struct property_list *out,
			     struct err *err);

/* What happens to a setting of a user. */
struct property_rule {
	const char *name;
	enum property_side side;
	property_rule_fn *apply; /* NULL: only rename the setting */
	const char *native;      /* librdkafka's name, when apply is NULL */
};

/* Return the table of rules; *n: their number. */
const struct property_rule *property_rules(size_t *n);
/* Return librdkafka's settings; *n: their number. A name may be in its global and its topic table. */
const struct native_property *property_natives(size_t *n);
/* Find a setting of librdkafka. Combine the entries of one name. */
bool property_find_native(const char *name, struct native_property *found);

#endif
