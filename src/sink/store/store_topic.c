/* store_topic: a store in a compacted topic. Each put is one Kafka transaction. The
 * transactional.id fences an older process of the same name. transaction_start must precede the
 * first read: after it, the older process cannot write any more, and its open transaction is
 * aborted. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sink/kafka/partition_reader.h"
#include "sink/kafka/topics.h"
#include "sink/kafka/transaction.h"
#include "sink/store/store_priv.h"

#include <stdlib.h>

enum {
	STOP_GRACE_MS =
		5000,    /* during the last save of a sync that stops, ignore *stop for this time */
	LOOK_MS = 10000, /* store_look_topic: longest wait for a broker, and for the end */
};

struct topic_store {
	struct store store;
	struct kafka_client kafka; /* the transactional producer */
	struct transaction transaction;
	struct buf id, where, fenced; /* texts of the transaction */
	const _Atomic bool *stop;     /* true: stop waiting; may be NULL */
	char *topic, *sync;
	const struct sink_config *config;
	bool looks; /* store_look_topic: limit all waits */
};

static struct topic_store *of(struct store *store)
{
	return (struct topic_store *)store;
}

/* ---- writing ---- */

/* Send all records. After a failure, abort the transaction. */
static int send_all(struct topic_store *t, const struct store_record *records, unsigned n,
		    struct err *err)
{
	for (unsigned i = 0; i < n; i++) {
		if (transaction_send(&t->transaction, records[i].name, records[i].value, err) == 0)
			continue;
		transaction_give_up(&t->transaction, err);
		return -1;
	}
	return 0;
}

/* Try to save the records in one transaction. */
static enum transaction_outcome save(struct topic_store *t, const struct store_record *records,
				     unsigned n, struct err *err)
{
	enum transaction_outcome outcome = transaction_begin(&t->transaction, err);
	if (outcome != TRANSACTION_DONE)
		return outcome;
	if (send_all(t, records, n, err) != 0)
		return TRANSACTION_FAILED;
	return transaction_commit(&t->transaction, err);
}

static int topic_write(struct store *store, const struct store_record *records, unsigned n,
		       struct err *err)
{
	struct topic_store *t = of(store);
	enum transaction_outcome outcome;
	if (transaction_check(&t->transaction, err) != 0)
		return -1;
	/* a sync that stops saves its position once more, and this save may wait */
	t->transaction.patient_until_ms = clock_mono_ms() + STOP_GRACE_MS;
	do
		outcome = save(t, records, n, err);
	while (outcome == TRANSACTION_ABORTED && transaction_retry(&t->transaction, err) == 0);
	t->transaction.patient_until_ms = 0;
	if (outcome == TRANSACTION_DONE)
		return 0;
	transaction_judge(&t->transaction, err);
	return -1;
}

/* ---- reading ---- */

static bool take_record(void *arg, const struct message *message)
{
	struct topic_store *t = arg;
	const struct store_record record = {message->key, message->value};
	if (message->key.ptr && store_is_own(t->sync, message->key))
		store_apply(&t->store, &record);
	return true;
}

static int read_all(struct topic_store *t, struct err *err)
{
	const struct partition_reader reader = {
		.config = t->config,
		.topic = t->topic,
		.purpose = "read the checkpoint",
		.stop = t->stop,
		.limit_ms = t->looks ? LOOK_MS : 0,
		.error = E_CHECKPOINT_READ,
		.rights = "Read, Write and Describe",
		.take = take_record,
		.arg = t,
	};
	return partition_read(&reader, &t->kafka, err);
}

/* ---- the topic ---- */

static int check_topic(struct topic_store *t, const struct topic_facts *facts, struct err *err)
{
	if (facts->mock)
		return 0;
	if (facts->partitions != 1)
		return err_set(err, E_CHECKPOINT_TOPIC,
			       "%s: topic \"%s\" has %d partitions, and a checkpoint topic must "
			       "have 1. Name another one in checkpoint.topic, or delete it",
			       t->kafka.label, t->topic, facts->partitions);
	if (!facts->described) {
		log_warn("%s: the configuration of the checkpoint topic \"%s\" cannot be read "
			 "(grant DescribeConfigs); "
			 "it must have cleanup.policy=compact, or Kafka will delete the checkpoint "
			 "one day",
			 t->kafka.label, t->topic);
		return 0;
	}
	if (facts->compacted && !facts->deletes)
		return 0;
	return err_set(err, E_CHECKPOINT_TOPIC,
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
	return transaction_bind(&t->transaction, t->topic, err);
}

/* ---- lifecycle ---- */

static int open_producer(struct topic_store *t, struct err *err)
{
	struct transaction_setup setup;
	transaction_setup(&setup, buf_cstr(&t->id));
	const struct property forced[] = {
		setup.id,
		setup.timeout,
		setup.message_timeout,
		{"message.max.bytes", "1000000000"},
		{"linger.ms", "0"},
		{"compression.type", "lz4"},
		{NULL, NULL},
	};
	const struct kafka_options options = {RD_KAFKA_PRODUCER,
					      PROPERTY_ADMIN,
					      buf_cstr(&t->id),
					      NULL,
					      forced,
					      transaction_report,
					      &t->transaction,
					      false};
	int result = kafka_open(&t->kafka, t->config, &options, err);
	t->kafka.topic = t->topic;
	return result;
}

static void close_producer(struct topic_store *t)
{
	transaction_fini(&t->transaction);
	kafka_close(&t->kafka);
}

static void name_transaction(struct topic_store *t)
{
	buf_printf(&t->id, "tideway.%s", t->sync);
	buf_printf(&t->where, "checkpoint topic \"%s\"", t->topic);
	buf_printf(&t->fenced,
		   "another process runs the sync \"%s\" and has taken over its checkpoint (topic "
		   "\"%s\"); this one ends",
		   t->sync, t->topic);
}

static int open_all(struct topic_store *t, struct err *err)
{
	const struct transaction_names names = {buf_cstr(&t->id), "save the checkpoint",
						buf_cstr(&t->where), buf_cstr(&t->fenced)};
	transaction_init(&t->transaction, &t->kafka, &names, t->stop);
	if (open_producer(t, err) != 0 || prepare_topic(t, err) != 0 ||
	    transaction_start(&t->transaction, err) != 0)
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
	return same ? 0 : transaction_displaced(&t->transaction, err);
}

static int topic_ready(struct store *store, struct slice owner, struct err *err)
{
	struct topic_store *t = of(store);
	if (!t->transaction.lost)
		return 0;
	if (check_owner(t, owner, err) != 0)
		return -1;
	close_producer(t);
	if (open_all(t, err) != 0) {
		t->transaction.lost = true;
		return -1;
	}
	log_info("%s: the checkpoint (topic \"%s\") has a new producer", t->kafka.label, t->topic);
	return 0;
}

static void topic_free(struct store *store)
{
	struct topic_store *t = of(store);
	close_producer(t);
	buf_fini(&t->id);
	buf_fini(&t->where);
	buf_fini(&t->fenced);
	free(t->topic);
	free(t->sync);
	free(t);
}

static const struct store_ops topic_ops = {
	.fences = true, .write = topic_write, .ready = topic_ready, .free = topic_free};

static struct topic_store *new_store(const struct store_ops *ops, const struct sink_config *config,
				     const char *topic, const char *sync)
{
	struct topic_store *t = mem_array(1, sizeof(*t));
	t->store.ops = ops;
	t->config = config;
	t->topic = strdup(topic);
	t->sync = strdup(sync);
	return t;
}

struct store *store_open_topic(const struct sink_config *config, const char *topic,
			       const char *sync, const _Atomic bool *stop, struct err *err)
{
	struct topic_store *t = new_store(&topic_ops, config, topic, sync);
	t->stop = stop;
	name_transaction(t);
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
	struct topic_names names = {.metadata = NULL};
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
	struct topic_store *t = new_store(&look_ops, config, topic, sync);
	t->looks = true;
	if (kafka_open(&t->kafka, config, &options, err) == 0 && look_at_topic(t, err) == 1 &&
	    read_all(t, err) == 0)
		return &t->store;
	store_free(&t->store);
	return NULL;
}
