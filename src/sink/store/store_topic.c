/* store_topic: a store in a compacted topic. Each put is one Kafka transaction. The
 * transactional.id fences an older process of the same name. init_transactions must precede the
 * first read: after it, the older process cannot write any more, and its open transaction is
 * aborted. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test_hook.h"
#include "sink/store/store_priv.h"
#include "sink/kafka/topics.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TRY_MS = 5000, /* one try of a transactional call; the next try continues it */
	WAIT_MS = 100, /* between two tries */
	STOP_GRACE_MS =
		5000,  /* during the last save of a sync that stops, ignore *stop for so long */
	READ_MS = 500, /* one wait for records */
	READ_LOG_MS = 10000,     /* log that the end of the topic is not reached after this time */
	TRANSACTION_MS = 300000, /* after it, the coordinator aborts a transaction */
	LOOK_MS = 10000,         /* store_look_topic: longest wait for a broker, and for the end */
	PARTITION = 0,
};

struct topic_store {
	struct store store;
	struct kafka_client kafka; /* the transactional producer */
	rd_kafka_topic_t *rkt;     /* the checkpoint topic, its partition 0 */
	const _Atomic bool *stop;  /* true: stop waiting; may be NULL */
	char *topic, *sync;
	const struct sink_config *config;
	bool looks;       /* store_look_topic: limit all waits */
	bool given_up;    /* the producer is unusable; topic_ready opens another */
	int64_t put_ms;   /* monotonic time when the current put began; 0: no put runs */
	int64_t begun_ms; /* monotonic time when the last transaction began */
	rd_kafka_resp_err_t
		failed; /* error of the first failed delivery report of the transaction */
};

static struct topic_store *of(struct store *store)
{
	return (struct topic_store *)store;
}

/* ---- transactions ---- */

enum outcome { DONE, AGAIN, ABORT, FAILED };

static bool is_fenced(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
	       code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

static int64_t transaction_ms(void)
{
	return test_hook_number(HOOK_TRANSACTION_MS, TRANSACTION_MS);
}

/* Return the flag that ends waiting; NULL at the beginning of a put: a sync that stops saves its
 * position once more, and this save may wait. */
static const _Atomic bool *stop_of(const struct topic_store *t)
{
	bool early = t->put_ms != 0 && clock_mono_ms() - t->put_ms < STOP_GRACE_MS;
	return early ? NULL : t->stop;
}

static int displaced(struct topic_store *t, struct err *err)
{
	return err_set(err, ERR_DISPLACED,
		       "%s: another process runs the sync \"%s\" and has taken over its checkpoint "
		       "(topic \"%s\"); this one "
		       "ends",
		       t->kafka.label, t->sync, t->topic);
}

static const char *refusal_remedy(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return ": grant Write and Describe on the transactional id";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return ": grant Read, Write and Describe on the topic";
	case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
		return ": the broker is too old for transactions; use checkpoint = { file = ... }";
	default:
		return "";
	}
}

static int refused(struct topic_store *t, const char *what, rd_kafka_resp_err_t code,
		   const char *text, struct err *err)
{
	return err_set(
		err, ERR_KAFKA,
		"%s: cannot %s (checkpoint topic \"%s\", transactional id \"tideway.%s\"): %s%s",
		t->kafka.label, what, t->topic, t->sync, text, refusal_remedy(code));
}

/* Classify and free the result of a transactional call. AGAIN: repeat the call, after waiting here;
 * ABORT: abort the transaction; FAILED: *err is set. */
static enum outcome judge(struct topic_store *t, const char *what, rd_kafka_error_t *error,
			  struct err *err)
{
	enum outcome outcome = FAILED;
	if (error == NULL)
		return DONE;
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	if (is_fenced(code))
		displaced(t, err);
	else if (rd_kafka_error_txn_requires_abort(error))
		outcome = ABORT;
	else if (!rd_kafka_error_is_fatal(error) &&
		 (rd_kafka_error_is_retriable(error) || kafka_transient(code)))
		outcome = AGAIN;
	else
		refused(t, what, code, rd_kafka_error_string(error), err);
	if (outcome == AGAIN && kafka_wait(&t->kafka, what, code, WAIT_MS, stop_of(t), err) != 0)
		outcome = FAILED;
	if (outcome == ABORT)
		log_debug("%s: %s: %s", t->kafka.label, what, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return outcome;
}

/* Initialise the producer. Retry while the coordinator loads its log, which takes seconds on a new
 * broker. */
static int init_transactions(struct topic_store *t, struct err *err)
{
	enum outcome outcome;
	do
		outcome = judge(t, "start a transactional producer",
				rd_kafka_init_transactions(t->kafka.rk, TRY_MS), err);
	while (outcome == AGAIN);
	if (outcome == ABORT)
		return refused(t, "start a transactional producer", RD_KAFKA_RESP_ERR__STATE,
			       "in a wrong state", err);
	return outcome == DONE ? 0 : -1;
}

static void on_report(void *arg, const rd_kafka_message_t *message)
{
	struct topic_store *t = arg;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && t->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
		t->failed = message->err;
}

static int produce_one(struct topic_store *t, const struct store_record *record, struct err *err)
{
	for (;;) {
		if (rd_kafka_produce(t->rkt, PARTITION, RD_KAFKA_MSG_F_COPY,
				     (void *)(uintptr_t)record->value.ptr, record->value.len,
				     record->name.ptr, record->name.len, NULL) == 0)
			return 0;
		rd_kafka_resp_err_t code = rd_kafka_last_error();
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return refused(t, "save the checkpoint", code, rd_kafka_err2str(code), err);
		if (kafka_wait(&t->kafka, "save the checkpoint", code, WAIT_MS, stop_of(t), err) !=
		    0)
			return -1;
	}
}

/* Queue all records. When the transaction fails meanwhile, the commit reports it. */
static int produce_all(struct topic_store *t, const struct store_record *records, unsigned n,
		       struct err *err)
{
	for (unsigned i = 0; i < n; i++)
		if (produce_one(t, &records[i], err) != 0)
			return -1;
	return 0;
}

static enum outcome abort_transaction(struct topic_store *t, struct err *err)
{
	enum outcome outcome;
	do
		outcome = judge(t, "abort a checkpoint",
				rd_kafka_abort_transaction(t->kafka.rk, TRY_MS), err);
	while (outcome == AGAIN);
	if (outcome == ABORT) {
		refused(t, "abort a checkpoint", RD_KAFKA_RESP_ERR__STATE, "in a wrong state", err);
		return FAILED;
	}
	return outcome == DONE ? ABORT : outcome;
}

/* Try to save the records in one transaction. ABORT: nothing is saved, the transaction is aborted,
 * and another may begin. */
static enum outcome save(struct topic_store *t, const struct store_record *records, unsigned n,
			 struct err *err)
{
	t->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
	t->begun_ms = clock_mono_ms();
	enum outcome outcome =
		judge(t, "begin a checkpoint", rd_kafka_begin_transaction(t->kafka.rk), err);
	if (outcome != DONE)
		return outcome;
	if (produce_all(t, records, n, err) != 0) {
		struct err second = ERR_INIT;
		kafka_poll(&t->kafka, 0);
		if (t->kafka.fatal.code != ERR_NONE)
			*err = t->kafka.fatal;
		else if (abort_transaction(t, &second) == FAILED && second.code == ERR_DISPLACED)
			*err = second;
		return FAILED;
	}
	do
		outcome = judge(t, "save the checkpoint",
				rd_kafka_commit_transaction(t->kafka.rk, TRY_MS), err);
	while (outcome == AGAIN);
	return outcome == ABORT ? abort_transaction(t, err) : outcome;
}

/* Return whether a second try would fail too. */
static bool hopeless(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
	       code == RD_KAFKA_RESP_ERR_INVALID_RECORD || code == RD_KAFKA_RESP_ERR_INVALID_MSG ||
	       code == RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
}

/* Return whether our own abort has removed the record. */
static bool is_purged(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

static int put(struct topic_store *t, const struct store_record *records, unsigned n,
	       struct err *err)
{
	for (;;) {
		enum outcome outcome = save(t, records, n, err);
		if (outcome == DONE) {
			if (t->kafka.down_since != 0)
				kafka_up(&t->kafka);
			return 0;
		}
		if (outcome == FAILED)
			return -1;
		if (hopeless(t->failed))
			return refused(t, "save the checkpoint", t->failed,
				       rd_kafka_err2str(t->failed), err);
		if (t->failed != RD_KAFKA_RESP_ERR_NO_ERROR && !is_purged(t->failed))
			log_warn(
				"%s: the checkpoint is not taken (topic \"%s\"): %s. Is the leader "
				"of its partition away, or are too few replicas in sync? Trying "
				"again; rows go on, and nothing is lost",
				t->kafka.label, t->topic, rd_kafka_err2str(t->failed));
		if (kafka_wait(&t->kafka, "save the checkpoint", RD_KAFKA_RESP_ERR__TIMED_OUT,
			       WAIT_MS, stop_of(t), err) != 0)
			return -1;
	}
}

/* Set the error for a transaction that has lasted too long. The coordinator fences its producer as
 * if another process had taken over. */
static int gave_up(struct topic_store *t, struct err *err)
{
	return err_retry(
		err, ERR_KAFKA,
		"%s: the transaction that saves the checkpoint (topic \"%s\") was given up: it "
		"could not be ended in time",
		t->kafka.label, t->topic);
}

static int topic_write(struct store *store, const struct store_record *records, unsigned n,
		       struct err *err)
{
	struct topic_store *t = of(store);
	if (t->given_up)
		return gave_up(t, err);
	t->put_ms = clock_mono_ms();
	int result = put(t, records, n, err);
	t->put_ms = 0;
	if (result < 0 && err->code == ERR_DISPLACED &&
	    clock_mono_ms() - t->begun_ms >= transaction_ms()) {
		t->given_up = true;
		return gave_up(t, err);
	}
	if (result < 0 && err->retriable && t->kafka.fatal.code != ERR_NONE)
		t->given_up = true;
	return result;
}

/* ---- reading ---- */

struct reading {
	struct kafka_client kafka;
	rd_kafka_topic_t *rkt;
	int64_t end; /* end of the partition at the start of reading, which must be reached */
	uint64_t records;
};

/* Get the end offset of the partition, with the producer. A read_committed consumer would get the
 * last stable offset, which is before the records of open transactions. */
static int find_end(struct topic_store *t, int64_t *end, struct err *err)
{
	int64_t low;
	for (;;) {
		rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
			t->kafka.rk, t->topic, PARTITION, &low, end, TRY_MS);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return 0;
		if (!kafka_transient(code))
			return refused(t, "ask for the end", code, rd_kafka_err2str(code), err);
		if (kafka_wait(&t->kafka, "ask for the end of the checkpoint topic", code, WAIT_MS,
			       t->stop, err) != 0)
			return -1;
	}
}

static void take_record(struct topic_store *t, const rd_kafka_message_t *message)
{
	struct store_record record = {slice_of(message->key, message->key_len),
				      slice_of(message->payload, message->len)};
	if (message->key != NULL && store_is_own(t->sync, record.name))
		store_apply(&t->store, &record);
}

/* Process a message. Return 1 when the end is reached; 0 to continue; -1. */
static int take(struct topic_store *t, struct reading *reading, const rd_kafka_message_t *message,
		struct err *err)
{
	if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return message->offset >= reading->end;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		take_record(t, message);
		reading->records++;
		return message->offset + 1 >= reading->end;
	}
	if (kafka_transient(message->err))
		return 0;
	return refused(t, "read the checkpoint", message->err, rd_kafka_message_errstr(message),
		       err);
}

static int read_to_end(struct topic_store *t, struct reading *reading, struct err *err)
{
	int64_t start = clock_mono_ms();
	bool said = false;
	int result = 0;
	while (result == 0) {
		if (t->looks && clock_mono_ms() - start > LOOK_MS)
			return err_retry(err, ERR_KAFKA,
					 "%s: checkpoint topic \"%s\" could not be read up to "
					 "offset %lld in %d s: a process that was killed while it "
					 "saved has left a transaction open, which the next run "
					 "ends",
					 t->kafka.label, t->topic, (long long)reading->end,
					 LOOK_MS / 1000);
		rd_kafka_message_t *message = rd_kafka_consume(reading->rkt, PARTITION, READ_MS);
		if (message != NULL) {
			result = take(t, reading, message, err);
			rd_kafka_message_destroy(message);
		}
		if (result == 0 && message == NULL &&
		    kafka_wait(&reading->kafka, "read the checkpoint", RD_KAFKA_RESP_ERR__TIMED_OUT,
			       0, t->stop, err) != 0)
			result = -1;
		if (!said && clock_mono_ms() - start > READ_LOG_MS) {
			said = true;
			log_info("%s: still reading the checkpoint topic \"%s\" up to offset %lld "
				 "(another producer's "
				 "transaction may be open in it)",
				 t->kafka.label, t->topic, (long long)reading->end);
		}
	}
	return result < 0 ? -1 : 0;
}

static int open_reader(struct topic_store *t, struct reading *reading, struct err *err)
{
	static const struct property forced[] = {
		{"isolation.level", "read_committed"},
		{"enable.partition.eof", "true"},
		{"auto.offset.reset", "error"},
		{"enable.auto.commit", "false"},
		{"check.crcs", "true"},
		{NULL, NULL},
	};
	const struct kafka_options options = {
		RD_KAFKA_CONSUMER, PROPERTY_ADMIN, t->topic, NULL, forced, NULL, NULL, false};
	if (kafka_open(&reading->kafka, t->config, &options, err) != 0)
		return -1;
	reading->rkt = rd_kafka_topic_new(reading->kafka.rk, t->topic, NULL);
	if (reading->rkt != NULL &&
	    rd_kafka_consume_start(reading->rkt, PARTITION, RD_KAFKA_OFFSET_BEGINNING) == 0)
		return 0;
	return refused(t, "read the checkpoint", rd_kafka_last_error(),
		       rd_kafka_err2str(rd_kafka_last_error()), err);
}

static void close_reader(struct reading *reading)
{
	if (reading->rkt != NULL) {
		(void)rd_kafka_consume_stop(reading->rkt, PARTITION);
		rd_kafka_topic_destroy(reading->rkt);
	}
	kafka_close(&reading->kafka);
}

static int read_all(struct topic_store *t, struct err *err)
{
	struct reading reading = {.rkt = NULL};
	if (find_end(t, &reading.end, err) != 0)
		return -1;
	if (reading.end == 0)
		return 0;
	int result = open_reader(t, &reading, err);
	if (result == 0)
		result = read_to_end(t, &reading, err);
	close_reader(&reading);
	if (result == 0)
		log_debug("%s: checkpoint topic \"%s\": %llu records up to offset %lld",
			  t->kafka.label, t->topic, (unsigned long long)reading.records,
			  (long long)reading.end);
	return result;
}

/* ---- the topic ---- */

static int check_topic(struct topic_store *t, const struct topic_facts *facts, struct err *err)
{
	if (facts->mock)
		return 0;
	if (facts->partitions != 1)
		return err_set(err, ERR_KAFKA,
			       "%s: topic \"%s\" has %d partitions, a checkpoint topic has 1: name "
			       "another one in "
			       "checkpoint.topic, or delete it",
			       t->kafka.label, t->topic, facts->partitions);
	if (!facts->described) {
		log_warn("%s: the configuration of the checkpoint topic \"%s\" cannot be read "
			 "(grant DescribeConfigs); "
			 "it must have cleanup.policy=compact, or the checkpoint is deleted some "
			 "day",
			 t->kafka.label, t->topic);
		return 0;
	}
	if (facts->compacted && !facts->deletes)
		return 0;
	return err_set(err, ERR_KAFKA,
		       "%s: topic \"%s\" would lose the checkpoint: its cleanup.policy must be "
		       "compact. Set it: "
		       "kafka-configs.sh --alter --entity-type topics --entity-name %s "
		       "--add-config cleanup.policy=compact",
		       t->kafka.label, t->topic, t->topic);
}

static int prepare_topic(struct topic_store *t, struct err *err)
{
	static const struct property config[] = {
		{"cleanup.policy", "compact"},
		{"segment.bytes", "16777216"},
		{"segment.ms", "3600000"},
		{"min.cleanable.dirty.ratio", "0.01"},
	};
	const struct topic_spec spec = {.create = true,
					.partitions = 1,
					.replication = -1,
					.config = config,
					.nconfig = sizeof(config) / sizeof(config[0])};
	struct topic_facts facts;
	if (topics_ensure(&t->kafka, NULL, t->topic, &spec, t->stop, &facts, err) != 0 ||
	    check_topic(t, &facts, err) != 0)
		return -1;
	t->rkt = rd_kafka_topic_new(t->kafka.rk, t->topic, NULL);
	if (t->rkt == NULL)
		return refused(t, "use the checkpoint topic", rd_kafka_last_error(),
			       rd_kafka_err2str(rd_kafka_last_error()), err);
	return 0;
}

/* ---- lifecycle ---- */

static int open_producer(struct topic_store *t, struct err *err)
{
	char transaction[24], message[24];
	struct buf id;
	buf_init(&id);
	buf_printf(&id, "tideway.%s", t->sync);
	snprintf(transaction, sizeof(transaction), "%lld", (long long)transaction_ms());
	snprintf(message, sizeof(message), "%lld", (long long)transaction_ms() / 2);
	/* message.timeout.ms ends a transaction whose record cannot be written before the
	 * coordinator does, which would fence the producer */
	const struct property forced[] = {
		{"transactional.id", buf_cstr(&id)},
		{"transaction.timeout.ms", transaction},
		{"message.timeout.ms", message},
		{"message.max.bytes", "1000000000"},
		{"linger.ms", "0"},
		{"compression.type", "lz4"},
		{NULL, NULL},
	};
	const struct kafka_options options = {RD_KAFKA_PRODUCER,
					      PROPERTY_ADMIN,
					      buf_cstr(&id),
					      NULL,
					      forced,
					      on_report,
					      t,
					      false};
	int result = kafka_open(&t->kafka, t->config, &options, err);
	t->kafka.topic = t->topic;
	buf_fini(&id);
	return result;
}

static void close_producer(struct topic_store *t)
{
	if (t->rkt != NULL)
		rd_kafka_topic_destroy(t->rkt);
	t->rkt = NULL;
	kafka_close(&t->kafka);
}

static int open_all(struct topic_store *t, struct err *err)
{
	if (open_producer(t, err) != 0 || prepare_topic(t, err) != 0 ||
	    init_transactions(t, err) != 0)
		return -1;
	return read_all(t, err);
}

/* Fail when another process has taken over the topic. Opening a producer would fence that process,
 * so read the topic first. A process that has not written its owner record yet has sent nothing,
 * and notices when it writes the record that it is fenced. */
static int check_owner(struct topic_store *t, struct slice owner, struct err *err)
{
	struct store *there = store_look_topic(t->config, t->topic, t->sync, err);
	bool same;
	if (there == NULL)
		return err->code == ERR_NONE ? 0 : -1;
	same = slice_equal(store_get(&t->store, owner), store_get(there, owner));
	store_free(there);
	return same ? 0 : displaced(t, err);
}

static int topic_ready(struct store *store, struct slice owner, struct err *err)
{
	struct topic_store *t = of(store);
	if (!t->given_up)
		return 0;
	if (check_owner(t, owner, err) != 0)
		return -1;
	close_producer(t);
	if (open_all(t, err) != 0)
		return -1;
	t->given_up = false;
	log_info("%s: the checkpoint (topic \"%s\") has a new producer", t->kafka.label, t->topic);
	return 0;
}

static void topic_free(struct store *store)
{
	struct topic_store *t = of(store);
	close_producer(t);
	free(t->topic);
	free(t->sync);
	free(t);
}

static const struct store_ops topic_ops = {
	.fences = true, .write = topic_write, .ready = topic_ready, .free = topic_free};

struct store *store_open_topic(const struct sink_config *config, const char *topic,
			       const char *sync, const _Atomic bool *stop, struct err *err)
{
	struct topic_store *t = mem_array(1, sizeof(*t));
	t->store.ops = &topic_ops;
	t->config = config;
	t->stop = stop;
	t->topic = strdup(topic);
	t->sync = strdup(sync);
	if (open_all(t, err) == 0)
		return &t->store;
	store_free(&t->store);
	return NULL;
}

/* ---- the read-only store ---- */

static const struct store_ops look_ops = {.write = store_only_looks, .free = topic_free};

/* Check the topic. Return 1 when it exists and can store a checkpoint; 0 when it does not exist;
 * -1. */
static int look_at_topic(struct topic_store *t, struct err *err)
{
	struct topic_names names = {NULL, 0};
	struct topic_facts facts = {0};
	int result = topics_list(&t->kafka, &names, LOOK_MS, NULL, err);
	if (result == 0)
		facts.partitions = topics_partitions(&names, slice_str(t->topic));
	topics_forget(&names);
	if (result != 0 || facts.partitions == 0)
		return result;
	facts.mock = kafka_is_mock(&t->kafka);
	if (!facts.mock)
		result = topics_describe(&t->kafka, t->topic, NULL, &facts, err);
	return result == 0 && check_topic(t, &facts, err) == 0 ? 1 : -1;
}

struct store *store_look_topic(const struct sink_config *config, const char *topic,
			       const char *sync, struct err *err)
{
	const struct kafka_options options = {
		RD_KAFKA_PRODUCER, PROPERTY_ADMIN, "tideway-check", NULL, NULL, NULL, NULL, false};
	struct topic_store *t = mem_array(1, sizeof(*t));
	t->store.ops = &look_ops;
	t->config = config;
	t->looks = true;
	t->topic = strdup(topic);
	t->sync = strdup(sync);
	if (kafka_open(&t->kafka, config, &options, err) == 0 && look_at_topic(t, err) == 1 &&
	    read_all(t, err) == 0)
		return &t->store;
	store_free(&t->store);
	return NULL;
}
