/* cursor: offsets of more than 32 bits, events that do not move it, and the place of a refused event. */
#include "unit.h"

#include "binlog/cursor.h"

#include "events.h"

struct fixture {
	struct cursor cursor;
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	cursor_init(&f->cursor, false);
	cursor_begin(&f->cursor, SLICE("bin.000001"), 4);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	cursor_fini(&f->cursor);
	test_free(f);
	return 0;
}

/* One event of this size that ends at this offset. The wire has 32 bits of the offset. */
static int read_event(struct fixture *f, uint8_t type, uint32_t size, uint32_t end, uint16_t flags)
{
	uint8_t *bytes = test_calloc(1, size);
	struct event event;
	int rc;
	bytes[4] = type;
	memcpy(bytes + 9, &size, sizeof(size));
	memcpy(bytes + 13, &end, sizeof(end));
	memcpy(bytes + 17, &flags, sizeof(flags));
	/* without a format the checksum decides: these have none */
	rc = cursor_read(&f->cursor, slice_of(bytes, size), &event, &f->err);
	test_free(bytes);
	return rc;
}

#define AT(f, from, to)                                                                            \
	do {                                                                                       \
		assert_int_equal((f)->cursor.start, (from));                                       \
		assert_int_equal((f)->cursor.offset, (to));                                        \
	} while (0)

#define G4 ((uint64_t)1 << 32)

/* A transaction may take a file past 4 GB, more than once. */
static void offsets_have_64_bits(void **state)
{
	struct fixture *f = *state;
	cursor_begin(&f->cursor, SLICE("bin.000001"), G4 - 50);
	assert_int_equal(read_event(f, EVENT_XID, 40, (uint32_t)(G4 - 10), 0), 0);
	AT(f, G4 - 50, G4 - 10);
	assert_int_equal(read_event(f, EVENT_XID, 40, 30, 0), 0);
	AT(f, G4 - 10, G4 + 30);
	assert_int_equal(read_event(f, EVENT_XID, 40, 70, 0), 0);
	AT(f, G4 + 30, G4 + 70);
	assert_int_equal(read_event(f, EVENT_XID, 40, UINT32_MAX - 5, 0), 0);
	assert_int_equal(read_event(f, EVENT_XID, 40, 34, 0), 0);
	AT(f, 2 * G4 - 6, 2 * G4 + 34);
}

/* A dump by GTID starts at the beginning of the file and omits what is before the position. */
static void a_dump_by_gtid_finds_its_place(void **state)
{
	static const struct {
		uint64_t position, first;
	} cases[] = {{500, 500},
		     {500, 900},
		     {G4 + 500, G4 + 500},
		     {2 * G4 + 500, 2 * G4 + 90},
		     {G4 - 100, G4 + 20},
		     {G4 - 100, G4 - 120},
		     {3000000000, 3000000000}};
	struct fixture *f = *state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cursor_begin(&f->cursor, SLICE("bin.000001"), cases[i].position);
		f->cursor.offset = 4; /* from the server's Rotate */
		assert_int_equal(read_event(f, EVENT_GTID_LIST, 40, 300, 0), 0);
		AT(f, 260, 300);
		assert_int_equal(
			read_event(f, EVENT_ANONYMOUS_GTID, 40, (uint32_t)(cases[i].first + 40), 0),
			0);
		AT(f, cases[i].first, cases[i].first + 40);
		/* only once: the next transaction is at its own offset */
		assert_int_equal(
			read_event(f, EVENT_ANONYMOUS_GTID, 40, (uint32_t)(cases[i].first + 80), 0),
			0);
		AT(f, cases[i].first + 40, cases[i].first + 80);
	}
	cursor_begin(&f->cursor, SLICE("bin.000002"), G4 + 500);
	cursor_begin(&f->cursor, SLICE(""), G4 + 500); /* the place is unknown */
	f->cursor.offset = 4;
	assert_int_equal(read_event(f, EVENT_ANONYMOUS_GTID, 40, 540, 0), 0);
	AT(f, 500, 540);
}

/* MariaDB 11.4 writes no end offset in events from a transaction's cache. */
static void an_end_of_zero_is_the_sum(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_event(f, EVENT_XID, 100, 104, 0), 0);
	assert_int_equal(read_event(f, EVENT_TABLE_MAP, 50, 0, 0), 0);
	AT(f, 104, 154);
	assert_int_equal(read_event(f, EVENT_XID, 20, 0, 0), 0);
	AT(f, 154, 174);
	cursor_begin(&f->cursor, SLICE("bin.000001"), G4 - 10);
	assert_int_equal(read_event(f, EVENT_XID, 40, 0, 0), 0);
	AT(f, G4 - 10, G4 + 30);
}

static void what_is_not_in_the_file_does_not_move(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_event(f, EVENT_XID, 100, 104, 0), 0);
	assert_int_equal(read_event(f, EVENT_GTID_LIST, 60, 900, EVENT_FLAG_ARTIFICIAL), 0);
	AT(f, 104, 104);
	assert_int_equal(read_event(f, EVENT_HEARTBEAT, 60, 900, 0), 0);
	AT(f, 104, 104);
}

static void a_rotation_names_the_next_file(void **state)
{
	struct fixture *f = *state;
	unsigned at = 0;
	const struct captured *c = events_next(true, "rows", EVENT_ROTATE, &at);
	const char *name;
	struct event_rotate rotate;
	struct event event;
	assert_non_null(c);
	cursor_begin(&f->cursor, SLICE("bin.000009"), 4);
	name = f->cursor.file;
	assert_int_equal(cursor_read(&f->cursor, c->packet, &event, &f->err), 0);
	assert_string_equal(name, "bin.000009"); /* it still lives */
	assert_int_equal(event_rotate_parse(&event, &rotate, &f->err), 0);
	assert_string_equal(f->cursor.file, "bin.000001");
	AT(f, rotate.offset, rotate.offset);
	name = f->cursor.file;
	assert_int_equal(cursor_read(&f->cursor, c->packet, &event, &f->err), 0);
	assert_ptr_equal(f->cursor.file, name);
}

/* A refused event does not change the places of the events after it. */
static void a_refused_event_names_its_place(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(read_event(f, EVENT_XID, 100, 104, 0), 0);
	assert_int_equal(read_event(f, EVENT_TRANSACTION_PAYLOAD, 50, 154, 0), -1);
	assert_non_null(strstr(f->err.text, "bin.000001:104: "));
	assert_int_equal(f->err.code, ERR_DATA);
	AT(f, 104, 154);
	assert_int_equal(read_event(f, 99, 50, 204, 0), -1);
	assert_non_null(strstr(f->err.text, "bin.000001:154: event type 99"));
}

/* MariaDB sends an Incident event that is before the place of a dump by GTID, if it is in the same file or in one before. It
 * is an error if that is not sure, and after the place. */
static void an_incident_before_the_begin_is_passed_over(void **state)
{
	static const struct {
		const char *file;
		uint64_t begin;
		uint32_t end;
		bool passes;
	} cases[] = {
		{"bin.000001", 500, 499, true},       {"bin.000001", 500, 500, true},
		{"bin.000001", 500, 540, false},      {"bin.000001", G4 + 500, 400, true},
		{"bin.000001", G4 + 500, 600, false}, {"bin.000002", 500, 600, true},
		{"bin.000000", 500, 400, false},      {"", 500, 400, false},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->err = (struct err)ERR_INIT;
		cursor_begin(&f->cursor, slice_str(cases[i].file), cases[i].begin);
		f->cursor.offset = 4; /* from the server's Rotate, which also names the file */
		if (strcmp(f->cursor.file, "bin.000001") != 0)
			f->cursor.file = "bin.000001";
		assert_int_equal(read_event(f, EVENT_INCIDENT, 40, cases[i].end, 0),
				 cases[i].passes ? 0 : -1);
		assert_int_equal(f->err.id, cases[i].passes ? E_NONE : E_INCIDENT);
		/* after the first transaction, none is passed over */
		assert_int_equal(read_event(f, EVENT_GTID_MARIADB, 40, 1000, 0), 0);
		assert_int_equal(read_event(f, EVENT_INCIDENT, 40, 1040, 0), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(offsets_have_64_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(a_dump_by_gtid_finds_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(an_end_of_zero_is_the_sum, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_in_the_file_does_not_move, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_rotation_names_the_next_file, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_event_names_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(an_incident_before_the_begin_is_passed_over, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
