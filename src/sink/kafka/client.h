/* client: one librdkafka client with our settings, its log and its connection errors. It logs "no
 * broker can be reached" and "reachable again" once for each outage of a cluster.
 * Thread: one; librdkafka's callbacks run only inside kafka_poll. Owner: kafka_close. Only
 * src/sink includes it. */
#ifndef TIDEWAY_CLIENT_H
#define TIDEWAY_CLIENT_H

#include "base/err.h"
#include "model/config.h"
#include "sink/kafka/outage.h"
#include "sink/kafka/properties.h"

#include <librdkafka/rdkafka.h>

#include <stdint.h>

typedef void kafka_report_fn(void *arg, const rd_kafka_message_t *message);

struct kafka_options {
	rd_kafka_type_t type;
	enum property_use use;           /* which of the user's settings have an effect */
	const char *client_id;           /* NULL: "tideway" */
	const struct property *defaults; /* set before the user's settings; ends with name NULL */
	const struct property *forced;   /* set after the user's settings; ends with name NULL */
	kafka_report_fn *report;         /* called for delivery reports; may be NULL */
	void *arg;                       /* argument of report */
	bool makes_topics;               /* allow the broker to create a topic that is requested */
};

struct kafka_client {
	rd_kafka_t *rk;
	const struct sink_config *config; /* the argument of kafka_open; borrowed */
	char label[160];                  /* "Kafka 10.0.0.1:9092", for messages */
	char last_error[400];             /* the last connection error; "": none */
	int64_t down_since; /* wall ms since when no broker responds; 0: up, as far as we know */
	bool announced;     /* the outage is logged */
	int64_t wait_ms;    /* monotonic time of the first kafka_wait of the current wait */
	int64_t waited_ms;  /* monotonic time of the last kafka_wait */
	int64_t told_ms;    /* monotonic time of the last log line about that wait; 0: none */
	const char *topic;  /* topic to describe in that log line; NULL: none. Borrowed */
	bool hurried;       /* the current wait gives up after some seconds */
	bool identified;    /* whether `mock` is valid */
	bool mock;          /* whether the cluster is librdkafka's mock */
	struct err refused; /* authentication or TLS failed: further waiting is useless */
	struct err fatal;   /* the producer has failed for good */
	kafka_report_fn *report;
	void *arg;
	char log_fac[32]; /* facility of librdkafka's last line in our log */
	int64_t log_ms;   /* monotonic time of that line */
};

/* Make a client. It connects later, by itself. After a failure, nothing needs to be closed. config
 * must outlive the client. */
int kafka_open(struct kafka_client *kafka, const struct sink_config *config,
	       const struct kafka_options *options, struct err *err) MUST_CHECK;
void kafka_close(struct kafka_client *kafka);
/* Run callbacks. Wait at most timeout_ms for the first one. Return their number. */
int kafka_poll(struct kafka_client *kafka, int timeout_ms);
/* Record that a broker has responded. This ends an outage. */
void kafka_up(struct kafka_client *kafka);
/* Called while something waits for a broker: when all brokers have been down for a second, and a
 * query confirms it, log the outage once. */
void kafka_waiting(struct kafka_client *kafka);
/* Call outage_describe with a connection of its own. A broker handles the requests of a connection
 * one after another, and may hold a produce request for 30 s. */
enum cluster kafka_describe_outage(const struct kafka_client *kafka,
				   const struct outage_topic *topics, unsigned n, struct buf *text);
/* Return whether the same request may succeed later without a change. */
bool kafka_transient(rd_kafka_resp_err_t code);
/* Wait one turn for a broker after the error `code`: run callbacks for at most wait_ms. Return 0 to
 * try again; -1 when the connection is refused, the producer has failed, or *stop is true. After
 * 5 s of turns, and every 10 s from then on, log which brokers are up and which are missing, unless
 * the outage is logged. what: what the caller tries to do, for messages. */
int kafka_wait(struct kafka_client *kafka, const char *what, rd_kafka_resp_err_t code, int wait_ms,
	       const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Return whether the cluster is librdkafka's in-process mock. The mock never responds to
 * CreateTopics and DescribeConfigs requests. Call this only after a broker has responded, or with
 * `identified` and `mock` copied from another client. */
bool kafka_is_mock(struct kafka_client *kafka);

#endif
