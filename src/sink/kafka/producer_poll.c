/* producer_poll: serve a Kafka sink while the lane waits: poll, flush, purge, and wait for room in the queue. */
#include "sink/kafka/producer_priv.h"

#include "base/clock.h"

void kafka_sink_poll(struct sink *sink, int timeout_ms)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	kafka_sink_serve(k, timeout_ms);
	sink_tell(sink);
	if (k->lease) {
		int64_t now_ms = clock_boot_ms();
		pace_tick(&k->pace, now_ms);
		if (!kafka_sink_has_lease(k, now_ms))
			kafka_sink_fail_lease(k);
	}
	if (kafka_sink_fatal(k) != NULL && sink->poison.code == ERR_NONE)
		kafka_sink_take_fatal(k);
	sink->down_since = kafka_sink_down_since(k);
	kafka_sink_look_for_stalls(k);
}

/* rd_kafka_flush makes librdkafka forget linger.ms while it runs. */
void kafka_sink_flush(struct sink *sink, int timeout_ms)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	for (unsigned i = 0; timeout_ms > 0 && i < k->nshards; i++)
		if (rd_kafka_outq_len(k->shards[i].kafka.rk) > 0)
			(void)rd_kafka_flush(k->shards[i].kafka.rk, timeout_ms);
	kafka_sink_poll(sink, 0);
}

void kafka_sink_purge(struct sink *sink)
{
	struct kafka_sink *k = kafka_sink_of(sink);
	int64_t end = clock_mono_ms() + PURGE_MS;
	for (unsigned i = 0; i < k->nshards; i++)
		if (k->shards[i].kafka.rk != NULL) /* NULL: reopen has failed */
			(void)rd_kafka_purge(k->shards[i].kafka.rk,
					     RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (sink->in_flight != 0 && clock_mono_ms() < end)
		kafka_sink_serve(k, ROOM_MS);
	sink->run = 0;
}

int kafka_sink_wait_for_room(struct kafka_sink *k, struct err *err)
{
	kafka_sink_poll(&k->sink, ROOM_MS);
	if (k->sink.poison.code != ERR_NONE) {
		*err = k->sink.poison;
		return -1;
	}
	if (sink_stopping(&k->sink))
		return err_retry(err, E_STOPPED_SENDING,
				 "%s: stopped while the producer's queue was full",
				 kafka_sink_label(k));
	return 0;
}
