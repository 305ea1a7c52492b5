#include "unit.h"

#include "model/gtid.h"

#define UUID_A "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9fa"
#define UUID_B "ffffffff-0000-0000-0000-000000000001"

static struct gtid_set parsed(enum gtid_flavour flavour, const char *text)
{
	struct gtid_set set;
	struct err err = ERR_INIT;
	gtid_set_init(&set, flavour);
	if (gtid_set_parse(&set, slice_str(text), &err) != 0)
		fail_msg("%s", err.text);
	return set;
}

static void assert_prints(const struct gtid_set *set, const char *text)
{
	struct buf buf;
	buf_init(&buf);
	gtid_set_print(set, &buf);
	assert_string_equal(buf_cstr(&buf), text);
	buf_fini(&buf);
}

static void assert_normal(enum gtid_flavour flavour, const char *text, const char *normal)
{
	struct gtid_set set = parsed(flavour, text);
	assert_prints(&set, normal);
	struct gtid_set again = parsed(flavour, normal);
	assert_true(gtid_set_equal(&set, &again));
	gtid_set_fini(&again);
	gtid_set_fini(&set);
}

static void parse_and_print(void **state)
{
	(void)state;
	assert_normal(GTID_MARIADB, "", "");
	assert_normal(GTID_MARIADB, "0-1-5", "0-1-5");
	assert_normal(GTID_MARIADB, " 1-1-7 ,\n0-4294967295-18446744073709551615 ",
		      "0-4294967295-18446744073709551615,1-1-7");
	assert_normal(GTID_MYSQL, "", "");
	assert_normal(GTID_MYSQL, " \n", "");
	assert_normal(GTID_MYSQL, UUID_A ":1-5", UUID_A ":1-5");
	assert_normal(GTID_MYSQL, UUID_A ":7:1-5:6", UUID_A ":1-7");
	assert_normal(GTID_MYSQL, UUID_A ":9:1-5:7", UUID_A ":1-5:7:9");
	assert_normal(GTID_MYSQL, UUID_B ":3,\n" UUID_A " : 1 - 5 : 7",
		      UUID_A ":1-5:7," UUID_B ":3");
	assert_normal(GTID_MYSQL, UUID_A ":1-3," UUID_A ":2-9", UUID_A ":1-9");
	assert_normal(GTID_MYSQL, "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9FA:1", UUID_A ":1");
	assert_normal(GTID_MYSQL, UUID_A ":1-9223372036854775806", UUID_A ":1-9223372036854775806");
	assert_normal(GTID_NONE, " ", "");
}

static void parse_refuses(void **state)
{
	(void)state;
	static const struct {
		enum gtid_flavour flavour;
		const char *text;
		const char *part; /* of the error */
	} cases[] = {
		{GTID_MARIADB, "0-1", "no '-'"},
		{GTID_MARIADB, "0-1-", "no number"},
		{GTID_MARIADB, "0-1-5,", "no number"},
		{GTID_MARIADB, "0-1-5 x", "something unexpected at character 7"},
		{GTID_MARIADB, "4294967296-1-5", "too large"},
		{GTID_MARIADB, "0-1-18446744073709551616", "too large"},
		{GTID_MARIADB, "0-1-5,0-2-6", "twice"},
		{GTID_MARIADB, UUID_A ":1", "no"},
		{GTID_MYSQL, "0-1-5", "no server uuid"},
		{GTID_MYSQL, UUID_A, "no ':'"},
		{GTID_MYSQL, UUID_A ":", "no number"},
		{GTID_MYSQL, UUID_A ":0", "begins at 0"},
		{GTID_MYSQL, UUID_A ":5-4", "empty"},
		{GTID_MYSQL, UUID_A ":1-", "no number"},
		{GTID_MYSQL, UUID_A ":1,", "no server uuid"},
		{GTID_MYSQL, UUID_A ":9223372036854775807", "too large"},
		{GTID_MYSQL, "0b1c2d3e_4f50-6172-8394-a5b6c7d8e9fa:1", "no server uuid"},
		{GTID_MYSQL, "gb1c2d3e-4f50-6172-8394-a5b6c7d8e9fa:1", "no server uuid"},
		{GTID_MYSQL, UUID_A ":1-5:blue:1", "the tag 'blue'"},
		{GTID_MYSQL, UUID_A ":_x:1", "the tag '_x'"},
		{GTID_NONE, "0-1-5", "without GTIDs"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct gtid_set set;
		struct err err = ERR_INIT;
		gtid_set_init(&set, cases[i].flavour);
		assert_int_equal(gtid_set_parse(&set, slice_str(cases[i].text), &err), -1);
		assert_int_equal(err.code, ERR_SOURCE);
		assert_non_null(strstr(err.text, cases[i].part));
		assert_true(gtid_set_empty(&set));
		gtid_set_fini(&set);
	}
}

static void parse_replaces_the_content(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	struct gtid_set set = parsed(GTID_MYSQL, UUID_A ":1-5");
	assert_int_equal(gtid_set_parse(&set, SLICE(UUID_B ":2"), &err), 0);
	assert_prints(&set, UUID_B ":2");
	gtid_set_fini(&set);
}

static void every_prefix_parses_or_fails(void **state)
{
	(void)state;
	struct slice whole = SLICE(UUID_A ":1-5:7," UUID_B ":3");
	for (size_t n = 0; n < whole.len; n++) {
		char *text = malloc(n + 1);
		struct gtid_set set;
		struct err err = ERR_INIT;
		memcpy(text, whole.ptr, n);
		gtid_set_init(&set, GTID_MYSQL);
		if (gtid_set_parse(&set, slice_of(text, n), &err) != 0)
			assert_int_equal(err.code, ERR_SOURCE);
		gtid_set_fini(&set);
		free(text);
	}
}

static struct gtid mysql_gtid(const char *set_text, uint64_t seq)
{
	struct gtid_set set = parsed(GTID_MYSQL, set_text);
	struct gtid gtid = {.flavour = GTID_MYSQL, .seq = seq};
	memcpy(gtid.uuid, set.sources[0].uuid, 16);
	gtid_set_fini(&set);
	return gtid;
}

/* Numbers added in any order, against an array of flags. */
static void mysql_add_in_any_order(void **state)
{
	(void)state;
	enum { N = 400 };
	bool inside[N + 2] = {false};
	uint64_t seed = 21;
	struct gtid_set set;
	gtid_set_init(&set, GTID_MYSQL);
	struct gtid gtid = mysql_gtid(UUID_A ":1", 1);
	for (unsigned i = 0; i < 3 * N; i++) {
		gtid.seq = 1 + unit_random(&seed) % N;
		gtid_set_add(&set, &gtid);
		inside[gtid.seq] = true;
		size_t runs = 0;
		for (unsigned n = 1; n <= N; n++)
			runs += inside[n] && !inside[n - 1];
		assert_int_equal(set.nsources, 1);
		assert_int_equal(set.sources[0].nintervals, runs);
	}
	for (gtid.seq = 1; gtid.seq <= N; gtid.seq++)
		assert_int_equal(gtid_set_contains(&set, &gtid), inside[gtid.seq]);
	gtid_set_fini(&set);
}

static void mysql_contains_other_servers_not(void **state)
{
	(void)state;
	struct gtid_set set = parsed(GTID_MYSQL, UUID_A ":1-5:8");
	struct gtid a = mysql_gtid(UUID_A ":1", 8);
	struct gtid b = mysql_gtid(UUID_B ":1", 1);
	assert_true(gtid_set_contains(&set, &a));
	assert_false(gtid_set_contains(&set, &b));
	a.seq = 6;
	assert_false(gtid_set_contains(&set, &a));
	gtid_set_fini(&set);
}

static void mariadb_add_replaces_merge_keeps_the_later(void **state)
{
	(void)state;
	struct gtid_set set = parsed(GTID_MARIADB, "0-1-5");
	gtid_set_add(&set, &(struct gtid){.flavour = GTID_MARIADB, .server_id = 2, .seq = 9});
	gtid_set_add(&set, &(struct gtid){
				   .flavour = GTID_MARIADB, .domain = 3, .server_id = 1, .seq = 1});
	gtid_set_add(&set, &(struct gtid){.flavour = GTID_NONE});
	assert_prints(&set, "0-2-9,3-1-1");
	struct gtid_set other = parsed(GTID_MARIADB, "0-7-8,1-1-1,3-4-5");
	gtid_set_merge(&set, &other);
	assert_prints(&set, "0-2-9,1-1-1,3-4-5");
	gtid_set_fini(&other);
	gtid_set_fini(&set);
}

static void mariadb_contains_by_sequence_in_its_domain(void **state)
{
	(void)state;
	struct gtid_set set = parsed(GTID_MARIADB, "0-1-5,2-1-1");
	struct gtid gtid = {.flavour = GTID_MARIADB, .server_id = 9, .seq = 5};
	assert_true(gtid_set_contains(&set, &gtid));
	gtid.seq = 6;
	assert_false(gtid_set_contains(&set, &gtid));
	gtid = (struct gtid){.flavour = GTID_MARIADB, .domain = 1, .seq = 1};
	assert_false(gtid_set_contains(&set, &gtid));
	assert_false(gtid_set_contains(&set, &(struct gtid){.flavour = GTID_NONE}));
	gtid_set_fini(&set);
}

static void subset_and_equal(void **state)
{
	(void)state;
	static const struct {
		enum gtid_flavour flavour;
		const char *a, *b;
		bool a_in_b, b_in_a;
	} cases[] = {
		{GTID_MYSQL, "", "", true, true},
		{GTID_MYSQL, "", UUID_A ":1", true, false},
		{GTID_MYSQL, UUID_A ":1-5", UUID_A ":1-6", true, false},
		{GTID_MYSQL, UUID_A ":1-5", UUID_A ":2-6", false, false},
		{GTID_MYSQL, UUID_A ":2:5", UUID_A ":1-3:5-9," UUID_B ":1", true, false},
		{GTID_MYSQL, UUID_A ":3-5", UUID_A ":1-3:5-9", false, false},
		{GTID_MYSQL, UUID_A ":1", UUID_B ":1", false, false},
		{GTID_MYSQL, UUID_A ":1-4:5", UUID_A ":1-5", true, true},
		{GTID_MARIADB, "0-1-5", "0-1-6", true, false},
		{GTID_MARIADB, "0-1-5", "0-1-5,1-1-1", true, false},
		{GTID_MARIADB, "0-1-5", "1-1-5", false, false},
		{GTID_MARIADB, "0-1-5", "0-1-5", true, true},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct gtid_set a = parsed(cases[i].flavour, cases[i].a);
		struct gtid_set b = parsed(cases[i].flavour, cases[i].b);
		assert_int_equal(gtid_set_subset(&a, &b), cases[i].a_in_b);
		assert_int_equal(gtid_set_subset(&b, &a), cases[i].b_in_a);
		assert_int_equal(gtid_set_equal(&a, &b), cases[i].a_in_b && cases[i].b_in_a);
		gtid_set_fini(&a);
		gtid_set_fini(&b);
	}
	struct gtid_set a = parsed(GTID_MARIADB, "0-1-5");
	struct gtid_set b = parsed(GTID_MARIADB, "0-2-5");
	assert_false(gtid_set_equal(&a, &b));
	gtid_set_fini(&a);
	gtid_set_fini(&b);
}

static void mysql_merge_is_the_union(void **state)
{
	(void)state;
	struct gtid_set a = parsed(GTID_MYSQL, UUID_A ":1-3:10-12");
	struct gtid_set b = parsed(GTID_MYSQL, UUID_A ":4-5:7:13," UUID_B ":1");
	gtid_set_merge(&a, &b);
	assert_prints(&a, UUID_A ":1-5:7:10-13," UUID_B ":1");
	gtid_set_fini(&a);
	gtid_set_fini(&b);
}

static void copy_is_independent(void **state)
{
	(void)state;
	struct gtid_set a = parsed(GTID_MYSQL, UUID_A ":1-3");
	struct gtid_set b = parsed(GTID_MARIADB, "0-1-5");
	gtid_set_copy(&b, &a);
	assert_int_equal(b.flavour, GTID_MYSQL);
	gtid_set_copy(&b, &b);
	struct gtid gtid = mysql_gtid(UUID_A ":1", 4);
	gtid_set_add(&a, &gtid);
	assert_prints(&a, UUID_A ":1-4");
	assert_prints(&b, UUID_A ":1-3");
	gtid_set_fini(&a);
	gtid_set_fini(&b);
}

static void print_one(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf);
	struct gtid gtid = mysql_gtid(UUID_A ":1", 23);
	gtid_print(&gtid, &buf);
	assert_string_equal(buf_cstr(&buf), UUID_A ":23");
	buf_clear(&buf);
	gtid_print(&(struct gtid){.flavour = GTID_MARIADB, .domain = 1, .server_id = 2, .seq = 3},
		   &buf);
	assert_string_equal(buf_cstr(&buf), "1-2-3");
	buf_clear(&buf);
	gtid_print(&(struct gtid){.flavour = GTID_NONE}, &buf);
	assert_int_equal(buf.len, 0);
	buf_fini(&buf);
}

static void encode_for_the_dump_command(void **state)
{
	(void)state;
	static const unsigned char want[] =
		"\2\0\0\0\0\0\0\0"
		"\x0b\x1c\x2d\x3e\x4f\x50\x61\x72\x83\x94\xa5\xb6\xc7\xd8\xe9\xfa"
		"\2\0\0\0\0\0\0\0"
		"\1\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0"
		"\7\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0"
		"\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\1"
		"\1\0\0\0\0\0\0\0"
		"\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0";
	struct buf buf;
	buf_init(&buf);
	struct gtid_set set = parsed(GTID_MYSQL, UUID_A ":1-5:7," UUID_B ":3");
	gtid_set_encode(&set, &buf);
	assert_int_equal(buf.len, sizeof(want) - 1);
	assert_memory_equal(buf.ptr, want, buf.len);
	buf_clear(&buf);
	gtid_set_fini(&set);
	gtid_set_encode(&set, &buf);
	assert_int_equal(buf.len, 8);
	assert_memory_equal(buf.ptr, "\0\0\0\0\0\0\0\0", 8);
	buf_fini(&buf);
}

static void equal_gtids(void **state)
{
	const struct gtid a = {GTID_MARIADB, 1, 2, {0}, 3};
	struct gtid b = a;
	(void)state;
	assert_true(gtid_equal(&a, &b));
	b.seq++;
	assert_false(gtid_equal(&a, &b));
	b = a;
	b.uuid[15] = 1;
	assert_false(gtid_equal(&a, &b));
}

/* A PREVIOUS_GTIDS event has the form of the dump command. */
/* The form of a server that knows tags, for one UUID. */
static bool read_form_with_tags(struct gtid_set *set, const char *tag, uint8_t tag_len)
{
	static const uint8_t head[8] = {1, 1, 0, 0, 0, 0, 0, 1};
	static const uint8_t interval[24] = {1, [8] = 1, [16] = 6}; /* 1-5 */
	uint8_t uuid[16], size = (uint8_t)(tag_len << 1);
	struct buf buf;
	struct reader r;
	bool ok;
	buf_init(&buf);
	memset(uuid, 0x11, sizeof(uuid));
	buf_append(&buf, head, sizeof(head));
	buf_append(&buf, uuid, sizeof(uuid));
	buf_append(&buf, &size, 1);
	buf_append(&buf, tag, tag_len);
	buf_append(&buf, interval, sizeof(interval));
	reader_init(&r, buf.ptr, buf.len);
	ok = gtid_set_read_mysql(set, &r);
	buf_fini(&buf);
	return ok;
}

static void read_previous_gtids_in_the_form_with_tags(void **state)
{
	struct gtid_set set, expected;
	struct err err = ERR_INIT;
	(void)state;
	gtid_set_init(&set, GTID_MYSQL);
	gtid_set_init(&expected, GTID_MYSQL);
	assert_int_equal(
		gtid_set_parse(&expected, SLICE("11111111-1111-1111-1111-111111111111:1-5"), &err),
		0);
	assert_true(read_form_with_tags(&set, "", 0));
	assert_true(gtid_set_equal(&set, &expected));
	assert_false(read_form_with_tags(&set, "a", 1));
	gtid_set_fini(&expected);
	gtid_set_fini(&set);
}

static void read_previous_gtids(void **state)
{
	struct gtid_set set, read;
	struct buf buf;
	struct err err = ERR_INIT;
	struct reader r;
	(void)state;
	gtid_set_init(&set, GTID_MYSQL);
	gtid_set_init(&read, GTID_MYSQL);
	buf_init(&buf);
	assert_int_equal(gtid_set_parse(&set,
					SLICE("11111111-1111-1111-1111-111111111111:1-5:7,"
					      "22222222-2222-2222-2222-222222222222:1"),
					&err),
			 0);
	gtid_set_encode(&set, &buf);
	reader_init(&r, buf.ptr, buf.len);
	assert_true(gtid_set_read_mysql(&read, &r));
	assert_true(gtid_set_equal(&set, &read));
	for (size_t n = 0; n < buf.len; n++) { /* each prefix is damaged */
		reader_init(&r, buf.ptr, n);
		assert_false(gtid_set_read_mysql(&read, &r));
	}
	buf.ptr[7] = 1; /* the version of a set with tags */
	reader_init(&r, buf.ptr, buf.len);
	assert_false(gtid_set_read_mysql(&read, &r));
	buf_fini(&buf);
	gtid_set_fini(&read);
	gtid_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_and_print),
		cmocka_unit_test(equal_gtids),
		cmocka_unit_test(parse_refuses),
		cmocka_unit_test(parse_replaces_the_content),
		cmocka_unit_test(every_prefix_parses_or_fails),
		cmocka_unit_test(mysql_add_in_any_order),
		cmocka_unit_test(mysql_contains_other_servers_not),
		cmocka_unit_test(mariadb_add_replaces_merge_keeps_the_later),
		cmocka_unit_test(mariadb_contains_by_sequence_in_its_domain),
		cmocka_unit_test(subset_and_equal),
		cmocka_unit_test(mysql_merge_is_the_union),
		cmocka_unit_test(copy_is_independent),
		cmocka_unit_test(print_one),
		cmocka_unit_test(encode_for_the_dump_command),
		cmocka_unit_test(read_previous_gtids),
		cmocka_unit_test(read_previous_gtids_in_the_form_with_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
