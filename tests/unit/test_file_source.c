/* A binlog file as a packet source. */
#include "unit.h"

#include "events.h"

#include "binlog/packet_source.h"

#include <unistd.h>

struct fixture {
	char path[64];
	struct err err;
	FILE *file;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	int fd;
	strcpy(f->path, "/tmp/tideway-binlog-XXXXXX");
	fd = mkstemp(f->path);
	f->file = fd < 0 ? NULL : fdopen(fd, "wb");
	*state = f;
	return f->file ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	test_free(f);
	return 0;
}

static void put(struct fixture *f, const char *bytes, size_t n)
{
	assert_int_equal(fwrite(bytes, 1, n, f->file), n);
}

#define PUT_MAGIC(f)                                                                               \
	put(f,                                                                                     \
	    "\xfe"                                                                                 \
	    "bin",                                                                                 \
	    4)

/* Writes the events of a scene. Returns the last. */
static const struct captured *put_scene(struct fixture *f)
{
	const struct captured *event, *last = NULL;
	unsigned at = 0;
	while ((event = events_next(true, "rows", -1, &at))) {
		put(f, event->packet.ptr, event->packet.len);
		last = event;
	}
	assert_non_null(last);
	return last;
}

static struct packet_source *open_or_fail(struct fixture *f)
{
	struct packet_source *source;
	assert_int_equal(fclose(f->file), 0);
	source = file_source_new(f->path, &f->err);
	if (source == NULL)
		fail_msg("%s", f->err.text);
	return source;
}

static void events_come_out_as_they_are(void **state)
{
	struct fixture *f = *state;
	const struct captured *event;
	struct packet_source *source;
	struct slice packet;
	unsigned at = 0;
	PUT_MAGIC(f);
	put_scene(f);
	source = open_or_fail(f);
	while ((event = events_next(true, "rows", -1, &at))) {
		assert_int_equal(packet_source_next(source, &packet, &f->err), 1);
		assert_int_equal(packet.len, event->packet.len);
		assert_memory_equal(packet.ptr, event->packet.ptr, packet.len);
	}
	assert_int_equal(packet_source_next(source, &packet, &f->err), 0);
	packet_source_free(source);
}

/* Cuts the last event of a scene to this many bytes, and reads up to it. */
static void read_cut(struct fixture *f, size_t left, const char *why)
{
	const struct captured *last;
	struct packet_source *source;
	struct slice packet;
	int rc;
	PUT_MAGIC(f);
	last = put_scene(f);
	assert_int_equal(fflush(f->file), 0);
	assert_int_equal(
		ftruncate(fileno(f->file), ftell(f->file) - (long)(last->packet.len - left)), 0);
	source = open_or_fail(f);
	while ((rc = packet_source_next(source, &packet, &f->err)) > 0)
		;
	assert_int_equal(rc, -1);
	assert_non_null(strstr(f->err.text, why));
	assert_non_null(strstr(f->err.text, f->path));
	packet_source_free(source);
}

static void a_file_that_ends_within_a_header(void **state)
{
	read_cut(*state, 10, "within the header of an event");
}

static void a_file_that_ends_within_an_event(void **state)
{
	read_cut(*state, EVENT_HEADER_SIZE + 2, "within an event");
}

static void an_event_smaller_than_its_header(void **state)
{
	struct fixture *f = *state;
	struct packet_source *source;
	struct slice packet;
	static const char header[EVENT_HEADER_SIZE] = {[9] = 18};
	PUT_MAGIC(f);
	put(f, header, sizeof(header));
	source = open_or_fail(f);
	assert_int_equal(packet_source_next(source, &packet, &f->err), -1);
	assert_non_null(strstr(f->err.text, ":4: an event is smaller than its header"));
	packet_source_free(source);
}

static void assert_refused(struct fixture *f, const char *why)
{
	assert_int_equal(fclose(f->file), 0);
	assert_null(file_source_new(f->path, &f->err));
	assert_non_null(strstr(f->err.text, why));
}

static void another_file_is_refused(void **state)
{
	struct fixture *f = *state;
	put(f, "#!/bin/sh", 9);
	assert_refused(f, "is not a binlog");
}

static void an_empty_file_is_refused(void **state)
{
	assert_refused(*state, "is not a binlog");
}

static void an_encrypted_file_is_refused(void **state)
{
	struct fixture *f = *state;
	put(f,
	    "\xfd"
	    "bin",
	    4);
	assert_refused(f, "is encrypted");
}

static void a_missing_file_is_named(void **state)
{
	struct fixture *f = *state;
	unlink(f->path);
	assert_refused(f, "No such file");
	assert_non_null(strstr(f->err.text, f->path));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_come_out_as_they_are),      TEST(a_file_that_ends_within_a_header),
		TEST(a_file_that_ends_within_an_event), TEST(an_event_smaller_than_its_header),
		TEST(another_file_is_refused),          TEST(an_empty_file_is_refused),
		TEST(an_encrypted_file_is_refused),     TEST(a_missing_file_is_named),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
