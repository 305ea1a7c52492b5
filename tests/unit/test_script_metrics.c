/* The metrics of scripts: they are shared by name, and written as JSON. */
#include "script/script_metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_written(const char *expected)
{
	struct buf out;
	buf_init(&out);
	script_metrics_write(&out);
	buf_char(&out, '\0');
	assert_string_equal(out.ptr, expected);
	buf_fini(&out);
}

static void *count(void *metric)
{
	for (int i = 0; i < 10000; i++)
		script_metric_add(metric, 1);
	return NULL;
}

static void written(void **state)
{
	const double bounds[] = {0.5, 10};
	struct script_metric *counter, *gauge, *histogram;
	pthread_t threads[3];
	(void)state;
	assert_written("[]");
	counter = script_metric("orders", METRIC_COUNTER, NULL, 0);
	gauge = script_metric("depth", METRIC_GAUGE, NULL, 0);
	histogram = script_metric("size", METRIC_HISTOGRAM, bounds, 2);
	assert_written(
		"[{\"name\":\"orders\",\"type\":\"counter\",\"value\":0},"
		"{\"name\":\"depth\",\"type\":\"gauge\",\"value\":0},"
		"{\"name\":\"size\",\"type\":\"histogram\",\"sum\":0,\"count\":0,\"buckets\":["
		"{\"count\":0,\"le\":0.5},{\"count\":0,\"le\":10}]}]");
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, counter), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	script_metric_set(gauge, 5);
	script_metric_add(gauge, -7.5);
	script_metric_observe(histogram, 0.5);
	script_metric_observe(histogram, 3);
	script_metric_observe(histogram, 100);
	assert_written(
		"[{\"name\":\"orders\",\"type\":\"counter\",\"value\":30000},"
		"{\"name\":\"depth\",\"type\":\"gauge\",\"value\":-2.5},"
		"{\"name\":\"size\",\"type\":\"histogram\",\"sum\":103.5,\"count\":3,\"buckets\":["
		"{\"count\":1,\"le\":0.5},{\"count\":2,\"le\":10}]}]");
	assert_ptr_equal(script_metric("orders", METRIC_COUNTER, NULL, 0), counter);
	assert_ptr_equal(script_metric("size", METRIC_HISTOGRAM, bounds, 2), histogram);
	assert_null(script_metric("orders", METRIC_GAUGE, NULL, 0));
	assert_null(script_metric("size", METRIC_HISTOGRAM, bounds, 1));
}

static void too_many(void **state)
{
	char name[16];
	(void)state;
	for (int i = 3; i < SCRIPT_METRICS; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		assert_non_null(script_metric(name, METRIC_COUNTER, NULL, 0));
	}
	assert_null(script_metric("one_more", METRIC_COUNTER, NULL, 0));
	assert_non_null(script_metric("m3", METRIC_COUNTER, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(written), cmocka_unit_test(too_many)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
