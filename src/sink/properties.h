/* properties: client settings as users write them (Java's names or librdkafka's) to
 * librdkafka's. Java names are translated (buffer.memory -> queue.buffering.max.kbytes, ...),
 * librdkafka's pass, unknown ones are refused with the nearest right name; settings that bound
 * retries or weaken delivery are refused with the reason (message.timeout.ms, retries, acks
 * other than all, enable.idempotence=false ...).
 * Thread: any. Pure apart from librdkafka's own list of settings, read once. */
#ifndef TIDEWAY_PROPERTIES_H
#define TIDEWAY_PROPERTIES_H

#include "base/buf.h"
#include "base/err.h"
#include "model/config.h"

enum property_use {
	PROPERTY_PRODUCER, /* settings of consumers are refused */
	PROPERTY_CONSUMER, /* settings of producers are without effect */
	PROPERTY_ADMIN,    /* only what concerns the connection has an effect */
};

enum {
	PROPERTY_MAX = 2
}; /* one setting becomes at most so many (sasl.jaas.config: user and password) */

struct property_list {
	unsigned n; /* 0: known, accepted and without effect here */
	struct property
		items[PROPERTY_MAX]; /* name: static or as given; value: as given or in storage */
	struct buf storage;          /* texts made on the way */
};

void property_list_init(struct property_list *list);
void property_list_fini(struct property_list *list);

/* Translates one setting. ERR_SCRIPT when it is refused. */
int property_translate(enum property_use use, const char *name, const char *value,
		       struct property_list *out, struct err *err) MUST_CHECK;
/* The last value written for a setting under any of its names, or NULL. */
const char *property_find(const struct property *properties, unsigned n, const char *name,
			  const char *alias);

#endif
