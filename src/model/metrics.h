/* metrics: what a lane counts. Each is written by one thread and read by any.
 * Thread: writer is the lane; readers any. Owner: the lane. */
#ifndef TIDEWAY_METRICS_H
#define TIDEWAY_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

struct lane_metrics {
	_Atomic uint64_t rows;         /* row changes taken from the source and written */
	_Atomic uint64_t messages;     /* handed to the sink */
	_Atomic uint64_t bytes;        /* value bytes of those */
	_Atomic uint64_t acked;        /* acknowledged messages */
	_Atomic uint64_t events;       /* binlog events, packets */
	_Atomic uint64_t transactions; /* groups finished */
	_Atomic int64_t commit_ms;     /* commit time of the last finished transaction */
	_Atomic int64_t ack_ms;        /* wall time of the last acknowledgement */
	_Atomic int64_t event_ms;      /* wall time of the last packet, server heartbeats too */
	_Atomic bool drained;          /* at the end of the binlog */
};

static inline void metric_add(_Atomic uint64_t *metric, uint64_t n)
{
	uint64_t v = atomic_load_explicit(metric, memory_order_relaxed);
	atomic_store_explicit(metric, v + n, memory_order_relaxed);
}

#endif
