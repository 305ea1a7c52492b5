/* transaction: transactions of a Kafka producer. What the producer sends between begin and commit
 * becomes visible to read_committed consumers together, or never. Any producer that was opened with
 * a transaction_setup can have them: the checkpoint's does, and a lane's own can (decisions/0023).
 * transaction_start fences an older producer of the same transactional.id: its next call fails with
 * ERR_DISPLACED. The coordinator fences a producer in the same way when its transaction lasts too
 * long. That failure is ERR_KAFKA, retriable, and `lost` is set: the owner must open another
 * producer.
 * Thread: that of the client. Owner: transaction_fini, before the client is closed. Only src/sink
 * includes it. */
#ifndef TIDEWAY_TRANSACTION_H
#define TIDEWAY_TRANSACTION_H

#include "sink/kafka/client.h"

/* How errors and log lines name the transactions of a producer. All texts are borrowed. */
struct transaction_names {
	const char *id;      /* transactional.id */
	const char *purpose; /* what a transaction does: "save the checkpoint" */
	const char *where;   /* "checkpoint topic \"x\"" */
	const char *fenced;  /* what has happened when another process has taken over */
};

struct transaction {
	struct kafka_client *kafka; /* the producer; borrowed */
	struct transaction_names names;
	const _Atomic bool *stop;   /* true: stop waiting for a broker; may be NULL */
	int64_t patient_until_ms;   /* until this monotonic time, ignore *stop */
	int64_t begun_ms;           /* monotonic time when the last transaction began */
	rd_kafka_resp_err_t failed; /* error of its first failed delivery report */
	bool lost;                  /* the producer is unusable: see above */
	rd_kafka_topic_t *rkt;      /* topic of transaction_send; NULL: not bound yet */
};

enum transaction_outcome {
	TRANSACTION_DONE,
	TRANSACTION_ABORTED, /* nothing was written; another transaction may begin */
	TRANSACTION_FAILED,  /* *err is set */
};

/* The properties that a producer with transactions must have. */
struct transaction_setup {
	struct property id, timeout, message_timeout;
	char timeout_ms[24], message_timeout_ms[24];
};

/* setup must stay where it is until the producer is open. */
void transaction_setup(struct transaction_setup *setup, const char *id);
/* The producer `kafka` calls transaction_report, with the transaction, for its delivery reports. */
void transaction_init(struct transaction *transaction, struct kafka_client *kafka,
		      const struct transaction_names *names, const _Atomic bool *stop);
void transaction_fini(struct transaction *transaction);
void transaction_report(void *transaction, const rd_kafka_message_t *message);
/* Bind transaction_send to a topic, which exists. */
int transaction_bind(struct transaction *transaction, const char *topic,
		     struct err *err) MUST_CHECK;
/* Fence older producers of the same transactional.id, and abort their open transaction. Wait while
 * the coordinator loads its log, which takes seconds on a new broker. */
int transaction_start(struct transaction *transaction, struct err *err) MUST_CHECK;

enum transaction_outcome transaction_begin(struct transaction *transaction,
					   struct err *err) MUST_CHECK;
/* Queue a record for partition 0 of the bound topic. value.ptr NULL: a tombstone. When the
 * transaction fails meanwhile, the commit reports it. */
int transaction_send(struct transaction *transaction, struct slice key, struct slice value,
		     struct err *err) MUST_CHECK;
/* Wait until everything that was sent is durable, and commit. When that is impossible, abort. */
enum transaction_outcome transaction_commit(struct transaction *transaction,
					    struct err *err) MUST_CHECK;
/* Abort after a failed transaction_send, whose error is *err. Replace *err by a more fundamental
 * one: the producer's failure, or the fence. */
void transaction_give_up(struct transaction *transaction, struct err *err);
/* After TRANSACTION_ABORTED: wait one turn for a broker, after a log line when a broker has refused
 * a record. Return 0 to try again; -1 when a second try would fail too, or to stop. */
int transaction_retry(struct transaction *transaction, struct err *err) MUST_CHECK;
/* Take the error of a failed transaction: decide whether the producer is lost, and replace *err
 * where a fence was only a timeout. */
void transaction_judge(struct transaction *transaction, struct err *err);
/* Fail when the producer is lost. */
int transaction_check(const struct transaction *transaction, struct err *err) MUST_CHECK;
/* Set the error of an operation that the brokers have refused. */
int transaction_refused(const struct transaction *transaction, const char *what,
			rd_kafka_resp_err_t code, const char *text, struct err *err);
/* Set the error of a producer that was fenced. */
int transaction_displaced(const struct transaction *transaction, struct err *err);

#endif
