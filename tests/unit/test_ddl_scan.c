/* The scan for statements, over recorded packets. */
#include "unit.h"

#include "events.h"

#include "binlog/ddl_scan.h"

enum { PACKETS = 200 };

#define END_FILE "end.999999" /* after every captured file */

struct fixture {
	struct slice packets[PACKETS];
	size_t npackets;
	char beat[64]; /* a heartbeat */
	struct cursor cursor;
	struct position until;
	atomic_bool halt;
	struct ddl_scan scan;
	unsigned visits, unreadable;
	unsigned last;           /* number of visits that ends the scan; 0: only the end does */
	enum ddl_step_kind kind; /* of the last step */
	struct err err;
};

static int visit(void *arg, const struct ddl_step *steps, unsigned nsteps, struct arena *arena,
		 struct err *err)
{
	struct fixture *f = arg;
	(void)arena, (void)err;
	f->visits++;
	f->unreadable += steps == NULL;
	if (nsteps > 0)
		f->kind = steps[nsteps - 1].kind;
	return f->visits == f->last;
}

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	cursor_init(&f->cursor, false);
	cursor_begin(&f->cursor, SLICE(""), 4);
	position_init(&f->until);
	snprintf(f->until.file, sizeof(f->until.file), END_FILE);
	f->until.offset = 200;
	f->scan = (struct ddl_scan){.cursor = &f->cursor,
				    .until = &f->until,
				    .halt = &f->halt,
				    .visit = visit,
				    .arg = f};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	position_fini(&f->until);
	cursor_fini(&f->cursor);
	test_free(f);
	return 0;
}

static void add(struct fixture *f, bool mariadb, const char *label)
{
	const struct captured *event;
	unsigned at = 0;
	while ((event = events_next(mariadb, label, -1, &at)))
		f->packets[f->npackets++] = event->packet;
}

/* Adds a heartbeat: timestamp(4) type(1) server_id(4) size(4) end_pos(4) flags(2) | file, checksum or padding(4) */
static void add_heartbeat(struct fixture *f, uint8_t end_pos)
{
	uint8_t header[19] = {
		[4] = EVENT_HEARTBEAT, [9] = sizeof(header) + sizeof(END_FILE) + 3, [13] = end_pos};
	memset(f->beat, 0, sizeof(f->beat));
	memcpy(f->beat, header, sizeof(header));
	memcpy(f->beat + sizeof(header), END_FILE, sizeof(END_FILE));
	f->packets[f->npackets++] = slice_of(f->beat, header[9]);
}

static int run_packets(struct fixture *f)
{
	struct packet_source *source = memory_source_new(f->packets, f->npackets);
	int rc = ddl_scan_run(&f->scan, source, &f->err);
	packet_source_free(source);
	return rc;
}

/* Runs the scan. After the packets, a heartbeat shows that the end is reached. */
static int run(struct fixture *f)
{
	int rc;
	add_heartbeat(f, 200);
	rc = run_packets(f);
	f->npackets--;
	return rc;
}

static void every_statement_is_visited(void **state)
{
	struct fixture *f = *state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		f->visits = 0;
		f->npackets = 0;
		add(f, mariadb, "ddl");
		assert_int_equal(run(f), 0);
		assert_int_equal(f->visits, 8);
		assert_int_equal(f->unreadable, 0);
		assert_int_equal(f->kind, DDL_STEP_DROP_DATABASE);
	}
}

/* Statements that control the transaction are not visited: SAVEPOINT, COMMIT, XA. */
static void transactions_are_passed_over(void **state)
{
	struct fixture *f = *state;
	add(f, true, "undone");
	add(f, true, "xa");
	add(f, false, "xa");
	add(f, false, "large");
	assert_int_equal(run(f), 0);
	assert_int_equal(f->visits, 0);
}

static void a_visit_ends_it(void **state)
{
	struct fixture *f = *state;
	add(f, true, "ddl");
	f->last = 2;
	assert_int_equal(run(f), 1);
	assert_int_equal(f->visits, 2);
	assert_int_equal(f->kind, DDL_STEP_ALTER_TABLE);
}

/* The scan visits exactly the statements that end at or before the place. */
static void it_ends_at_the_place(void **state)
{
	struct fixture *f = *state;
	add(f, true, "ddl");
	f->last = 3;
	assert_int_equal(run(f), 1);
	snprintf(f->until.file, sizeof(f->until.file), "%s", f->cursor.file);
	f->until.offset = f->cursor.offset;
	assert_true(ddl_scan_is_over(&f->scan));
	f->last = f->visits = 0;
	cursor_begin(&f->cursor, SLICE(""), 4);
	assert_false(ddl_scan_is_over(&f->scan));
	assert_int_equal(run_packets(f), 0);
	assert_int_equal(f->visits, 3);
	assert_int_equal(f->cursor.offset, f->until.offset);
}

/* A dump that is killed sends what a dump sends at the end of the binlog. */
static void packets_that_end_before_the_place_are_an_error(void **state)
{
	struct fixture *f = *state;
	add(f, true, "ddl");
	add_heartbeat(f, 199);
	assert_int_equal(run_packets(f), -1);
	assert_true(f->err.retriable);
	assert_int_equal(f->err.id, E_BINLOG_CHANGED);
	assert_int_equal(f->visits, 8);
}

/* The server has not flushed the end yet, or it is another server. */
static void it_waits_for_the_end(void **state)
{
	struct fixture *f = *state;
	struct slice beats[1000];
	struct packet_source *source;
	f->npackets = 0;
	add_heartbeat(f, 199);
	for (unsigned i = 0; i < 1000; i++)
		beats[i] = f->packets[0];
	source = memory_source_new(beats, 1000);
	assert_int_equal(ddl_scan_run(&f->scan, source, &f->err), -1);
	assert_int_equal(packet_source_next(source, &beats[0], &f->err), 1); /* some are left */
	packet_source_free(source);
	assert_true(f->err.retriable);
	assert_non_null(strstr(f->err.text, "had reached " END_FILE ":200 before"));
}

/* An unreadable event is skipped, because it need not concern the sync. An unreadable statement may change anything and is visited. */
static void what_cannot_be_read_is_passed_over(void **state)
{
	struct fixture *f = *state;
	add(f, false, "payload");
	add(f, false, "tagged");
	assert_int_equal(run(f), 0);
	assert_int_equal(f->visits, 1); /* the statement after the tagged GTID */
	assert_int_equal(f->unreadable, 0);
	f->npackets = 0;
	add(f, true, "compressed");
	assert_int_equal(run(f), 0);
	assert_int_equal(f->visits, 2);
	assert_int_equal(f->unreadable, 1);
}

static void a_stop_ends_it(void **state)
{
	struct fixture *f = *state;
	add(f, true, "ddl");
	atomic_store(&f->halt, true);
	assert_int_equal(run(f), -1);
	assert_true(f->err.retriable);
	assert_int_equal(f->visits, 0);
}

static void too_many_bytes_end_it(void **state)
{
	struct fixture *f = *state;
	add(f, true, "ddl");
	f->scan.bytes_max = sizeof(f->beat);
	for (unsigned i = 0; i < f->npackets; i++)
		f->scan.bytes_max += f->packets[i].len;
	assert_int_equal(run(f), 0);
	f->visits = 0;
	f->scan.bytes_max -= sizeof(f->beat) + f->packets[f->npackets - 1].len;
	cursor_begin(&f->cursor, SLICE(""), 4);
	assert_int_equal(run(f), 1);
	assert_true(f->visits > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_statement_is_visited),
		TEST(transactions_are_passed_over),
		TEST(a_visit_ends_it),
		TEST(it_ends_at_the_place),
		TEST(packets_that_end_before_the_place_are_an_error),
		TEST(it_waits_for_the_end),
		TEST(a_stop_ends_it),
		TEST(too_many_bytes_end_it),
		TEST(what_cannot_be_read_is_passed_over),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
