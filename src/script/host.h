/* host: what C offers a script beyond the pure modules, as functions the engine and control fill
 * in, because script may not include source, sink or encode. NULL members raise "not available in
 * <command>".
 * Thread: the script's. Owner: the one that made the script; handles are opaque to Lua's side. */
#ifndef TIDEWAY_HOST_H
#define TIDEWAY_HOST_H

#include "base/buf.h"
#include "base/err.h"
#include "model/change.h"
#include "model/config.h"
#include "model/message.h"

struct script_host {
	void *arg; /* given to each function */

	/* change:records(), change:json(): the current change as the sync's options write it. */
	int (*records)(void *arg, struct change *change, const struct message **records,
		       unsigned *n, struct err *err);
	/* out:send(record) of a loop. */
	int (*send)(void *arg, const struct message *record, struct err *err);
	/* heartbeat.new{...}:message(ms) -> JSON text in *buf. */
	void (*heartbeat)(void *arg, int64_t event_ms, struct buf *out);

	/* tideway exec: primitives that connect at once. Each *_open returns a handle or NULL. */
	void *(*producer_open)(void *arg, const struct sink_config *config, struct err *err);
	int (*producer_send)(void *handle, const struct message *record, struct err *err);
	int (*producer_flush)(void *handle, double seconds, struct err *err);
	void (*producer_close)(void *handle);
	/* topics: names; from_beginning; group may be NULL. */
	void *(*consumer_open)(void *arg, const struct sink_config *config,
			       const struct slice *topics, unsigned ntopics, const char *group,
			       bool from_beginning, struct err *err);
	/* 1: a record (valid until the next poll); 0: none in time; -1. */
	int (*consumer_poll)(void *handle, double seconds, struct message *record, struct err *err);
	void (*consumer_close)(void *handle);
	int (*topic_create)(void *arg, const struct sink_config *config, struct slice name,
			    int partitions, int replication, const struct property *properties,
			    unsigned n, struct err *err);
	int (*topic_delete)(void *arg, const struct sink_config *config, struct slice name,
			    struct err *err);
	/* Calls each(context, name, partitions). */
	int (*topic_list)(void *arg, const struct sink_config *config,
			  void (*each)(void *context, struct slice name, int partitions),
			  void *context, struct err *err);
	/* source.mysql{...}:query(sql): rows as text, calls each(context, names, cells, n); cell
	 * ptr NULL is NULL. */
	int (*query)(void *arg, const struct source_config *config, struct slice sql,
		     void (*each)(void *context, const struct slice *names,
				  const struct slice *cells, unsigned n),
		     void *context, struct err *err);
	/* source.mysql{...}:changes{from = "now" | "earliest" | {file=,pos=}}: iterator over the
	 * stream. 1, 0 end, -1. */
	void *(*changes_open)(void *arg, const struct source_config *config, const char *start,
			      struct err *err);
	int (*changes_next)(void *handle, double seconds, struct change **change, struct err *err);
	void (*changes_close)(void *handle);

	/* tideway.test: an offline lane. load gives a handle for a sync.lua with environment
	 * overrides. */
	void *(*test_load)(void *arg, const char *path, const struct property *env, unsigned n,
			   struct err *err);
	int (*test_statement)(void *handle, struct slice sql, const struct message **records,
			      unsigned *n, struct err *err);
	/* op with column values by position (VALUE_UNSET: not given): before and/or after. */
	const struct table *(*test_table)(void *handle, struct slice full_name);
	int (*test_change)(void *handle, enum change_op op, const struct table *table,
			   const struct value *before, const struct value *after,
			   const struct message **records, unsigned *n, struct err *err);
	void (*test_free)(void *handle);
};

#endif
