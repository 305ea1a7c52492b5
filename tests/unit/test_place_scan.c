/* The scan of a binlog file up to a place, over packets that are made here. */
#include "unit.h"

#include "base/mem.h"
#include "binlog/place_scan.h"
#include "decode/event.h"

#include <stdio.h>

enum { PACKETS = 20, PACKET_SIZE = 120, HEADER = EVENT_HEADER_SIZE };

#define FILE_NAME "bin.000007"
#define NEXT_FILE "bin.000008"

struct fixture {
	uint8_t bytes[PACKETS][PACKET_SIZE];
	struct slice packets[PACKETS];
	size_t npackets;
	uint32_t end; /* of the last event in the file */
	struct gtid_set gtids;
	atomic_bool halt;
	uint64_t begin; /* of what the place is inside of */
	struct err err;
};

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* Adds an event: timestamp(4) type(1) server_id(4) size(4) end_pos(4) flags(2) | body */
static void add(struct fixture *f, uint8_t type, uint16_t flags, const void *body, size_t size)
{
	uint8_t *bytes = f->bytes[f->npackets];
	bytes[4] = type;
	put(bytes + 5, 1, 4);
	put(bytes + 9, HEADER + size, 4);
	put(bytes + 13, f->end, 4);
	put(bytes + 17, flags, 2);
	memcpy(bytes + HEADER, body, size);
	f->packets[f->npackets++] = slice_of(bytes, HEADER + size);
}

static void add_to_file(struct fixture *f, uint8_t type, const void *body, size_t size)
{
	f->end += (uint32_t)(HEADER + size);
	add(f, type, 0, body, size);
}

/* Adds a rotation: offset(8) file. */
static void add_rotate(struct fixture *f, const char *file)
{
	uint8_t body[8 + sizeof(FILE_NAME) - 1] = {4};
	memcpy(body + 8, file, sizeof(FILE_NAME) - 1);
	add(f, EVENT_ROTATE, EVENT_FLAG_ARTIFICIAL, body, sizeof(body));
}

/* Adds the begin of MariaDB's transaction 0-1-seq. Returns where it begins. */
static uint32_t add_gtid(struct fixture *f, uint64_t seq)
{
	uint8_t body[19] = {0};
	uint32_t begin = f->end;
	put(body, seq, 8);
	add_to_file(f, EVENT_GTID_MARIADB, body, sizeof(body));
	return begin;
}

static uint32_t add_rows(struct fixture *f)
{
	uint8_t body[20] = {0};
	uint32_t begin = f->end;
	add_to_file(f, EVENT_WRITE_ROWS_V1, body, sizeof(body));
	return begin;
}

static void add_commit(struct fixture *f)
{
	uint8_t body[8] = {0};
	add_to_file(f, EVENT_XID, body, sizeof(body));
}

static void add_heartbeat(struct fixture *f)
{
	add(f, EVENT_HEARTBEAT, 0, FILE_NAME, sizeof(FILE_NAME) - 1);
}

/* Begins a file after transaction 0-1-10. */
static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	uint8_t list[20] = {1};
	gtid_set_init(&f->gtids, GTID_MARIADB);
	f->end = 4;
	add_rotate(f, FILE_NAME);
	put(list + 8, 1, 4);
	put(list + 12, 10, 8);
	add_to_file(f, EVENT_GTID_LIST, list, sizeof(list));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	gtid_set_fini(&f->gtids);
	test_free(f);
	return 0;
}

static int scan(struct fixture *f, uint64_t offset)
{
	const struct place_scan scan = {FILE_NAME, offset, &f->gtids, &f->halt};
	struct packet_source *source = memory_source_new(f->packets, f->npackets);
	int rc;
	gtid_set_fini(&f->gtids);
	gtid_set_init(&f->gtids, GTID_MARIADB);
	f->err = (struct err)ERR_INIT;
	rc = place_scan_run(&scan, source, &f->begin, &f->err);
	packet_source_free(source);
	return rc;
}

#define assert_between(f, offset, gtid)                                                            \
	do {                                                                                       \
		struct buf text_;                                                                  \
		assert_int_equal(scan((f), (offset)), 1);                                          \
		buf_init(&text_);                                                                  \
		gtid_set_print(&(f)->gtids, &text_);                                               \
		assert_slice(buf_slice(&text_), (gtid));                                           \
		buf_fini(&text_);                                                                  \
	} while (0)

#define assert_inside(f, offset, at)                                                               \
	do {                                                                                       \
		assert_int_equal(scan((f), (offset)), 0);                                          \
		assert_int_equal((f)->begin, (at));                                                \
	} while (0)

static void transactions_before_the_place_count(void **state)
{
	struct fixture *f = *state;
	uint32_t one = add_gtid(f, 11), rows = add_rows(f), two;
	add_commit(f);
	two = add_gtid(f, 12);
	add_commit(f);
	add_rotate(f, NEXT_FILE);
	assert_between(f, 4, "0-1-10"); /* the beginning of the file has what is before it */
	assert_between(f, one, "0-1-10");
	assert_between(f, two, "0-1-11");
	assert_between(f, f->end, "0-1-12"); /* the end of the file */
	assert_inside(f, 5, 4);
	assert_inside(f, one + 1, one);
	assert_inside(f, rows, one);
	assert_inside(f, rows + 1, one);
	assert_inside(f, two - 1, one);
	assert_inside(f, f->end - 1, two);
}

/* The newest file has no end: heartbeats show how far the server has sent it. */
static void a_heartbeat_reaches_the_place(void **state)
{
	struct fixture *f = *state;
	add_heartbeat(f);
	assert_between(f, f->end, "0-1-10");
	add_gtid(f, 11);
	add_commit(f);
	add_heartbeat(f);
	assert_between(f, f->end, "0-1-11");
}

/* A dump that is cut off must not be taken for one that has reached the place: GTIDs would be missing. */
static void packets_that_end_early_are_an_error(void **state)
{
	struct fixture *f = *state;
	add_gtid(f, 11);
	add_commit(f);
	assert_int_equal(scan(f, f->end), -1);
	assert_int_equal(f->err.id, E_BINLOG_CHANGED);
	assert_true(f->err.retriable);
}

/* A compressed transaction is a GTID event and one more. It can be passed over. */
static void a_compressed_transaction_is_passed_over(void **state)
{
	struct fixture *f = *state;
	uint32_t one = add_gtid(f, 11), two;
	uint8_t body[30] = {0};
	add_to_file(f, EVENT_TRANSACTION_PAYLOAD, body, sizeof(body));
	two = add_gtid(f, 12);
	add_commit(f);
	assert_between(f, two, "0-1-11");
	assert_inside(f, two - 1, one);
}

static void an_event_that_has_no_gtid_to_read_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t body[30] = {0};
	add_to_file(f, EVENT_GTID_TAGGED, body, sizeof(body));
	add_gtid(f, 12);
	assert_int_equal(scan(f, f->end), -1);
	assert_int_equal(f->err.id, E_GTID_TAGGED);
}

static void a_stop_ends_the_scan(void **state)
{
	struct fixture *f = *state;
	atomic_store(&f->halt, true);
	assert_int_equal(scan(f, 4), -1);
	assert_int_equal(f->err.id, E_STOPPED_READING);
}

int main(void)
{
#define T(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(transactions_before_the_place_count),
		T(a_heartbeat_reaches_the_place),
		T(packets_that_end_early_are_an_error),
		T(a_compressed_transaction_is_passed_over),
		T(an_event_that_has_no_gtid_to_read_is_refused),
		T(a_stop_ends_the_scan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
