/* host: functions that the engine and control offer to a script, beside the pure modules:
 * src/script must not include source, sink or format. A member that is NULL raises "not available
 * here".
 * Thread: the script's. Owner: whoever made the script. Handles are opaque to Lua. */
#ifndef TIDEWAY_HOST_H
#define TIDEWAY_HOST_H

#include "base/buf.h"
#include "base/err.h"
#include "model/change.h"
#include "model/config.h"
#include "model/message.h"

/* What a lane offers the script of its sync. */
struct lane_api {
	/* change:records(), change:json(): encode the current change by the options of the sync */
	int (*records)(void *arg, struct change *change, const struct message **records,
		       unsigned *n, struct err *err);
	/* out:send(record) of a loop. */
	int (*send)(void *arg, const struct message *record, struct err *err);
};

/* tideway exec: primitives that connect at once. */
struct exec_api {
	/* Each *_open returns a handle, or NULL with *err. */
	void *(*producer_open)(void *arg, const struct sink_config *config, struct err *err);
	int (*producer_send)(void *handle, const struct message *record, struct err *err);
	int (*producer_flush)(void *handle, double seconds, struct err *err);
	void (*producer_close)(void *handle);
	/* topics: names. group: may be NULL. */
	void *(*consumer_open)(void *arg, const struct sink_config *config,
			       const struct slice *topics, unsigned ntopics, const char *group,
			       bool from_beginning, struct err *err);
	/* Returns 1 with a record, which is valid until the next poll; 0 if none came in time;
	 * -1. */
	int (*consumer_poll)(void *handle, double seconds, struct message *record, struct err *err);
	void (*consumer_close)(void *handle);
	int (*topic_create)(void *arg, const struct sink_config *config, struct slice name,
			    int partitions, int replication, const struct property *properties,
			    unsigned n, struct err *err);
	int (*topic_delete)(void *arg, const struct sink_config *config, struct slice name,
			    struct err *err);
	/* Calls each(context, name, partitions) for each topic. */
	int (*topic_list)(void *arg, const struct sink_config *config,
			  void (*each)(void *context, struct slice name, int partitions),
			  void *context, struct err *err);
	/* source.mysql{...}:query(sql): calls each(context, names, cells, n) for each row, with its
	 * cells as text. The ptr of a NULL cell is NULL. */
	int (*query)(void *arg, const struct source_config *config, struct slice sql,
		     void (*each)(void *context, const struct slice *names,
				  const struct slice *cells, unsigned n),
		     void *context, struct err *err);
	/* source.mysql{...}:changes{from = start}: iterates over the stream. changes_next returns 1
	 * with a change, 0 at the end, or -1. */
	void *(*changes_open)(void *arg, const struct source_config *config, const char *start,
			      struct err *err);
	int (*changes_next)(void *handle, double seconds, struct change **change, struct err *err);
	void (*changes_close)(void *handle);
};

/* tideway.test: a lane without connections. */
struct test_api {
	/* Returns a handle for a sync.lua. env: overrides of the environment. */
	void *(*load)(void *arg, const char *path, const struct property *env, unsigned n,
		      struct err *err);
	int (*statement)(void *handle, struct slice sql, const struct message **records,
			 unsigned *n, struct err *err);
	/* before, after: column values by position; VALUE_UNSET: not given */
	const struct table *(*table)(void *handle, struct slice full_name);
	int (*change)(void *handle, enum change_op op, const struct table *table,
		      const struct value *before, const struct value *after,
		      const struct message **records, unsigned *n, struct err *err);
	void (*free)(void *handle);
};

struct script_host {
	void *arg; /* passed to each function */
	/* heartbeat.new{...}:message(ms): append the JSON text to *buf */
	void (*heartbeat)(void *arg, int64_t event_ms, struct buf *out);
	struct lane_api lane;
	struct exec_api exec;
	struct test_api test;
};

#endif
