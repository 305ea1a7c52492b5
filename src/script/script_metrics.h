/* script_metrics: the metrics that scripts count with tideway.metrics. All lanes of the process share them.
 * Thread: any; a lock guards them. Owner: the process, until it ends. */
#ifndef TIDEWAY_SCRIPT_METRICS_H
#define TIDEWAY_SCRIPT_METRICS_H

#include "base/buf.h"

#include <stdbool.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
	SCRIPT_METRICS = 1000, /* of a process at most */
	METRIC_BOUNDS = 50,    /* of a histogram at most */
};

struct script_metric;

/* Return the metric of this name; it begins with 0 when it is new. bounds: of a histogram, ascending. Return NULL when it exists
 * with another kind or other bounds, or there are too many. */
struct script_metric *script_metric(const char *name, enum metric_kind kind, const double *bounds,
				    unsigned n);
void script_metric_add(struct script_metric *metric, double n);         /* a counter or a gauge */
void script_metric_set(struct script_metric *metric, double value);     /* a gauge */
void script_metric_observe(struct script_metric *metric, double value); /* a histogram */

/* Append [{"name":..,"type":..,"value":..}, ..], in the order of their first use. */
void script_metrics_write(struct buf *out);

#endif
