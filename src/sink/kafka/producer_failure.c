/* producer_failure: the first failure of a Kafka sink: which one counts, whether a restart may help, and its text. */
#include "sink/kafka/producer_priv.h"

/* Return whether the same messages fail again after a restart from the checkpoint. */
static bool is_hopeless(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
		return true;
	default:
		return false;
	}
}

static const char *report_remedy(rd_kafka_resp_err_t code)
{
	switch ((int)code) {
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
		return "; raise max.message.bytes of the topic";
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		return "; a compacted topic takes no message without a key";
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "; grant Write on the topic";
	case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
	case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		return "; the topic was deleted or created again while the sync ran";
	default:
		return "";
	}
}

/* Return whether the message failed only because the producer had failed already. */
static bool is_consequence(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE ||
	       code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

void kafka_sink_fail_delivery(struct kafka_sink *k, const rd_kafka_message_t *message)
{
	struct err err = ERR_INIT;
	if (k->sink.poison.code != ERR_NONE)
		return;
	err_set(&err, E_MESSAGE_REFUSED,
		"%s: a message for topic \"%s\", partition %d, was not accepted: %s (%s)%s. "
		"Nothing is sent after it, and the position stays before it",
		kafka_sink_label(k), rd_kafka_topic_name(message->rkt), (int)message->partition,
		rd_kafka_err2str(message->err), rd_kafka_err2name(message->err),
		report_remedy(message->err));
	err.retriable = !is_hopeless(message->err);
	if (kafka_sink_fatal(k) != NULL && is_consequence(message->err))
		err = *kafka_sink_fatal(k);
	sink_set_poison(&k->sink, &err);
}

void kafka_sink_fail_replaced(struct kafka_sink *k, const struct topic *topic,
			      const rd_kafka_message_t *message, int64_t end)
{
	struct err err = ERR_INIT;
	if (k->sink.poison.code != ERR_NONE)
		return;
	err_set(&err, E_TOPIC_REPLACED,
		"%s: topic \"%s\" is not the same as before: partition %d took a message at "
		"offset "
		"%lld, and %lld had been acknowledged before: " TOPIC_REPLACED_WHY
		". " REMEDY_TOPIC_LOST,
		kafka_sink_label(k), topic->name, (int)message->partition,
		(long long)message->offset, (long long)end - 1);
	sink_set_poison(&k->sink, &err);
	k->sink.replaced = topic;
}

void kafka_sink_fail_lease(struct kafka_sink *k)
{
	struct err err = ERR_INIT;
	err_retry(&err, E_LEASE,
		  "%s: the checkpoint has not been saved for %.0f s, and another process of this "
		  "name may have taken over. The stream ends, and what is not acknowledged is "
		  "dropped",
		  kafka_sink_label(k), (double)k->lease->times[LEASE_OVER] / 1000);
	sink_set_poison(&k->sink, &err);
}

void kafka_sink_take_fatal(struct kafka_sink *k)
{
	for (int i = 0;
	     i < FATAL_POLLS && k->sink.in_flight != 0 && k->sink.poison.code == ERR_NONE; i++)
		kafka_sink_serve(k, ROOM_MS);
	sink_set_poison(&k->sink, kafka_sink_fatal(k));
}

int kafka_sink_refuse(struct kafka_sink *k, const struct outgoing *outgoing,
		      rd_kafka_resp_err_t code, struct err *err)
{
	kafka_sink_serve(k, 0); /* a fatal error that is not reported yet may be the cause */
	if (kafka_sink_fatal(k) != NULL) {
		kafka_sink_take_fatal(k);
		*err = k->sink.poison;
		return -1;
	}
	err_set(err,
		code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? E_MESSAGE_SIZE : E_MESSAGE_REFUSED,
		"%s: a message of %zu bytes for topic \"%s\", partition %d, cannot be sent: %s%s",
		kafka_sink_label(k), outgoing->size, outgoing->topic->name, outgoing->partition,
		rd_kafka_err2str(code), report_remedy(code));
	err->retriable = !is_hopeless(code);
	return -1;
}
