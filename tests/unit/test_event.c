/* Events of real servers (tests/data/events.txt), whole, cut and damaged. */
#include "decode/event.h"

#include "decode/crc32.h"
#include "model/charset.h"
#include "unit/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* of the protocol */
enum {
	CHECKSUM_SIZE = 4,
	IN_USE = 1, /* a flag of the header */
};

static struct event must_parse(const struct captured *c)
{
	struct event_format format = events_format(c->mariadb);
	struct event event;
	struct err err = ERR_INIT;
	if (event_parse(c->packet, &format, true, &event, &err) < 0)
		fail_msg("%s: %s", c->label, err.text);
	return event;
}

static struct event nth(bool mariadb, const char *label, int type, unsigned n)
{
	unsigned at = 0;
	const struct captured *c = NULL;
	for (unsigned i = 0; i <= n; i++)
		c = events_next(mariadb, label, type, &at);
	assert_non_null(c);
	return must_parse(c);
}

static struct event_query nth_query(bool mariadb, const char *label, unsigned n)
{
	struct event_format format = events_format(mariadb);
	struct event event = nth(mariadb, label, EVENT_QUERY, n);
	struct event_query query;
	struct err err = ERR_INIT;
	assert_int_equal(event_query_parse(&event, &format, &query, &err), 0);
	return query;
}

static bool contains(struct slice s, const char *text)
{
	return memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

/* Returns the query whose text contains `text`. */
static struct event_query query_with(bool mariadb, const char *label, const char *text)
{
	for (unsigned i = 0; i < 30; i++) {
		struct event_query query = nth_query(mariadb, label, i);
		if (contains(query.sql, text))
			return query;
	}
	fail();
	return (struct event_query){0};
}

#define assert_slice(s, text)                                                                      \
	do {                                                                                       \
		struct slice got_ = (s);                                                           \
		if (!slice_equal(got_, slice_str(text)))                                           \
			fail_msg("'%.*s' is not '%s'", SLICE_FMT(got_), text);                     \
	} while (0)

static void test_every_captured_event_is_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ncaptured; i++) {
		const struct captured *c = &captured[i];
		struct event_format format = events_format(c->mariadb);
		struct event event;
		struct err err = ERR_INIT;
		int result = event_parse(c->packet, &format, true, &event, &err);
		bool refused =
			event.type == EVENT_TRANSACTION_PAYLOAD || event.type == EVENT_GTID_TAGGED;
		assert_non_null(event_name(event.type));
		assert_int_equal(result, refused ? -1 : 0);
		assert_int_equal(event.size, c->packet.len);
	}
}

static void test_refused_events_name_the_setting(void **state)
{
	static const struct {
		const char *label, *text;
		int type;
	} cases[] = {
		{"payload", "binlog_transaction_compression=OFF", EVENT_TRANSACTION_PAYLOAD},
		{"tagged", "gtid_next", EVENT_GTID_TAGGED},
	};
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		unsigned at = 0;
		struct event_format format = events_format(false);
		struct event event;
		struct err err = ERR_INIT;
		const struct captured *c = events_next(false, cases[i].label, cases[i].type, &at);
		assert_non_null(c);
		assert_int_equal(event_parse(c->packet, &format, true, &event, &err), -1);
		assert_int_equal(err.code, ERR_DATA);
		assert_non_null(strstr(err.text, cases[i].text));
	}
	struct event_format format = events_format(true);
	struct event event = nth(true, "compressed", EVENT_QUERY_COMPRESSED, 0);
	struct event_query query;
	struct err err = ERR_INIT;
	assert_int_equal(event_query_parse(&event, &format, &query, &err), -1);
	assert_non_null(strstr(err.text, "log_bin_compress=OFF"));
}

static struct slice packet_of(uint8_t *bytes, uint8_t type, uint16_t flags, size_t len)
{
	memset(bytes, 0, len);
	bytes[4] = type;
	bytes[9] = (uint8_t)len;
	bytes[10] = (uint8_t)(len >> 8);
	bytes[17] = (uint8_t)flags;
	return slice_of(bytes, len);
}

static void test_unknown_events(void **state)
{
	uint8_t bytes[64];
	struct event_format format;
	struct event event;
	struct err err = ERR_INIT;
	(void)state;
	event_format_init(&format);
	assert_int_equal(event_parse(packet_of(bytes, 99, 0, 30), &format, true, &event, &err), -1);
	assert_non_null(strstr(err.text, "event type 99 "));
	assert_int_equal(event_parse(packet_of(bytes, 99, EVENT_FLAG_IGNORABLE, 30), &format, true,
				     &event, &err),
			 0);
	assert_int_equal(
		event_parse(packet_of(bytes, EVENT_INCIDENT, 0, 30), &format, true, &event, &err),
		-1);
	assert_non_null(strstr(err.text, "missing"));
	assert_int_equal(event_parse(packet_of(bytes, EVENT_START_ENCRYPTION, 0, 30), &format, true,
				     &event, &err),
			 -1);
	assert_int_equal(event_parse(packet_of(bytes, EVENT_PARTIAL_ROW_DATA, 0, 30), &format, true,
				     &event, &err),
			 -1);
	assert_int_equal(err.id, E_EVENT_UNKNOWN);
	assert_non_null(strstr(err.text, "binlog_row_event_fragment_threshold"));
	assert_null(event_name(99));
	assert_string_equal(event_name(EVENT_ANNOTATE_ROWS), "Annotate_rows");
}

/* With encrypt_binlog MariaDB decrypts events in a dump, and marks the START_ENCRYPTION event as ignorable. */
static void test_encryption_of_a_dump(void **state)
{
	static const char hex[] =
		"4f08046ba40d000000280000002801000080000101000000dcdb6ef7febde5cbd30553a1fb58b1a1";
	struct event_format format = events_format(true);
	struct slice packet = events_bytes(hex);
	struct event event;
	struct err err = ERR_INIT;
	(void)state;
	assert_int_equal(event_parse(packet, &format, true, &event, &err), 0);
	assert_int_equal(event.type, EVENT_START_ENCRYPTION);
	((uint8_t *)packet.ptr)[17] = 0; /* as in the file */
	assert_int_equal(event_parse(packet, &format, false, &event, &err), -1);
	assert_non_null(strstr(err.text, "encrypt_binlog=OFF"));
	free((void *)packet.ptr);
}

static void test_sizes_must_agree(void **state)
{
	uint8_t bytes[64];
	struct event_format format;
	struct event event;
	struct err err = ERR_INIT;
	(void)state;
	event_format_init(&format);
	struct slice packet = packet_of(bytes, EVENT_XID, 0, 27);
	for (size_t n = 0; n < 27; n++)
		assert_int_equal(event_parse(slice_of(packet.ptr, n), &format, true, &event, &err),
				 -1);
	assert_int_equal(event_parse(packet, &format, true, &event, &err), 0);
	assert_int_equal(event.body.len, 8);
	packet.len++;
	assert_int_equal(event_parse(packet, &format, true, &event, &err), -1);
}

static void test_each_flipped_bit_is_seen(void **state)
{
	struct event_format format = events_format(true);
	unsigned at = 0;
	(void)state;
	const struct captured *c = events_next(true, "rows", EVENT_WRITE_ROWS_V1, &at);
	struct slice copy = events_cut(c->packet, c->packet.len);
	for (size_t bit = 0; bit < 8 * copy.len; bit++) {
		struct event event;
		struct err err = ERR_INIT;
		((uint8_t *)copy.ptr)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		int result = event_parse(copy, &format, true, &event, &err);
		/* event_format_parse checks a Format_description */
		if (result == 0 && event.type == EVENT_FORMAT_DESCRIPTION)
			result = event_format_parse(copy, &format, &err);
		assert_int_equal(result, -1);
		((uint8_t *)copy.ptr)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free((void *)copy.ptr);
}

static void test_format(void **state)
{
	(void)state;
	struct event_format maria = events_format(true), mysql = events_format(false);
	assert_true(maria.checksum && mysql.checksum);
	assert_true(maria.mariadb);
	assert_false(mysql.mariadb);
	assert_int_equal(maria.post_header[EVENT_QUERY], 13);
	assert_int_equal(maria.post_header[EVENT_WRITE_ROWS_V1], 8);
	assert_int_equal(mysql.post_header[EVENT_WRITE_ROWS_V2], 10);
	assert_memory_equal(mysql.server_version, "9.", 2);
	assert_memory_equal(maria.server_version, "10.11", 5);
}

/* Some servers leave "file in use" set in the file; the checksum is of the event without it. */
static void test_format_in_use(void **state)
{
	unsigned at = 0;
	struct event_format format;
	struct err err = ERR_INIT;
	(void)state;
	const struct captured *c = events_next(true, "rows", EVENT_FORMAT_DESCRIPTION, &at);
	struct slice copy = events_cut(c->packet, c->packet.len);
	((uint8_t *)copy.ptr)[17] ^= IN_USE;
	assert_int_equal(event_format_parse(copy, &format, &err), 0);
	((uint8_t *)copy.ptr)[40] ^= 1;
	assert_int_equal(event_format_parse(copy, &format, &err), -1);
	free((void *)copy.ptr);
}

/* A dump clears "created" and rewrites end, flags and checksum. The other fields distinguish files of one name. */
static void test_format_born(void **state)
{
	enum { TIMESTAMP = 0, END_POS = 13, FLAGS = 17, CREATED = EVENT_HEADER_SIZE + 52 };
	const unsigned rewritten[] = {END_POS, FLAGS, CREATED},
		       kept[] = {TIMESTAMP, 5, CREATED - 52 + 2, CREATED + 6};
	char born[EVENT_BORN_SIZE], other[EVENT_BORN_SIZE];
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		unsigned at = 0;
		const struct captured *c =
			events_next(m == 1, "rows", EVENT_FORMAT_DESCRIPTION, &at);
		event_format_born(c->packet, born);
		assert_non_null(strstr(born, m == 1 ? "MariaDB" : ", version "));
		for (unsigned i = 0; i < 3 + 4; i++) {
			struct slice copy = events_cut(c->packet, c->packet.len);
			((uint8_t *)copy.ptr)[i < 3 ? rewritten[i] : kept[i - 3]] ^= 3;
			((uint8_t *)copy.ptr)[copy.len - 1] ^= 1;
			event_format_born(copy, other);
			assert_int_equal(strcmp(born, other) == 0, i < 3);
			free((void *)copy.ptr);
		}
	}
}

/* The Rotate before the first Format_description may have a checksum, which no earlier event announces. */
static void test_first_rotate(void **state)
{
	(void)state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		struct event_format format;
		struct event event;
		struct event_rotate rotate;
		struct err err = ERR_INIT;
		unsigned at = 0;
		const struct captured *c = events_next(mariadb, "rows", EVENT_ROTATE, &at);
		event_format_init(&format);
		assert_int_equal(event_parse(c->packet, &format, true, &event, &err), 0);
		assert_true(event.flags & EVENT_FLAG_ARTIFICIAL);
		assert_int_equal(event_rotate_parse(&event, &rotate, &err), 0);
		assert_true(contains(rotate.file, "bin"));
		assert_int_equal(rotate.file.len, mariadb ? 10 : 13);
		assert_true(rotate.offset > 4);
		/* the same without a checksum */
		struct slice plain = events_cut(c->packet, c->packet.len - 4);
		((uint8_t *)plain.ptr)[9] = (uint8_t)(plain.len);
		assert_int_equal(event_parse(plain, &format, true, &event, &err), 0);
		assert_int_equal(event_rotate_parse(&event, &rotate, &err), 0);
		assert_int_equal(rotate.file.len, mariadb ? 10 : 13);
		free((void *)plain.ptr);
	}
}

static void test_query(void **state)
{
	(void)state;
	for (int mariadb = 0; mariadb < 2; mariadb++) {
		struct event_query q = query_with(mariadb, "ddl", "CREATE TABLE events_db.d");
		assert_slice(q.db, "events_db");
		assert_int_equal(q.error_code, 0);
		assert_true(
			slice_starts(q.sql, SLICE("CREATE TABLE events_db.d (id INT PRIMARY KEY")));
		enum charset charset;
		assert_true(charset_of_id(q.charset_client, &charset));
		assert_int_equal(charset, CHARSET_UTF8MB4);
		q = query_with(mariadb, "ddl", "latin1 client");
		assert_true(charset_of_id(q.charset_client, &charset));
		assert_int_equal(charset, CHARSET_LATIN1);
		q = query_with(mariadb, "ddl", "COMMENT 'ansi'");
		assert_true(q.sql_mode & 1 << 2);
		assert_true(q.sql_mode & 1 << 20);
		q = query_with(mariadb, "ddl", "COMMENT 'zone'");
		assert_false(q.sql_mode & 1 << 2);
		q = query_with(mariadb, "ddl", "CREATE TABLE e (");
		assert_slice(q.db, "events_db2");
		assert_true(charset_of_id(q.collation_server, &charset));
	}
}

/* MariaDB 11 writes character_set_collations before the character sets; MySQL's explicit_defaults_for_timestamp. */
static void test_query_variables(void **state)
{
	static const char body[] = "\0\0\0\0\0\0\0\0\1\0\0\x1b\0"
				   "\0\0\0\0\x11"           /* flags2 */
				   "\x83\2\1\0\2\0\3\0\4\0" /* two pairs */
				   "\x04\x08\0\x2d\0\x21\0" /* latin1 client */
				   "\x08\x2f\0"             /* collation_database */
				   "\x10\1"                 /* explicit */
				   "d\0DROP TABLE t";
	struct event event = {.type = EVENT_QUERY};
	struct event_format format;
	struct event_query query;
	struct err err = ERR_INIT;
	(void)state;
	event_format_init(&format);
	format.post_header[EVENT_QUERY] = 13;
	event.body = slice_of(body, sizeof(body) - 1);
	assert_int_equal(event_query_parse(&event, &format, &query, &err), 0);
	assert_int_equal(query.flags2, 0x11000000);
	assert_int_equal(query.charset_client, 8);
	assert_int_equal(query.collation_server, 33);
	assert_int_equal(query.collation_database, 47);
	assert_true(query.has_explicit_defaults && query.explicit_defaults);
	assert_slice(query.sql, "DROP TABLE t");
}

static void test_mariadb_gtid(void **state)
{
	struct event event = nth(true, "rows", EVENT_GTID_MARIADB, 0);
	struct event_gtid gtid, next;
	struct err err = ERR_INIT;
	(void)state;
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_int_equal(gtid.gtid.flavour, GTID_MARIADB);
	assert_int_equal(gtid.gtid.domain, 0);
	assert_int_equal(gtid.gtid.server_id, event.server_id);
	assert_false(gtid.standalone || gtid.xa_prepared || gtid.xa_completed);
	assert_int_equal(gtid.alter, ALTER_NONE);
	assert_int_equal(gtid.commit_ms, (int64_t)event.timestamp * 1000);
	event = nth(true, "rows", EVENT_GTID_MARIADB, 1);
	assert_int_equal(event_gtid_parse(&event, &next, &err), 0);
	assert_int_equal(next.gtid.seq, gtid.gtid.seq + 1);
	event = nth(true, "ddl", EVENT_GTID_MARIADB, 0);
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_true(gtid.standalone);
}

static void test_mariadb_xa(void **state)
{
	static const char xid[] = "\7\0\0\0\2\2gtbq";
	struct event_gtid prepared, completed;
	struct err err = ERR_INIT;
	(void)state;
	struct event event = nth(true, "xa", EVENT_GTID_MARIADB, 0);
	assert_int_equal(event_gtid_parse(&event, &prepared, &err), 0);
	assert_true(prepared.xa_prepared && !prepared.xa_completed);
	assert_true(slice_equal(prepared.xid, slice_of(xid, sizeof(xid) - 1)));
	event = nth(true, "xa", EVENT_GTID_MARIADB, 1);
	assert_int_equal(event_gtid_parse(&event, &completed, &err), 0);
	assert_true(completed.xa_completed && !completed.xa_prepared);
	assert_true(slice_equal(completed.xid, prepared.xid));
}

static void test_two_phase_alter(void **state)
{
	struct event_gtid start, commit;
	struct err err = ERR_INIT;
	(void)state;
	struct event event = nth(true, "two-phase-alter", EVENT_GTID_MARIADB, 0);
	assert_int_equal(event_gtid_parse(&event, &start, &err), 0);
	assert_int_equal(start.alter, ALTER_START);
	event = nth(true, "two-phase-alter", EVENT_GTID_MARIADB, 1);
	assert_int_equal(event_gtid_parse(&event, &commit, &err), 0);
	assert_int_equal(commit.alter, ALTER_COMMIT);
	assert_int_equal(commit.alter_seq, start.gtid.seq);
}

/* The event of a replica: the original commit timestamp follows the immediate one. */
static void check_original(const struct event *primary, uint64_t micros, int64_t commit_ms)
{
	enum { IMMEDIATE_AT = 42, SIZE = IMMEDIATE_AT + 14 };
	uint8_t body[SIZE];
	struct event event = *primary;
	struct event_gtid gtid, own;
	struct err err = ERR_INIT;
	assert_int_equal(event_gtid_parse(primary, &own, &err), 0);
	memcpy(body, primary->body.ptr, IMMEDIATE_AT + 7);
	body[IMMEDIATE_AT + 6] |= 0x80;
	memcpy(body + IMMEDIATE_AT + 7, &micros, 7);
	event.body = slice_of(body, sizeof(body));
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_int_equal(gtid.commit_ms, commit_ms);
	assert_int_equal(gtid.written_ms, own.commit_ms);
}

static void test_mysql_gtid(void **state)
{
	struct event event = nth(false, "rows", EVENT_GTID_MYSQL, 0);
	struct event_gtid gtid;
	struct err err = ERR_INIT;
	(void)state;
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_int_equal(gtid.gtid.flavour, GTID_MYSQL);
	assert_true(gtid.gtid.seq > 0);
	/* the commit's microseconds, not the header's seconds */
	assert_true(gtid.commit_ms / 1000 - event.timestamp <= 1);
	assert_true(gtid.commit_ms > (int64_t)event.timestamp * 1000);
	assert_memory_equal(gtid.gtid.uuid, event.body.ptr + 1, 16);
	assert_int_equal(gtid.written_ms, gtid.commit_ms);
	check_original(&event, 5000000, 5000);
	check_original(&event, 0, gtid.commit_ms); /* a replica without it */
	event.type = EVENT_ANONYMOUS_GTID;
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_int_equal(gtid.gtid.flavour, GTID_NONE);
	/* MySQL 5.6: no commit timestamps */
	event.body.len = 25;
	assert_int_equal(event_gtid_parse(&event, &gtid, &err), 0);
	assert_int_equal(gtid.commit_ms, (int64_t)event.timestamp * 1000);
}

static void test_mysql_xa(void **state)
{
	struct event_xa_prepare xa;
	struct err err = ERR_INIT;
	(void)state;
	struct event event = nth(false, "xa", EVENT_XA_PREPARE, 0);
	assert_int_equal(event_xa_prepare_parse(&event, &xa, &err), 0);
	assert_false(xa.one_phase);
	assert_int_equal(xa.format_id, 7);
	assert_slice(xa.gtrid, "gt");
	assert_slice(xa.bqual, "bq");
	event = nth(false, "xa", EVENT_XA_PREPARE, 2);
	assert_int_equal(event_xa_prepare_parse(&event, &xa, &err), 0);
	assert_true(xa.one_phase);
	assert_slice(xa.gtrid, "one");
	assert_slice(xa.bqual, "");
}

static void test_heartbeats(void **state)
{
	static const uint8_t v2[] = {1, 4, 'b', '.', '0', '1', 2, 9, 0xfe,
				     1, 0, 0,   0,   1,   0,   0, 0, 0};
	struct event_heartbeat heartbeat;
	struct err err = ERR_INIT;
	struct event event = {.type = EVENT_HEARTBEAT, .end_pos = 77, .body = SLICE("bin.000001")};
	(void)state;
	assert_int_equal(event_heartbeat_parse(&event, &heartbeat, &err), 0);
	assert_slice(heartbeat.file, "bin.000001");
	assert_int_equal(heartbeat.offset, 77);
	event = (struct event){.type = EVENT_HEARTBEAT_V2, .body = slice_of(v2, sizeof(v2))};
	assert_int_equal(event_heartbeat_parse(&event, &heartbeat, &err), 0);
	assert_slice(heartbeat.file, "b.01");
	assert_int_equal(heartbeat.offset, 0x100000001);
}

/* Runs every parser on every prefix of every event's body: the result is a value or an error, without an over-read. */
static void parse_all(const struct event *event, const struct event_format *format)
{
	struct err err = ERR_INIT;
	struct event_rotate rotate;
	struct event_gtid gtid;
	struct event_query query;
	struct event_xa_prepare xa;
	struct event_heartbeat heartbeat;
	int result = 0;
	switch (event->type) {
	case EVENT_ROTATE:
		result = event_rotate_parse(event, &rotate, &err);
		break;
	case EVENT_QUERY:
	case EVENT_QUERY_COMPRESSED:
		result = event_query_parse(event, format, &query, &err);
		break;
	case EVENT_XA_PREPARE:
		result = event_xa_prepare_parse(event, &xa, &err);
		break;
	case EVENT_HEARTBEAT_V2:
		result = event_heartbeat_parse(event, &heartbeat, &err);
		break;
	case EVENT_GTID_MARIADB:
	case EVENT_GTID_MYSQL:
	case EVENT_ANONYMOUS_GTID:
		result = event_gtid_parse(event, &gtid, &err);
		break;
	default:
		break;
	}
	assert_true(result == 0 || err.text[0] != '\0');
}

static void test_cut_error(void **state)
{
	struct err err = ERR_INIT;
	struct event event = {.type = EVENT_TABLE_MAP, .end_pos = 1234, .body = SLICE("abc")};
	(void)state;
	assert_int_equal(event_cut_error(&event, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_string_equal(err.text,
			    "Table_map event (type 19) that ends at 1234 is cut or damaged: its "
			    "fields do not fit its body of 3 bytes");
	event.type = 250;
	assert_int_equal(event_cut_error(&event, &err), -1);
	assert_non_null(strstr(err.text, "unknown event (type 250)"));
}

static void test_every_prefix(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ncaptured; i++) {
		struct event_format format = events_format(captured[i].mariadb), cut_format;
		struct slice body = captured[i].packet;
		body.ptr += EVENT_HEADER_SIZE;
		body.len -= EVENT_HEADER_SIZE + CHECKSUM_SIZE;
		for (size_t n = 0; n < body.len; n++) {
			struct err err = ERR_INIT;
			struct slice cut = events_cut(body, n);
			struct event event = {.type = events_type(&captured[i]), .body = cut};
			parse_all(&event, &format);
			free((void *)cut.ptr);
			cut = events_cut(captured[i].packet, n);
			assert_int_equal(event_format_parse(cut, &cut_format, &err), -1);
			assert_int_equal(event_parse(cut, &format, true, &event, &err), -1);
			free((void *)cut.ptr);
		}
	}
}

static void test_crc32(void **state)
{
	char text[100];
	(void)state;
	assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (unsigned i = 0; i <= sizeof(text); i++) {
		uint32_t parts = crc32_update(crc32_update(0, text, i), text + i, sizeof(text) - i);
		assert_int_equal(parts, crc32_update(0, text, sizeof(text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_captured_event_is_known),
		cmocka_unit_test(test_refused_events_name_the_setting),
		cmocka_unit_test(test_unknown_events),
		cmocka_unit_test(test_encryption_of_a_dump),
		cmocka_unit_test(test_sizes_must_agree),
		cmocka_unit_test(test_each_flipped_bit_is_seen),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_in_use),
		cmocka_unit_test(test_format_born),
		cmocka_unit_test(test_first_rotate),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_variables),
		cmocka_unit_test(test_mariadb_gtid),
		cmocka_unit_test(test_mariadb_xa),
		cmocka_unit_test(test_two_phase_alter),
		cmocka_unit_test(test_mysql_gtid),
		cmocka_unit_test(test_mysql_xa),
		cmocka_unit_test(test_heartbeats),
		cmocka_unit_test(test_cut_error),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_crc32),
	};
	return cmocka_run_group_tests(tests, events_load, events_free);
}
