/* metrics: the counters of a lane, and of a table that is copied.
 * Thread: a lane or the reader of a backfill writes; any thread reads. Owner: the lane; of a table, the copy. */
#ifndef TIDEWAY_METRICS_H
#define TIDEWAY_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
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

/* How far the copy of a table has come. */
struct table_metrics {
	_Atomic uint64_t estimate; /* number of rows, as the server estimates it */
	_Atomic uint64_t rows;     /* read so far; of a backfill, also by earlier processes */
	_Atomic int64_t
		begun_ms;  /* monotonic, when its first rows were asked for; 0: they were not */
	_Atomic bool done; /* its copy needs no more rows */
};

/* Adds n. Only the writer's thread may call it. */
static inline void metric_add(_Atomic uint64_t *metric, uint64_t n)
{
	uint64_t v = atomic_load_explicit(metric, memory_order_relaxed);
	atomic_store_explicit(metric, v + n, memory_order_relaxed);
}

#endif
