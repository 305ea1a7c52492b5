/* store: the durable records of a checkpoint, name -> JSON text, in a compacted Kafka topic with
 * one partition (rule: whole-checkpoint) or in a file, which is locked, and replaced as a whole.
 * Kafka: a transactional producer with the id `tideway.<sync>` is initialised before the topic is
 * read. This fences an older process of the same name: its next put fails with ERR_DISPLACED
 * (rule: one-process). The topic is created with cleanup.policy=compact, segment.bytes=16 MB, segment.ms=1 h
 * and min.cleanable.dirty.ratio=0.01; an existing topic is checked. It is read from its beginning
 * to its end, read_committed. A topic that cannot be read completely is an error, and never counts
 * as "no checkpoint".
 * Thread: the sync's own. Owner: store_free. */
#ifndef TIDEWAY_STORE_H
#define TIDEWAY_STORE_H

#include "base/err.h"
#include "model/config.h"

struct store;

struct store_record {
	struct slice name;  /* the whole key: "<sync>/position", "<sync>/full/shop.orders" ... */
	struct slice value; /* JSON; ptr NULL: remove the record (tombstone) */
};

/* Open a store in a Kafka topic. Keep only records whose name begins with "<sync>/". While no
 * broker can be reached, wait until *stop is true. config and stop must outlive the store. */
struct store *store_open_topic(const struct sink_config *config, const char *topic,
			       const char *sync, const _Atomic bool *stop, struct err *err);
/* Open a store in a file, which contains one JSON object {"name": "value text", ...}. Fail with
 * ERR_DISPLACED when another process has locked the file. */
struct store *store_open_file(const char *path, const char *sync, struct err *err);
/* Open a store in memory, for preview and dry runs. */
struct store *store_open_memory(void);
/* Open a store read-only, for `check`: fence no process, take no lock, create nothing; store_put
 * fails. Errors about the topic or file are those of store_open_topic and store_open_file. Return
 * NULL with err->code ERR_NONE when no store exists yet. Wait at most 10 s for a broker, and at
 * most 10 s to reach the end of the topic. */
struct store *store_look_topic(const struct sink_config *config, const char *topic,
			       const char *sync, struct err *err);
struct store *store_look_file(const char *path, const char *sync, struct err *err);
void store_free(struct store *store);

/* Return whether another process may take over the store while this one uses it, and fences this
 * one then. */
bool store_fences(const struct store *store);
/* Prepare the store before it is read again: open another producer if it has lost its own without
 * being fenced. owner: the name of the record that each process writes when it takes over the
 * store. Fail with ERR_DISPLACED when another process has written this record since. */
int store_ready(struct store *store, struct slice owner, struct err *err) MUST_CHECK;
/* Return the value of a record, valid until the next put; ptr NULL: the record does not exist. */
struct slice store_get(const struct store *store, struct slice name);
/* Iterate over the records in the order of their names, starting with *at = 0. Return false at the
 * end. */
bool store_next(const struct store *store, size_t *at, struct store_record *record);
/* Write all records or none. They are durable when the function returns (on Kafka one transaction,
 * 10 to 40 ms). While no broker can be reached, retry until *stop is true. Fail with ERR_DISPLACED,
 * not retriable, when the producer is fenced. After a retriable error, call store_ready before the
 * next put. */
int store_put(struct store *store, const struct store_record *records, unsigned n,
	      struct err *err) MUST_CHECK;

#endif
