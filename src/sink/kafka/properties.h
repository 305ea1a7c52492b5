/* properties: translate client settings, as users write them, to librdkafka's. Names of Kafka's
 * Java client are translated; librdkafka's names are kept; an unknown name is an error that
 * contains the nearest known one. Settings that limit retries or weaken delivery are refused
 * with the reason (message.timeout.ms, retries, acks other than all, enable.idempotence=false).
 * Thread: any. Pure, except that librdkafka's list of settings is read once. */
#ifndef TIDEWAY_PROPERTIES_H
#define TIDEWAY_PROPERTIES_H

#include "base/buf.h"
#include "base/err.h"
#include "model/config.h"

enum property_use {
	PROPERTY_PRODUCER, /* refuse settings of consumers only */
	PROPERTY_CONSUMER, /* omit settings of producers only */
	PROPERTY_ADMIN,    /* omit settings of producers only and of consumers only */
};

enum {
	PROPERTY_MAX = 2
}; /* the most settings that one translates to (sasl.jaas.config: user and password) */

struct property_list {
	unsigned n; /* 0: accepted, without effect for this use */
	/* name: static, or the argument; value: the argument, or in `storage` */
	struct property items[PROPERTY_MAX];
	struct buf storage; /* texts made by the translation */
};

void property_list_init(struct property_list *list);
void property_list_fini(struct property_list *list);

/* Translate one setting. Fail with ERR_SCRIPT when it is refused. */
int property_translate(enum property_use use, const char *name, const char *value,
		       struct property_list *out, struct err *err) MUST_CHECK;
/* Return the last value of a setting with the name `name` or `alias`, or NULL. */
const char *property_find(const struct property *properties, unsigned n, const char *name,
			  const char *alias);

#endif
