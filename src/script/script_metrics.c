#include "script/script_metrics.h"

#include "base/json_writer.h"
#include "base/mem.h"
#include "base/num.h"

#include <pthread.h>
#include <string.h>

struct script_metric {
	char *name;
	enum metric_kind kind;
	double value;   /* of a histogram, the sum of its values */
	uint64_t count; /* values of a histogram */
	unsigned nbounds;
	double *bounds;
	uint64_t *buckets; /* nbounds: values up to each bound */
};

static pthread_mutex_t metrics_lock = PTHREAD_MUTEX_INITIALIZER; /* guards metrics and nmetrics */
static struct script_metric *metrics[SCRIPT_METRICS];
static unsigned nmetrics;

static bool is_same(const struct script_metric *metric, enum metric_kind kind, const double *bounds,
		    unsigned n)
{
	if (metric->kind != kind || metric->nbounds != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (metric->bounds[i] < bounds[i] || metric->bounds[i] > bounds[i])
			return false;
	return true;
}

static struct script_metric *new_metric(const char *name, enum metric_kind kind,
					const double *bounds, unsigned n)
{
	struct script_metric *metric = mem_array(1, sizeof(*metric));
	metric->name = mem_alloc(strlen(name) + 1);
	strcpy(metric->name, name);
	metric->kind = kind;
	metric->nbounds = n;
	metric->bounds = mem_array(n, sizeof(*metric->bounds));
	metric->buckets = mem_array(n, sizeof(*metric->buckets));
	for (unsigned i = 0; i < n; i++)
		metric->bounds[i] = bounds[i];
	return metric;
}

struct script_metric *script_metric(const char *name, enum metric_kind kind, const double *bounds,
				    unsigned n)
{
	struct script_metric *found = NULL;
	bool exists = false;
	pthread_mutex_lock(&metrics_lock);
	for (unsigned i = 0; i < nmetrics && !exists; i++)
		if (strcmp(metrics[i]->name, name) == 0) {
			exists = true;
			found = is_same(metrics[i], kind, bounds, n) ? metrics[i] : NULL;
		}
	if (!exists && nmetrics < SCRIPT_METRICS)
		found = metrics[nmetrics++] = new_metric(name, kind, bounds, n);
	pthread_mutex_unlock(&metrics_lock);
	return found;
}

void script_metric_add(struct script_metric *metric, double n)
{
	pthread_mutex_lock(&metrics_lock);
	metric->value += n;
	pthread_mutex_unlock(&metrics_lock);
}

void script_metric_set(struct script_metric *metric, double value)
{
	pthread_mutex_lock(&metrics_lock);
	metric->value = value;
	pthread_mutex_unlock(&metrics_lock);
}

void script_metric_observe(struct script_metric *metric, double value)
{
	pthread_mutex_lock(&metrics_lock);
	metric->value += value;
	metric->count++;
	for (unsigned i = 0; i < metric->nbounds; i++)
		metric->buckets[i] += value <= metric->bounds[i];
	pthread_mutex_unlock(&metrics_lock);
}

static void put_number(struct buf *out, const char *name, double value)
{
	char digits[NUM_FLOAT_MAX];
	buf_printf(out, ",\"%s\":", name);
	buf_put(out, slice_of(digits, num_f64(digits, value)));
}

static void put_metric(struct buf *out, const struct script_metric *metric)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	buf_put(out, SLICE("{\"name\":"));
	json_string(out, slice_str(metric->name));
	buf_printf(out, ",\"type\":\"%s\"", types[metric->kind]);
	if (metric->kind != METRIC_HISTOGRAM) {
		put_number(out, "value", metric->value);
	} else {
		put_number(out, "sum", metric->value);
		put_number(out, "count", (double)metric->count);
		buf_put(out, SLICE(",\"buckets\":["));
		for (unsigned i = 0; i < metric->nbounds; i++) {
			buf_printf(out, "%s{\"count\":", i > 0 ? "," : "");
			json_u64(out, metric->buckets[i]);
			put_number(out, "le", metric->bounds[i]);
			buf_char(out, '}');
		}
		buf_char(out, ']');
	}
	buf_char(out, '}');
}

void script_metrics_write(struct buf *out)
{
	buf_char(out, '[');
	pthread_mutex_lock(&metrics_lock);
	for (unsigned i = 0; i < nmetrics; i++) {
		if (i > 0)
			buf_char(out, ',');
		put_metric(out, metrics[i]);
	}
	pthread_mutex_unlock(&metrics_lock);
	buf_char(out, ']');
}
