/* store: the durable records of a checkpoint: name -> JSON text. In a compacted Kafka topic (1
 * partition; rule 24) or in a file (replaced whole, flock). Only the main thread has one.
 * Kafka: transactional.id `tideway.<name>`, initialised before anything is read, so that an
 * older process of the same name is fenced (ERR_DISPLACED at its next put; rule 25). The topic
 * is created with cleanup.policy=compact, segment.bytes=16 MB, segment.ms=1 h,
 * min.cleanable.dirty.ratio=0.01, 1 partition, and checked when it exists. Read from the
 * beginning to the end offset, read_committed, until EOF: unreadable or incomplete is an error,
 * never "no checkpoint".
 * Thread: main. Owner: store_free. */
#ifndef TIDEWAY_STORE_H
#define TIDEWAY_STORE_H

#include "base/err.h"
#include "model/config.h"

struct store;

struct store_record {
	struct slice name;  /* full key: "<sync>/position", "<sync>/full/shop.orders" ... */
	struct slice value; /* JSON; ptr NULL: remove (tombstone) */
};

/* Kafka: waits for a broker that is away as long as *stop stays false; config and stop must outlive the store. Only records whose name
 * starts with "<sync>/" are kept. */
struct store *store_open_topic(const struct sink_config *config, const char *topic,
			       const char *sync, const _Atomic bool *stop, struct err *err);
/* The file holds one JSON object {"name": "value text", ...}. Locked by another process:
 * ERR_DISPLACED. */
struct store *store_open_file(const char *path, const char *sync, struct err *err);
/* Kept in memory only (preview, dry run). */
struct store *store_open_memory(void);
/* For looking only (check): fences nobody, takes no lock, makes nothing; store_put fails. What is wrong with the topic or
 * file is said as by the two above. NULL with err->code ERR_NONE: there is none yet. Waits at most
 * 10 s for a broker, and for the end of the topic. */
struct store *store_look_topic(const struct sink_config *config, const char *topic,
			       const char *sync, struct err *err);
struct store *store_look_file(const char *path, const char *sync, struct err *err);
void store_free(struct store *store);

/* Whether another process may take it over while this one has it, and then fences it. */
bool store_fences(const struct store *store);
/* Before it is read (again): a store that has lost its producer without being fenced opens another. ERR_DISPLACED when the
 * record `owner`, which each process writes when it takes the store over, is another one's by now. */
int store_ready(struct store *store, struct slice owner, struct err *err) MUST_CHECK;
/* NULL ptr: no such record. Valid until the next put. */
struct slice store_get(const struct store *store, struct slice name);
/* Walks the records in name order: start with *at = 0; false at the end. */
bool store_next(const struct store *store, size_t *at, struct store_record *record);
/* All or nothing, durable when it returns (10 to 40 ms on Kafka: one transaction). A fenced
 * producer is ERR_DISPLACED, not retriable; an unreachable broker is retried inside until *stop. Retriable: the store
 * must be made ready before the next put. */
int store_put(struct store *store, const struct store_record *records, unsigned n,
	      struct err *err) MUST_CHECK;

#endif
