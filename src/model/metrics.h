/* metrics: the counters of a lane.
 * Thread: the lane writes; any thread reads. Owner: the lane. */
#ifndef TIDEWAY_METRICS_H
#define TIDEWAY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

struct lane_metrics {
	_Atomic uint64_t rows;         /* row changes that were read and written */
	_Atomic uint64_t messages;     /* messages passed to the sink */
	_Atomic uint64_t bytes;        /* value bytes of those messages */
	_Atomic uint64_t acked;        /* acknowledged messages */
	_Atomic uint64_t events;       /* binlog events, packets */
	_Atomic uint64_t transactions; /* finished transactions */
	_Atomic int64_t commit_ms;     /* commit time of the last finished transaction */
	_Atomic int64_t ack_ms;        /* wall time of the last acknowledgement */
	_Atomic int64_t event_ms;  /* wall time of the last packet, server heartbeats included */
	_Atomic bool drained;      /* the stream has reached the end of the binlog */
	_Atomic int64_t lag_bytes; /* of the binlog that the stream has yet to read; -1: unknown */
};

/* Adds n. Only the writer's thread may call it. */
static inline void metric_add(_Atomic uint64_t *metric, uint64_t n)
{
	uint64_t v = atomic_load_explicit(metric, memory_order_relaxed);
	atomic_store_explicit(metric, v + n, memory_order_relaxed);
}

#endif
