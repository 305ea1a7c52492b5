#include "unit.h"

#include "base/file.h"
#include "base/slice.h"
#include "model/config.h"
#include "model/message.h"
#include "sink/sink.h"

#include <cJSON.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/tideway-lines-XXXXXX";
static char path[64];
static struct err err;
static uint64_t acked, tokens;

static void count(void *arg, uint64_t token, unsigned messages)
{
	(void)arg;
	acked += messages;
	tokens += token * messages;
}

static struct sink *open_lines(void)
{
	struct sink_config config = {.kind = SINK_LINES, .file = path};
	struct sink *sink = sink_new(&config, "test", 0, count, NULL, &err);
	if (sink == NULL)
		fail_msg("%s", err.text);
	return sink;
}

static struct topic *open_topic(struct sink *sink, struct topic_spec spec)
{
	struct topic *topic;
	assert_int_equal(sink_topic(sink, SLICE("orders"), &spec, NULL, &topic, &err), 0);
	return topic;
}

static int setup(void **state)
{
	(void)state;
	acked = tokens = 0;
	err = (struct err)ERR_INIT;
	snprintf(path, sizeof(path), "%s/out", folder);
	unlink(path);
	return 0;
}

static void expect_file(const char *expected)
{
	struct buf text;
	buf_init(&text);
	assert_int_equal(file_read(path, &text, &err), 0);
	assert_string_equal(buf_cstr(&text), expected);
	buf_fini(&text);
}

static void send(struct sink *sink, struct topic *topic, struct slice key, struct slice value)
{
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){
					   .key = key, .value = value, .partition = MESSAGE_BY_KEY},
				   1, &err),
			 0);
}

static void one_line_a_message(void **state)
{
	(void)state;
	struct sink *sink = open_lines();
	struct topic *topic =
		open_topic(sink, (struct topic_spec){.create = true, .partitions = 1});
	struct header headers[] = {{SLICE("h"), SLICE("v\"")}, {SLICE("n"), {NULL, 0}}};
	send(sink, topic, SLICE("7"), SLICE("{\"a\": 1}"));
	send(sink, topic, (struct slice){NULL, 0}, SLICE("{\n\"a\":\r\n1}"));
	send(sink, topic, SLICE(""), (struct slice){NULL, 0});
	send(sink, topic, SLICE("a\"\\\n\x01"), SLICE("plain \"text\""));
	send(sink, topic, SLICE("\xc3\xa9\xff\xe2\x82\xac\xed\xa0\x80"), SLICE(""));
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){.key = SLICE("k"),
						     .value = SLICE("[1]"),
						     .headers = headers,
						     .nheaders = 2},
				   1, &err),
			 0);
	assert_int_equal(sink_drain(sink, 0, NULL, &err), 0);
	sink_free(sink);
	expect_file("{\"topic\":\"orders\",\"partition\":0,\"key\":\"7\",\"value\":{\"a\": 1}}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":null,\"value\":{ \"a\":  1}}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":\"\",\"value\":null}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":\"a\\\"\\\\\\u000a\\u0001\","
		    "\"value\":\"plain \\\"text\\\"\"}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":"
		    "\"\xc3\xa9\xef\xbf\xbd\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
		    "\"value\":\"\"}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":\"k\",\"headers\":{\"h\":"
		    "\"v\\\"\",\"n\":null},\"value\":[1]}\n");
}

/* A message counts as delivered when its line is written. */
static void acknowledged_when_written(void **state)
{
	(void)state;
	struct sink *sink = open_lines();
	struct topic *topic =
		open_topic(sink, (struct topic_spec){.create = true, .partitions = 6});
	for (uint64_t i = 1; i <= 10; i++)
		assert_int_equal(sink_send(sink, topic,
					   &(struct message){.key = SLICE("k"),
							     .value = SLICE("{}"),
							     .partition = 5},
					   (i + 1) / 2, &err),
				 0);
	assert_int_equal(acked, 0);
	assert_int_equal(sink_in_flight(sink), 10);
	assert_int_equal(sink_poll(sink, 0, &err), 0);
	assert_int_equal(acked, 10);
	assert_int_equal(tokens, 2 * (1 + 2 + 3 + 4 + 5));
	assert_int_equal(sink_in_flight(sink), 0);
	sink_free(sink);
}

static void every_line_is_json(void **state)
{
	(void)state;
	struct sink *sink = open_lines();
	struct topic *topic =
		open_topic(sink, (struct topic_spec){.create = true, .partitions = 6});
	char bytes[300];
	for (unsigned i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (char)(i * 31 + k * (i % 7 + 1));
		send(sink, topic, slice_of(bytes, i % 40), slice_of(bytes, i % sizeof(bytes)));
	}
	assert_true(acked > 0); /* a full buffer is written without a flush */
	assert_int_equal(sink_drain(sink, 0, NULL, &err), 0);
	assert_int_equal(acked, 2000);
	sink_free(sink);
	FILE *in = fopen(path, "r");
	char line[4096];
	unsigned n = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		cJSON *root = cJSON_Parse(line);
		/* a value that looks like JSON is written unchanged: check the others only */
		if (root == NULL && strstr(line, "\"value\":\"") != NULL)
			fail_msg("%s", line);
		cJSON_Delete(root);
		n++;
	}
	fclose(in);
	assert_true(n >= 2000);
}

static void topics_as_asked_for(void **state)
{
	(void)state;
	struct property compact = {"cleanup.policy", "compact,delete"};
	struct sink *sink = open_lines();
	struct topic *topic =
		open_topic(sink, (struct topic_spec){true, 6, -1, &compact, 1, 3, NULL, 0});
	assert_int_equal(sink_topic_info(topic)->partitions, 3);
	assert_true(sink_topic_info(topic)->compacted);
	assert_slice(sink_topic_info(topic)->name, "orders");
	assert_ptr_equal(open_topic(sink, (struct topic_spec){.partitions = 9}), topic);
	struct topic *bad;
	struct topic_spec spec = {.create = true, .partitions = 1};
	assert_int_equal(sink_topic(sink, SLICE("a b"), &spec, NULL, &bad, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_int_equal(sink_topic(sink, SLICE(""), &spec, NULL, &bad, &err), -1);
	assert_int_equal(sink_topic(sink, SLICE(".."), &spec, NULL, &bad, &err), -1);
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){
					   .key = SLICE("k"), .value = SLICE("{}"), .partition = 3},
				   1, &err),
			 -1);
	assert_int_equal(err.code, ERR_DATA);
	sink_free(sink);
}

static void appends_and_survives_restart(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sink *sink = open_lines();
		struct topic *topic = open_topic(sink, (struct topic_spec){.partitions = 1});
		send(sink, topic, SLICE("k"), SLICE("{}"));
		sink_free(sink); /* writes the rest */
	}
	expect_file("{\"topic\":\"orders\",\"partition\":0,\"key\":\"k\",\"value\":{}}\n"
		    "{\"topic\":\"orders\",\"partition\":0,\"key\":\"k\",\"value\":{}}\n");
}

static void cannot_write(void **state)
{
	(void)state;
	struct sink_config config = {.kind = SINK_LINES, .file = "/nonexistent/out"};
	assert_null(sink_new(&config, "test", 0, count, NULL, &err));
	assert_int_equal(err.code, ERR_KAFKA);
	snprintf(path, sizeof(path), "/dev/full");
	struct sink *sink = open_lines();
	struct topic *topic = open_topic(sink, (struct topic_spec){.partitions = 1});
	send(sink, topic, SLICE("k"), SLICE("{}"));
	assert_int_equal(sink_poll(sink, 0, &err), -1);
	assert_int_equal(err.code, ERR_KAFKA);
	assert_non_null(strstr(err.text, "/dev/full"));
	assert_int_equal(acked, 0);
	assert_int_equal(sink_send(sink, topic,
				   &(struct message){.key = SLICE("k"), .value = SLICE("{}")}, 1,
				   &err),
			 -1);
	sink_free(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_line_a_message, setup),
		cmocka_unit_test_setup(acknowledged_when_written, setup),
		cmocka_unit_test_setup(every_line_is_json, setup),
		cmocka_unit_test_setup(topics_as_asked_for, setup),
		cmocka_unit_test_setup(appends_and_survives_restart, setup),
		cmocka_unit_test_setup(cannot_write, setup),
	};
	if (mkdtemp(folder) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/out", folder);
	unlink(path);
	rmdir(folder);
	return failed;
}
