/* handle: one librdkafka client with our settings, its log and its connection errors. What
 * brokers do goes to our log once: "no broker can be reached" and "reachable again".
 * Thread: one; librdkafka's callbacks run only inside kafka_poll. Owner: kafka_close. Only
 * src/sink includes it. */
#ifndef TIDEWAY_HANDLE_H
#define TIDEWAY_HANDLE_H

#include "base/err.h"
#include "model/config.h"
#include "sink/outage.h"
#include "sink/properties.h"

#include <librdkafka/rdkafka.h>

#include <stdint.h>

typedef void kafka_report_fn(void *arg, const rd_kafka_message_t *message);

struct kafka_options {
	rd_kafka_type_t type;
	enum property_use use;           /* which of the user's settings count */
	const char *client_id;           /* NULL: "tideway" */
	const struct property *defaults; /* before the user's settings; name NULL ends */
	const struct property *forced;   /* after them; name NULL ends */
	kafka_report_fn *report;         /* delivery reports; may be NULL */
	void *arg;                       /* of report */
	bool makes_topics;               /* a topic that is asked for may be made by that */
};

struct kafka {
	rd_kafka_t *rk;
	const struct sink_config *config; /* of kafka_open; borrowed */
	char label[160];                  /* "Kafka 10.0.0.1:9092", for texts */
	char last_error[400];             /* newest connection error, "" for none */
	int64_t down_since; /* wall ms since when no broker answers; 0: up as far as known */
	bool announced;     /* the log has said so */
	int64_t wait_ms;    /* monotonic time since when kafka_wait is called again and again ... */
	int64_t waited_ms;  /* ... and of the last call */
	bool told;          /* the log has said what it waits for */
	const char *topic;  /* whose partitions are of interest then; NULL: none. Borrowed */
	bool hurried;       /* who waits gives up after some seconds */
	bool identified;    /* it is known which cluster this is ... */
	bool mock;          /* ... and whether it is the mock */
	struct err refused; /* authentication or TLS failed: waiting will not help */
	struct err fatal;   /* the producer cannot go on */
	kafka_report_fn *report;
	void *arg;
	char log_fac[32]; /* facility of the last line written to our log ... */
	int64_t log_ms;   /* ... and when (monotonic) */
};

/* Fills *kafka; on failure nothing is left to close. Connects later, by itself. The configuration must outlive it. */
int kafka_open(struct kafka *kafka, const struct sink_config *config,
	       const struct kafka_options *options, struct err *err) MUST_CHECK;
void kafka_close(struct kafka *kafka);
/* Serves callbacks, waiting at most timeout_ms for the first; how many. */
int kafka_poll(struct kafka *kafka, int timeout_ms);
/* A broker has answered. */
void kafka_up(struct kafka *kafka);
/* Something waits for a broker: says so in the log, once, when none has answered for a second, and does not when it is asked. */
void kafka_waiting(struct kafka *kafka);
/* Which brokers are up, which are missing, and what the topics lack, appended to the text; see outage_describe. By a connection of
 * its own: a broker answers one request of a connection after the other, and may hold a produce request for half a minute. */
enum cluster kafka_describe_outage(const struct kafka *kafka, const struct outage_topic *topics,
				   unsigned n, struct buf *text);
/* Whether the same request may succeed later by waiting alone. */
bool kafka_transient(rd_kafka_resp_err_t code);
/* One turn of waiting for a broker after `code`: serves callbacks for up to wait_ms and returns
 * 0, or -1 when waiting is over: refused, or *stop. After some turns the log says which brokers are up and which are not. */
int kafka_wait(struct kafka *kafka, const char *what, rd_kafka_resp_err_t code, int wait_ms,
	       const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* librdkafka's in-process mock cluster: it knows no CreateTopics and no DescribeConfigs, and
 * waiting for an answer to them would last for ever. Call it only when a broker has answered, or `identified` was
 * taken over from another client. */
bool kafka_is_mock(struct kafka *kafka);

#endif
