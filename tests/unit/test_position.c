#include "unit.h"

#include "model/position.h"

#include <stdio.h>

static struct position at(const char *file, uint64_t offset, enum gtid_flavour flavour,
			  const char *gtids)
{
	struct position position;
	struct err err = ERR_INIT;
	position_init(&position);
	snprintf(position.file, sizeof(position.file), "%s", file);
	position.offset = offset;
	gtid_set_init(&position.gtids, flavour);
	assert_int_equal(gtid_set_parse(&position.gtids, slice_str(gtids), &err), 0);
	return position;
}

static void files_compare_by_number_then_offset(void **state)
{
	(void)state;
	assert_true(position_compare_files("b.000002", 5, "b.000010", 4) < 0);
	assert_true(position_compare_files("b.999999", 5, "b.1000000", 4) < 0);
	assert_true(position_compare_files("b.1000000", 4, "b.999999", 5) > 0);
	assert_true(position_compare_files("b.000002", 5, "b.000002", 6) < 0);
	assert_true(position_compare_files("b.000002", 7, "b.000002", 6) > 0);
	assert_int_equal(position_compare_files("b.000002", 6, "b.000002", 6), 0);
	assert_int_equal(position_compare_files("b.000002", 6, "b.2", 6), 0);
	assert_true(position_compare_files("host2.000001", 1, "host1.000002", 1) < 0);
	assert_true(position_compare_files("", 0, "b.000001", 4) < 0);
}

static bool covers(const struct position *position, const struct gtid *gtid, const char *file,
		   uint64_t offset)
{
	return position_covers(position, &(struct trx_place){gtid, position->server, file, offset});
}

static void covers_by_gtid_when_both_have_one(void **state)
{
	(void)state;
	struct position position = at("b.000002", 100, GTID_MARIADB, "0-1-5");
	struct gtid gtid = {.flavour = GTID_MARIADB, .server_id = 1, .seq = 5};
	assert_true(covers(&position, &gtid, "b.000009", 1));
	gtid.seq = 6;
	assert_false(covers(&position, &gtid, "b.000001", 1));
	position_fini(&position);
}

static void covers_by_coordinates_else(void **state)
{
	(void)state;
	struct position position = at("b.000002", 100, GTID_MYSQL, "");
	struct gtid none = {.flavour = GTID_NONE};
	assert_true(covers(&position, &none, "b.000002", 99));
	assert_true(covers(&position, &none, "b.000001", 500));
	assert_false(covers(&position, &none, "b.000002", 100));
	assert_false(covers(&position, &none, "b.000003", 4));
	assert_false(covers(&position, &none, "", 0));
	position.file[0] = '\0';
	assert_false(covers(&position, &none, "b.000001", 4));
	position_fini(&position);
}

/* Files of another server cannot be compared, GTIDs can. */
static void a_point_of_another_server(void **state)
{
	struct position position, point;
	(void)state;
	position_init(&position);
	position_init(&point);
	strcpy(position.server, "1");
	strcpy(position.file, "bin.000009");
	strcpy(point.server, "1");
	strcpy(point.file, "bin.000002");
	assert_true(position_passed(&position, &point));
	strcpy(point.server, "2");
	assert_false(position_passed(&position, &point));
	position.gtids.flavour = point.gtids.flavour = GTID_MARIADB;
	gtid_set_add(&position.gtids,
		     &(struct gtid){.flavour = GTID_MARIADB, .server_id = 1, .seq = 5});
	gtid_set_add(&point.gtids,
		     &(struct gtid){.flavour = GTID_MARIADB, .server_id = 2, .seq = 5});
	assert_true(position_passed(&position, &point));
	gtid_set_add(&point.gtids,
		     &(struct gtid){.flavour = GTID_MARIADB, .server_id = 2, .seq = 6});
	assert_false(position_passed(&position, &point));
	position_fini(&point);
	position_fini(&position);
}

static void a_transaction_of_another_server(void **state)
{
	(void)state;
	struct position position = at("b.000002", 100, GTID_MARIADB, "0-1-5");
	struct gtid none = {.flavour = GTID_NONE},
		    seen = {.flavour = GTID_MARIADB, .server_id = 1, .seq = 5};
	struct trx_place trx = {&none, "another", "b.000001", 4};
	assert_false(position_covers(&position, &trx));
	trx.server = position.server;
	assert_true(position_covers(&position, &trx));
	trx = (struct trx_place){&seen, "another", "b.000009", 4};
	assert_true(position_covers(&position, &trx));
	position_fini(&position);
}

static void passed_by_coordinates_at_the_same_place(void **state)
{
	(void)state;
	struct position position = at("b.000002", 100, GTID_NONE, "");
	struct position place = at("b.000002", 100, GTID_NONE, "");
	assert_true(position_passed(&position, &place));
	place.offset = 101;
	assert_false(position_passed(&position, &place));
	place.file[0] = '\0';
	assert_false(position_passed(&position, &place));
}

static void pending_is_owned(void **state)
{
	(void)state;
	struct position position = at("b.000002", 100, GTID_NONE, "");
	char id[] = "xid";
	char file[] = "b.000001";
	struct pending xa = {false, slice_str(id), slice_str(file), 44, 7};
	struct pending alter = {true, slice_str(id), slice_str(file), 55, 8};
	position_pending_add(&position, &xa);
	position_pending_add(&position, &alter);
	memset(id, 'z', 3);
	memset(file, 'z', 8);
	assert_int_equal(position.npending, 2);
	assert_slice(position.pending[0].id, "xid");
	assert_slice(position.pending[1].file, "b.000001");
	assert_false(position_pending_remove(&position, false, SLICE("zzz")));
	assert_true(position_pending_remove(&position, false, SLICE("xid")));
	assert_false(position_pending_remove(&position, false, SLICE("xid")));
	assert_int_equal(position.npending, 1);
	assert_true(position.pending[0].is_alter);
	assert_int_equal(position.pending[0].offset, 55);
	position_fini(&position);
	assert_int_equal(position.npending, 0);
}

static void copy_is_independent(void **state)
{
	(void)state;
	struct position a = at("b.000002", 100, GTID_MARIADB, "0-1-5");
	struct position b = at("c.000001", 4, GTID_MYSQL, "");
	struct pending pending = {false, SLICE("one"), SLICE("b.000001"), 44, 7};
	snprintf(a.server, sizeof(a.server), "17");
	a.row_offset = 3;
	a.sequence = 1614748790461000000;
	a.commit_ms = 1614748790461;
	position_pending_add(&a, &pending);
	position_pending_add(&b, &pending);
	position_copy(&b, &a);
	position_copy(&b, &b);
	position_fini(&a);
	assert_string_equal(b.server, "17");
	assert_string_equal(b.file, "b.000002");
	assert_int_equal(b.offset, 100);
	assert_int_equal(b.row_offset, 3);
	assert_true(b.sequence == 1614748790461000000);
	assert_true(b.commit_ms == 1614748790461);
	assert_int_equal(b.npending, 1);
	assert_slice(b.pending[0].id, "one");
	assert_int_equal(b.gtids.ndomains, 1);
	assert_true(b.gtids.domains[0].seq == 5);
	position_fini(&b);
}

static void assert_prints(struct position position, const char *text)
{
	struct buf buf;
	buf_init(&buf);
	position_print(&position, &buf);
	assert_string_equal(buf_cstr(&buf), text);
	buf_fini(&buf);
	position_fini(&position);
}

static void prints_for_people(void **state)
{
	(void)state;
	assert_prints(at("mysql-bin.000003", 1234, GTID_MARIADB, "0-1-17"),
		      "mysql-bin.000003:1234, GTID 0-1-17");
	assert_prints(at("mysql-bin.000003", 1234, GTID_NONE, ""), "mysql-bin.000003:1234");
	assert_prints(at("", 0, GTID_MARIADB, "0-1-17,1-1-2"), "GTID 0-1-17,1-1-2");
	assert_prints(at("", 0, GTID_MYSQL, ""), "GTID (empty)");
	assert_prints(at("", 0, GTID_NONE, ""), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_compare_by_number_then_offset),
		cmocka_unit_test(covers_by_gtid_when_both_have_one),
		cmocka_unit_test(covers_by_coordinates_else),
		cmocka_unit_test(a_point_of_another_server),
		cmocka_unit_test(a_transaction_of_another_server),
		cmocka_unit_test(passed_by_coordinates_at_the_same_place),
		cmocka_unit_test(pending_is_owned),
		cmocka_unit_test(copy_is_independent),
		cmocka_unit_test(prints_for_people),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
