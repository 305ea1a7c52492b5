/* Transactions of real servers through the reader: recorded packets from memory. */
#include "unit.h"

#include "events.h"

#include "binlog/trx_reader.h"
#include "decode/crc32.h"
#include "decode/table_map.h"

enum { PACKETS = 200, HOLD = 1024 * 1024 };

struct fixture {
	struct cursor cursor;
	struct trx_reader reader;
	struct trx_item item;
	struct err err;
	struct slice packets[PACKETS]; /* of the scene */
	size_t npackets, at;
	struct slice second[2 * PACKETS]; /* packets of the last second source */
	uint8_t heartbeat[64];            /* between its packets; type 0: none */
	size_t begin;                     /* where the current transaction begins in packets */
	size_t ahead_end;                 /* the second source ends there */
	unsigned opened;                  /* second sources */
	bool fails;                       /* a second source cannot be opened */
	bool stops;                       /* the owner is stopping */
	bool skips;                       /* no events are wanted */
	struct arena names;
	struct buf log;   /* the items returned */
	struct buf bytes; /* the same, with every detail of each event */
};

/* Opens a source of the dump's preamble and the binlog from the current transaction on. */
static struct packet_source *open_ahead(void *arg, struct err *err)
{
	struct fixture *f = arg;
	size_t n = 0;
	f->opened++;
	if (f->fails) {
		err_set(err, E_STATEMENT, "no second source");
		return NULL;
	}
	f->second[n++] = f->packets[0];
	f->second[n++] = f->packets[1];
	for (size_t i = f->begin; i < f->ahead_end; i++) {
		f->second[n++] = f->packets[i];
		if (f->heartbeat[4])
			f->second[n++] = slice_of(f->heartbeat, EVENT_HEADER_SIZE + 14);
	}
	return memory_source_new(f->second, n);
}

static bool is_stopping(const void *arg)
{
	return ((const struct fixture *)arg)->stops;
}

static void start(struct fixture *f, size_t hold_max)
{
	cursor_init(&f->cursor, true);
	cursor_begin(&f->cursor, SLICE("bin.000001"), 4);
	trx_reader_init(&f->reader, &f->cursor,
			&(struct trx_reader_owner){.open_ahead = open_ahead,
						   .is_stopping = is_stopping,
						   .arg = f,
						   .hold_max = hold_max});
	buf_clear(&f->log);
	buf_clear(&f->bytes);
	arena_reset(&f->names);
	f->at = f->opened = 0;
}

static void stop(struct fixture *f)
{
	trx_reader_fini(&f->reader);
	cursor_fini(&f->cursor);
}

static void load(struct fixture *f, bool mariadb, const char *label)
{
	const struct captured *event;
	unsigned at = 0;
	f->npackets = 0;
	while ((event = events_next(mariadb, label, -1, &at)))
		f->packets[f->npackets++] = event->packet;
	assert_true(f->npackets > 2);
	f->ahead_end = f->npackets;
}

static int setup(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	buf_init(&f->log);
	buf_init(&f->bytes);
	arena_init(&f->names, 0);
	start(f, HOLD);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	stop(f);
	arena_fini(&f->names);
	buf_fini(&f->bytes);
	buf_fini(&f->log);
	test_free(f);
	return 0;
}

/* ---- the items ---- */

static void announce(struct fixture *f)
{
	struct table_map map;
	struct slice identity;
	uint64_t id;
	if (table_map_id(f->item.event, &id, &identity, &f->err) < 0 ||
	    table_map_parse(f->item.event, &f->cursor.format, &map, &f->err) < 0)
		fail_msg("%s", f->err.text);
	trx_reader_announce(&f->reader, id, arena_cstr(&f->names, map.name));
}

static void note_event(struct fixture *f)
{
	const struct trx_item *item = &f->item;
	buf_printf(&f->bytes, "%u %llu-%llu %s %d %d %llu %x\n", item->event->type,
		   (unsigned long long)item->start, (unsigned long long)item->end, f->cursor.file,
		   item->undone, item->again, (unsigned long long)item->row_bytes,
		   crc32_update(0, item->event->body.ptr, item->event->body.len));
	if (item->event->type == EVENT_TABLE_MAP)
		announce(f);
	if (item->rows)
		buf_printf(&f->log, " %s", (const char *)item->table);
	else if (item->statement)
		buf_printf(&f->log, " %.6s", item->statement->sql.ptr);
	else
		return; /* the servers differ in the other events */
	buf_printf(&f->log, "%s%s", item->undone ? "(undone)" : "", item->again ? "(again)" : "");
}

static void note(struct fixture *f)
{
	static const char *const ends[] = {"open", "commit", "rollback", "prepare"};
	switch (f->item.kind) {
	case TRX_ITEM_BEGIN:
		f->begin = f->at - 1;
		buf_printf(&f->log, "%sbegin", f->log.len ? " " : "");
		break;
	case TRX_ITEM_OUTCOME:
		buf_printf(&f->log, " %s:", ends[trx_reader_outcome(&f->reader)->end]);
		if (f->skips)
			trx_reader_skip(&f->reader);
		break;
	case TRX_ITEM_EVENT:
		note_event(f);
		break;
	case TRX_ITEM_END:
		buf_printf(&f->log, " end");
		break;
	case TRX_ITEM_OTHER:
	case TRX_ITEM_HELD:
		break;
	}
}

/* Feeds one packet and takes all items of it. */
static int feed_packet(struct fixture *f, struct slice packet)
{
	int rc;
	trx_reader_put(&f->reader, packet);
	while ((rc = trx_reader_next(&f->reader, &f->item, &f->err)) > 0)
		note(f);
	return rc;
}

/* Feeds the packets of the scene up to number n. */
static void feed_until(struct fixture *f, size_t n)
{
	while (f->at < n)
		if (feed_packet(f, f->packets[f->at++]) < 0)
			fail_msg("%s", f->err.text);
}

static void feed(struct fixture *f)
{
	feed_until(f, f->npackets);
}

static size_t find(const struct fixture *f, uint8_t type, unsigned number)
{
	for (size_t i = 0; i < f->npackets; i++)
		if ((uint8_t)f->packets[i].ptr[4] == type && number-- == 0)
			return i;
	fail_msg("no event of type %u", type);
	return 0;
}

#define assert_log(f, text) assert_string_equal(buf_cstr(&(f)->log), text)

/* ---- tests ---- */

#define ROW "begin commit: t end "

static const struct scene {
	const char *label;
	bool mariadb, mysql;
	const char *log;
} scenes[] = {
	{"rows", true, true, ROW ROW ROW "begin commit: t t end"},
	{"minimal", true, true, "begin commit: m end begin commit: m end begin commit: m end"},
	{"myisam", true, true, "begin commit: y end"},
	{"rotate", true, true, "begin commit: r end begin commit: r end"},
	/* a multi-table UPDATE, whose trigger writes a third table */
	{"several", true, true, "begin commit: a l a l b end"},
	{"large", true, true, "begin commit: i i i i i end begin commit: i end"},
	/* ROLLBACK TO, and a ROLLBACK that is in the binlog because of a temporary table */
	{"undone", true, false,
	 "begin commit: m end begin commit: i i(undone) i end begin rollback: i(undone) i(undone) "
	 "end begin commit: i end"},
	{"two-phase-alter", true, false, "begin commit: ALTER  end begin commit: ALTER  end"},
	{"xa", true, true,
	 "begin prepare: x end begin commit: end begin prepare: x end begin rollback: end begin "
	 "commit: x end"},
	{"partitioned", false, true,
	 "begin commit: h h h end begin commit: h end begin commit: h end"},
};

enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

static void scenes_come_out_as_transactions(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < 2 * SCENES; i++) {
		const struct scene *scene = &scenes[i / 2];
		bool mariadb = i % 2;
		if (!(mariadb ? scene->mariadb : scene->mysql))
			continue;
		stop(f);
		start(f, HOLD);
		load(f, mariadb, scene->label);
		feed(f);
		assert_log(f, scene->log);
		assert_int_equal(f->opened, 0);
	}
}

static void insert_heartbeats(struct fixture *f)
{
	const struct slice packet = slice_of(f->heartbeat, EVENT_HEADER_SIZE + 14);
	const char file[] = "bin.000001";
	uint32_t size = (uint32_t)packet.len;
	memset(f->heartbeat, 0, sizeof(f->heartbeat));
	f->heartbeat[4] = EVENT_HEARTBEAT;
	memcpy(f->heartbeat + 9, &size, sizeof(size));
	memcpy(f->heartbeat + EVENT_HEADER_SIZE, file, sizeof(file) - 1);
	size = crc32_update(0, packet.ptr, packet.len - 4);
	memcpy(f->heartbeat + packet.len - 4, &size, sizeof(size));
}

/* Rule: outcome-known. The items are the same when nothing may be held, so that each transaction is read ahead, whatever
 * heartbeats arrive in between on either connection. */
static void large_transactions_come_out_the_same(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < 2 * SCENES; i++) {
		const struct scene *scene = &scenes[i / 2];
		bool mariadb = i % 2;
		struct buf held;
		if (!(mariadb ? scene->mariadb : scene->mysql))
			continue;
		stop(f);
		start(f, HOLD);
		load(f, mariadb, scene->label);
		feed(f);
		held = f->bytes;
		buf_init(&f->bytes);
		stop(f);
		start(f, 0);
		insert_heartbeats(f);
		while (f->at < f->npackets) {
			feed_until(f, f->at + 1);
			if (f->at > 2 && feed_packet(f, slice_of(f->heartbeat, 33)) < 0)
				fail_msg("%s", f->err.text);
		}
		assert_log(f, scene->log);
		assert_true(held.len > 0);
		assert_string_equal(buf_cstr(&f->bytes), buf_cstr(&held));
		/* a single statement, which ends at once, needs none */
		assert_int_equal(f->opened > 0, strcmp(scene->label, "two-phase-alter") != 0);
		buf_fini(&held);
	}
}

/* Rule: outcome-known. A file that ends inside a transaction: the server crashed, and the transaction never happened.
 * What the next file begins with is none of its events. */
static void a_cut_transaction_never_happened(void **state)
{
	struct fixture *f = *state;
	for (int large = 0; large < 2; large++) {
		stop(f);
		start(f, large ? 0 : HOLD);
		load(f, true, "rotate");
		/* its Xid event was not written */
		size_t xid = find(f, EVENT_XID, 0);
		memmove(f->packets + xid, f->packets + xid + 1,
			(f->npackets - xid - 1) * sizeof(f->packets[0]));
		f->ahead_end = --f->npackets;
		feed(f);
		if (large)
			assert_log(f, "begin rollback: r(undone) begin commit: r end");
		else
			assert_log(f, "begin begin commit: r end");
		assert_int_equal(f->opened, large ? 2 : 0);
		assert_false(f->reader.trx.open);
	}
}

/* The end that was read ahead is missing now: the server has lost it, or the connection is to another server. */
static void a_transaction_that_loses_its_end_is_an_error(void **state)
{
	struct fixture *f = *state;
	stop(f);
	start(f, 0);
	load(f, true, "rotate");
	feed_until(f, find(f, EVENT_XID, 0));
	assert_int_equal(feed_packet(f, f->packets[1]), -1);
	assert_true(f->err.retriable);
	assert_non_null(strstr(f->err.text, "the binlog was cut inside this transaction"));
}

/* Rule: transaction-start. After a reconnect inside a transaction it is read again from its begin; the items that
 * were returned before are marked. */
static void a_half_read_transaction_is_read_again(void **state)
{
	struct fixture *f = *state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		uint8_t rows = mariadb ? EVENT_WRITE_ROWS_V1 : EVENT_WRITE_ROWS_V2;
		stop(f);
		start(f, 0);
		load(f, mariadb, "large");
		feed_until(f, find(f, rows, 1) + 1);
		assert_log(f, "begin commit: i i");
		for (unsigned lost = 3; lost < 5; lost++) { /* twice */
			trx_reader_rewind(&f->reader);
			assert_false(f->reader.trx.open);
			buf_clear(&f->log);
			f->at = 0;
			feed_until(f, find(f, rows, lost) + 1);
		}
		assert_log(f, "begin commit: i(again) i(again) i(again) i(again) i");
		feed(f);
		assert_log(f, "begin commit: i(again) i(again) i(again) i(again) i end begin "
			      "commit: i end");
	}
}

static void another_transaction_after_a_reconnect_is_an_error(void **state)
{
	struct fixture *f = *state;
	stop(f);
	start(f, 0);
	load(f, true, "large");
	feed_until(f, find(f, EVENT_WRITE_ROWS_V1, 1) + 1);
	trx_reader_rewind(&f->reader);
	f->at = 0;
	feed_until(f, 2);
	assert_int_equal(feed_packet(f, f->packets[find(f, EVENT_GTID_MARIADB, 1)]), -1);
	assert_true(f->err.retriable);
	assert_non_null(strstr(f->err.text, "with another transaction than the one"));
}

/* Only a part of an event was returned, so the event cannot be returned exactly once. */
static void rows_split_in_another_way_after_a_reconnect_are_an_error(void **state)
{
	struct fixture *f = *state;
	stop(f);
	start(f, 0);
	load(f, true, "large");
	feed_until(f, find(f, EVENT_WRITE_ROWS_V1, 1) + 1);
	trx_reader_rewind(&f->reader);
	f->reader.again_bytes--; /* as if the events had been shorter */
	f->at = 0;
	feed_until(f, find(f, EVENT_WRITE_ROWS_V1, 1));
	assert_int_equal(feed_packet(f, f->packets[find(f, EVENT_WRITE_ROWS_V1, 1)]), -1);
	assert_true(f->err.retriable);
	assert_non_null(strstr(f->err.text, "split into other events than before"));
}

/* The connection is lost inside a transaction in which the server crashed. The next transaction is not mistaken for it. */
static void a_cut_transaction_is_over_after_a_reconnect(void **state)
{
	struct fixture *f = *state;
	stop(f);
	start(f, 0);
	load(f, true, "rotate");
	size_t xid = find(f, EVENT_XID, 0);
	memmove(f->packets + xid, f->packets + xid + 1,
		(f->npackets - xid - 1) * sizeof(f->packets[0]));
	f->ahead_end = --f->npackets;
	feed_until(f, xid);
	trx_reader_rewind(&f->reader);
	buf_clear(&f->log);
	f->at = 0;
	feed(f);
	assert_log(f, "begin rollback: r(undone)(again) begin commit: r end");
	assert_int_equal(f->reader.again_bytes, 0);
}

/* No event of a held transaction was returned: after a reconnect none is marked. */
static void a_held_transaction_begins_anew(void **state)
{
	struct fixture *f = *state;
	load(f, false, "large");
	feed_until(f, find(f, EVENT_WRITE_ROWS_V2, 1) + 1);
	trx_reader_rewind(&f->reader);
	f->at = 0;
	feed(f);
	assert_log(f, "begin begin commit: i i i i i end begin commit: i end");
}

/* Errors of the second source are distinguished from those of the binlog: its connection may be opened again. */
static void reading_ahead_may_fail(void **state)
{
	struct fixture *f = *state;
	static const char *const texts[] = {"no second source", "ended inside a transaction",
					    "stopped while reading ahead"};
	for (unsigned i = 0; i < 3; i++) {
		stop(f);
		start(f, 0);
		load(f, true, "large");
		f->fails = i == 0;
		f->ahead_end = find(f, EVENT_XID, 0);
		f->stops = i == 2;
		feed_until(f, 3);
		f->err = (struct err)ERR_INIT;
		assert_int_equal(feed_packet(f, f->packets[3]), -1);
		assert_non_null(strstr(f->err.text, texts[i]));
		assert_int_equal(f->reader.lost, i == 0);
		trx_reader_rewind(&f->reader);
		assert_false(f->reader.lost);
	}
}

static void reading_ahead_begins_at_the_transaction(void **state)
{
	struct fixture *f = *state;
	stop(f);
	start(f, 0);
	load(f, true, "large");
	feed_until(f, 3);
	f->begin = find(f, EVENT_GTID_MARIADB, 1);
	assert_int_equal(feed_packet(f, f->packets[3]), -1);
	assert_int_equal(f->err.code, ERR_INTERNAL);
}

static void a_transaction_inside_another_is_an_error(void **state)
{
	struct fixture *f = *state;
	load(f, true, "rows");
	feed_until(f, 4);
	assert_int_equal(feed_packet(f, f->packets[2]), -1);
	assert_int_equal(f->err.code, ERR_SOURCE);
	assert_non_null(strstr(f->err.text, "begins inside another"));
}

/* Held events that the owner does not want are not returned. */
static void held_events_may_be_skipped(void **state)
{
	struct fixture *f = *state;
	f->skips = true;
	load(f, true, "undone");
	feed(f);
	assert_log(f, "begin commit: end begin commit: end begin rollback: end begin commit: end");
	assert_int_equal(f->bytes.len, 0);
}

/* Rows whose table was announced in another transaction are an error. */
static void tables_are_announced_again_in_each_transaction(void **state)
{
	struct fixture *f = *state;
	load(f, true, "rows");
	size_t map = find(f, EVENT_TABLE_MAP, 1), n = find(f, EVENT_XID, 1);
	memmove(f->packets + map, f->packets + map + 1, (n - map) * sizeof(f->packets[0]));
	feed_until(f, n - 1);
	assert_int_equal(feed_packet(f, f->packets[n - 1]), -1);
	assert_non_null(strstr(f->err.text, "binlog event at "));
	assert_non_null(strstr(f->err.text, "no Table_map event has announced"));
}

static void damage_is_found(void **state)
{
	struct fixture *f = *state;
	load(f, true, "rows");
	size_t rows = find(f, EVENT_WRITE_ROWS_V1, 0);
	struct slice packet = events_cut(f->packets[rows], f->packets[rows].len);
	((char *)packet.ptr)[packet.len - 8] ^= 1;
	feed_until(f, rows);
	assert_int_equal(feed_packet(f, packet), -1);
	assert_non_null(strstr(f->err.text, "wrong checksum"));
	free((void *)packet.ptr);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(scenes_come_out_as_transactions),
		TEST(large_transactions_come_out_the_same),
		TEST(a_cut_transaction_never_happened),
		TEST(a_transaction_that_loses_its_end_is_an_error),
		TEST(a_half_read_transaction_is_read_again),
		TEST(rows_split_in_another_way_after_a_reconnect_are_an_error),
		TEST(a_cut_transaction_is_over_after_a_reconnect),
		TEST(another_transaction_after_a_reconnect_is_an_error),
		TEST(a_held_transaction_begins_anew),
		TEST(reading_ahead_may_fail),
		TEST(reading_ahead_begins_at_the_transaction),
		TEST(a_transaction_inside_another_is_an_error),
		TEST(held_events_may_be_skipped),
		TEST(tables_are_announced_again_in_each_transaction),
		TEST(damage_is_found),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
