/* sink_priv: what the kinds of sink share. Only src/sink includes it.
 * Thread: the lane that owns the sink. Owner: the sink owns its topics. */
#ifndef TIDEWAY_SINK_PRIV_H
#define TIDEWAY_SINK_PRIV_H

#include "base/map.h"
#include "sink/sink.h"

struct rd_kafka_topic_s; /* librdkafka's rd_kafka_topic_t */

enum {
	/* Kafka's default of max.message.bytes, assumed if it may not be read (rule:
	 * size-before-send) */
	SINK_DEFAULT_MAX_MESSAGE = 1048588,
	/* bytes that a record and its batch add to key, value and headers, rounded up */
	SINK_RECORD_OVERHEAD = 100,
	/* the same for each header */
	SINK_HEADER_OVERHEAD = 10,
};

struct topic {
	struct topic_info info;          /* what callers see; info.name points to `name` */
	size_t limit;                    /* largest message, overhead included; SIZE_MAX: none */
	struct rd_kafka_topic_s *native; /* Kafka sink only */
	unsigned shard;                  /* Kafka sink only: the shard of native */
	struct partition *partitions;    /* Kafka sink only: info.present partitions */
	int min_isr;                     /* its min.insync.replicas; 0: could not be read */
	struct topic *next_moved;        /* next in the sink's list `moved` */
	bool moved;                      /* it is in that list */
	char name[];                     /* NUL-terminated */
};

/* A partition as the Kafka sink writes to it. */
struct partition {
	int64_t end; /* after the highest acknowledged offset, also of earlier runs; 0: none */
	int64_t stalled_ms;  /* monotonic time since when nothing is acknowledged; 0: not stalled */
	unsigned in_flight;  /* sent, not yet reported */
	uint8_t known;       /* enum known */
	bool reported;       /* a report has arrived since the last look for stalls */
	int64_t reported_ms; /* monotonic time of the last look that found a report */
};

/* Whether the broker of a partition knows this producer (decisions/0003). */
enum known {
	KNOWN_NOT,  /* nothing has been sent to it */
	KNOWN_SOON, /* one message is in flight, alone */
	KNOWN,      /* that message was acknowledged: from now on the broker checks the order */
};

/* A message with its place in Kafka. */
struct outgoing {
	const struct message *message;
	struct topic *topic;
	int partition; /* never MESSAGE_BY_KEY */
	uint64_t token;
	size_t size; /* including overhead */
};

struct sink_ops {
	/* fills info, limit and native of a topic that was not asked for before */
	int (*topic)(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
		     const _Atomic bool *stop, struct err *err);
	/* may be NULL: topics need not be created. The names are valid and NUL-terminated */
	int (*create)(struct sink *sink, const char *const *names, const struct topic_spec *specs,
		      unsigned n, const _Atomic bool *stop, struct err *err);
	int (*exist)(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		     int *partitions, struct err *err);
	int (*ends)(struct sink *sink, struct partition_end *ends, unsigned n,
		    const _Atomic bool *stop, struct err *err); /* NULL: topics have no offsets */
	const char *(*collides)(const struct sink *sink, struct slice name); /* NULL: none does */
	int (*send)(struct sink *sink, const struct outgoing *outgoing, struct err *err);
	/* as sink_is_full; NULL: there is always room */
	bool (*full)(struct sink *sink);
	/* as sink_send_added; NULL: topics do not grow */
	int (*send_added)(struct sink *sink, const struct outgoing *outgoing, bool *added,
			  struct err *err);
	/* both leave a delivery failure in sink->poison */
	void (*poll)(struct sink *sink, int timeout_ms);
	void (*flush)(struct sink *sink, int timeout_ms);
	void (*purge)(struct sink *sink);
	void (*forget)(struct topic *topic); /* release native */
	void (*free)(struct sink *sink);
};

struct sink {
	const struct sink_ops *ops;
	struct map topics; /* name -> struct topic */
	sink_acked_fn *acked;
	void *arg;                /* of acked */
	const _Atomic bool *stop; /* ends waits in sink_send; may be NULL */
	unsigned in_flight;       /* sent, not yet reported */
	uint64_t run_token;       /* token of acknowledgements that have not been passed on yet */
	unsigned run;             /* number of these acknowledgements; 0: none */
	struct err poison;        /* code other than ERR_NONE: every call returns this error */
	int exist_ms;             /* sink_wait_at_most; 0: not called */
	const struct topic *replaced; /* a topic found to be replaced; NULL: none */
	struct topic *moved; /* topics with an offset that sink_take_ends has not passed on */
	int64_t down_since;  /* wall ms since when no broker responds; 0: up */
};

struct sink *sink_kafka_new(const struct sink_config *config, const char *client_id,
			    size_t queue_bytes, const struct lease *lease, struct err *err);
struct sink *sink_lines_new(const struct sink_config *config, struct err *err);
struct sink *sink_discard_new(void);

/* stub_topics.c: topics of sinks without a cluster: they are as requested. */
int sink_local_topic(struct sink *sink, struct topic *topic, const struct topic_spec *spec,
		     const _Atomic bool *stop, struct err *err) MUST_CHECK;
int sink_local_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		     int *partitions, struct err *err) MUST_CHECK;
void sink_local_forget(struct topic *topic);
/* Wait, for a poll with nothing in flight: its callers must not spin. */
void sink_local_wait(int timeout_ms);

/* Count one message as delivered. sink_tell passes the counts on in runs of one token. */
void sink_count_acked(struct sink *sink, uint64_t token);
void sink_tell(struct sink *sink);
/* Record that the partition ends at or after this offset. */
void sink_note_end(struct sink *sink, struct topic *topic, struct partition *partition,
		   int64_t end);
/* Poison the sink. Only the first error counts; later ones are ignored. */
void sink_set_poison(struct sink *sink, const struct err *err);
bool sink_stopping(const struct sink *sink);

#endif
