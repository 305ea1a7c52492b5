#include "sink/kafka/transaction.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/test_hook.h"

#include <stdio.h>

enum {
	TRY_MS = 5000,           /* one try of a transactional call; the next try continues it */
	WAIT_MS = 100,           /* between two tries */
	TRANSACTION_MS = 300000, /* after it, the coordinator aborts a transaction */
	PARTITION = 0,
};

enum outcome { DONE, AGAIN, ABORT, FAILED };

/* ---- the producer ---- */

static int64_t transaction_ms(void)
{
	return test_hook_number(HOOK_TRANSACTION_MS, TRANSACTION_MS);
}

/* message.timeout.ms ends a transaction whose record cannot be written before the coordinator
 * does, which would fence the producer. */
void transaction_setup(struct transaction_setup *setup, const char *id)
{
	snprintf(setup->timeout_ms, sizeof(setup->timeout_ms), "%lld", (long long)transaction_ms());
	snprintf(setup->message_timeout_ms, sizeof(setup->message_timeout_ms), "%lld",
		 (long long)transaction_ms() / 2);
	setup->id = (struct property){"transactional.id", id};
	setup->timeout = (struct property){"transaction.timeout.ms", setup->timeout_ms};
	setup->message_timeout = (struct property){"message.timeout.ms", setup->message_timeout_ms};
}

void transaction_init(struct transaction *transaction, struct kafka_client *kafka,
		      const struct transaction_names *names, const _Atomic bool *stop)
{
	*transaction = (struct transaction){.kafka = kafka, .names = *names, .stop = stop};
}

void transaction_fini(struct transaction *transaction)
{
	if (transaction->rkt != NULL)
		rd_kafka_topic_destroy(transaction->rkt);
	transaction->rkt = NULL;
}

void transaction_report(void *arg, const rd_kafka_message_t *message)
{
	struct transaction *transaction = arg;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    transaction->failed == RD_KAFKA_RESP_ERR_NO_ERROR)
		transaction->failed = message->err;
}

int transaction_bind(struct transaction *transaction, const char *topic, struct err *err)
{
	transaction->rkt = rd_kafka_topic_new(transaction->kafka->rk, topic, NULL);
	if (transaction->rkt != NULL)
		return 0;
	return transaction_refused(transaction, "use the topic", rd_kafka_last_error(),
				   rd_kafka_err2str(rd_kafka_last_error()), err);
}

/* ---- errors ---- */

static bool is_fenced(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
	       code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

int transaction_displaced(const struct transaction *transaction, struct err *err)
{
	return err_set(err, E_DISPLACED, "%s: %s", transaction->kafka->label,
		       transaction->names.fenced);
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

int transaction_refused(const struct transaction *transaction, const char *what,
			rd_kafka_resp_err_t code, const char *text, struct err *err)
{
	return err_set(err, E_CHECKPOINT_SAVE, "%s: cannot %s (%s, transactional id \"%s\"): %s%s",
		       transaction->kafka->label, what, transaction->names.where,
		       transaction->names.id, text, refusal_remedy(code));
}

/* Return the flag that ends waiting; NULL while the owner is patient. */
static const _Atomic bool *stop_of(const struct transaction *transaction)
{
	bool patient = clock_mono_ms() < transaction->patient_until_ms;
	return patient ? NULL : transaction->stop;
}

/* Classify and free the result of a transactional call. AGAIN: repeat the call, after waiting here;
 * ABORT: abort the transaction; FAILED: *err is set. */
static enum outcome judge(struct transaction *t, const char *what, rd_kafka_error_t *error,
			  struct err *err)
{
	enum outcome outcome = FAILED;
	if (error == NULL)
		return DONE;
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);
	if (is_fenced(code))
		transaction_displaced(t, err);
	else if (rd_kafka_error_txn_requires_abort(error))
		outcome = ABORT;
	else if (!rd_kafka_error_is_fatal(error) &&
		 (rd_kafka_error_is_retriable(error) || kafka_transient(code)))
		outcome = AGAIN;
	else
		transaction_refused(t, what, code, rd_kafka_error_string(error), err);
	if (outcome == AGAIN && kafka_wait(t->kafka, what, code, WAIT_MS, stop_of(t), err) != 0)
		outcome = FAILED;
	if (outcome == ABORT)
		log_debug("%s: %s: %s", t->kafka->label, what, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return outcome;
}

/* ---- one transaction ---- */

int transaction_start(struct transaction *transaction, struct err *err)
{
	static const char what[] = "start a transactional producer";
	enum outcome outcome;
	do
		outcome = judge(transaction, what,
				rd_kafka_init_transactions(transaction->kafka->rk, TRY_MS), err);
	while (outcome == AGAIN);
	if (outcome == ABORT)
		return transaction_refused(transaction, what, RD_KAFKA_RESP_ERR__STATE,
					   "in a wrong state", err);
	return outcome == DONE ? 0 : -1;
}

static enum transaction_outcome abort_transaction(struct transaction *t, struct err *err)
{
	static const char what[] = "abort a transaction";
	enum outcome outcome;
	do
		outcome = judge(t, what, rd_kafka_abort_transaction(t->kafka->rk, TRY_MS), err);
	while (outcome == AGAIN);
	if (outcome == ABORT)
		transaction_refused(t, what, RD_KAFKA_RESP_ERR__STATE, "in a wrong state", err);
	return outcome == DONE ? TRANSACTION_ABORTED : TRANSACTION_FAILED;
}

enum transaction_outcome transaction_begin(struct transaction *transaction, struct err *err)
{
	enum outcome outcome;
	transaction->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
	transaction->begun_ms = clock_mono_ms();
	outcome = judge(transaction, "begin a transaction",
			rd_kafka_begin_transaction(transaction->kafka->rk), err);
	if (outcome == DONE)
		return TRANSACTION_DONE;
	return outcome == FAILED ? TRANSACTION_FAILED : TRANSACTION_ABORTED;
}

int transaction_send(struct transaction *transaction, struct slice key, struct slice value,
		     struct err *err)
{
	const char *purpose = transaction->names.purpose;
	for (;;) {
		if (rd_kafka_produce(transaction->rkt, PARTITION, RD_KAFKA_MSG_F_COPY,
				     (void *)(uintptr_t)value.ptr, value.len, key.ptr, key.len,
				     NULL) == 0)
			return 0;
		rd_kafka_resp_err_t code = rd_kafka_last_error();
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			return transaction_refused(transaction, purpose, code,
						   rd_kafka_err2str(code), err);
		if (kafka_wait(transaction->kafka, purpose, code, WAIT_MS, stop_of(transaction),
			       err) != 0)
			return -1;
	}
}

enum transaction_outcome transaction_commit(struct transaction *transaction, struct err *err)
{
	enum outcome outcome;
	do
		outcome = judge(transaction, transaction->names.purpose,
				rd_kafka_commit_transaction(transaction->kafka->rk, TRY_MS), err);
	while (outcome == AGAIN);
	if (outcome == ABORT)
		return abort_transaction(transaction, err);
	if (outcome == FAILED)
		return TRANSACTION_FAILED;
	if (transaction->kafka->down_since != 0)
		kafka_up(transaction->kafka);
	return TRANSACTION_DONE;
}

void transaction_give_up(struct transaction *transaction, struct err *err)
{
	struct err second = ERR_INIT;
	kafka_poll(transaction->kafka, 0);
	if (transaction->kafka->fatal.code != ERR_NONE)
		*err = transaction->kafka->fatal;
	else if (abort_transaction(transaction, &second) == TRANSACTION_FAILED &&
		 second.code == ERR_DISPLACED)
		*err = second;
}

/* ---- after a failure ---- */

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

int transaction_retry(struct transaction *transaction, struct err *err)
{
	const struct transaction_names *names = &transaction->names;
	rd_kafka_resp_err_t failed = transaction->failed;
	if (hopeless(failed))
		return transaction_refused(transaction, names->purpose, failed,
					   rd_kafka_err2str(failed), err);
	if (failed != RD_KAFKA_RESP_ERR_NO_ERROR && !is_purged(failed))
		log_warn("%s: cannot %s (%s): %s. Check that the leader of its partition can be "
			 "reached and that enough replicas are in sync. Trying again; rows are "
			 "still sent, and nothing is lost",
			 transaction->kafka->label, names->purpose, names->where,
			 rd_kafka_err2str(failed));
	return kafka_wait(transaction->kafka, names->purpose, RD_KAFKA_RESP_ERR__TIMED_OUT, WAIT_MS,
			  stop_of(transaction), err);
}

static int ended_late(const struct transaction *transaction, struct err *err)
{
	return err_retry(err, E_CHECKPOINT_SAVE,
			 "%s: cannot %s (%s): the transaction could not be ended in time",
			 transaction->kafka->label, transaction->names.purpose,
			 transaction->names.where);
}

int transaction_check(const struct transaction *transaction, struct err *err)
{
	return transaction->lost ? ended_late(transaction, err) : 0;
}

void transaction_judge(struct transaction *transaction, struct err *err)
{
	bool late = clock_mono_ms() - transaction->begun_ms >= transaction_ms();
	if (err->code == ERR_DISPLACED && late) {
		transaction->lost = true;
		ended_late(transaction, err);
	} else if (err->retriable && transaction->kafka->fatal.code != ERR_NONE) {
		transaction->lost = true;
	}
}
