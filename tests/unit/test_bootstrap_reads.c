/* bootstrap_reads: tables that a round of full sync could not finish, and tables that it must not begin. */
#include "unit.h"

#include "base/err.h"
#include "base/mem.h"
#include "engine/copy/full.h"
#include "engine/sync/bootstrap_priv.h"
#include "model/table.h"

static const struct table same = {.full_name = {"d.t", 3}, .version = 5};
static const struct table newer = {.full_name = {"d.t", 3}, .version = 6};

static struct full_table mismatched(unsigned rounds)
{
	struct err *how = mem_alloc(sizeof(*how));
	err_set(how, E_TABLE_CHANGED, "column x differs");
	return (struct full_table){.table = &same, .mismatch = how, .mismatches = rounds};
}

/* If the rows do not fit a definition that stays the same, no further round is tried. */
static void a_lasting_mismatch_ends_the_sync(void **state)
{
	struct err err = ERR_INIT;
	struct full_table read = mismatched(READ_MISMATCHES_MAX);
	(void)state;
	assert_int_equal(bootstrap_renew_read(&read, &same, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "d.t"));
	assert_non_null(strstr(err.text, "column x differs"));
	free(read.mismatch);
}

static void a_mismatch_may_pass(void **state)
{
	struct err err = ERR_INIT;
	struct full_table few = mismatched(READ_MISMATCHES_MAX - 1),
			  many = mismatched(READ_MISMATCHES_MAX);
	(void)state;
	assert_int_equal(bootstrap_renew_read(&few, &same, &err), 0);
	assert_null(few.mismatch);
	/* another definition: the count starts again */
	assert_int_equal(bootstrap_renew_read(&many, &newer, &err), 0);
	assert_int_equal(many.mismatches, 0);
	assert_ptr_equal(many.table, &newer);
}

/* Rule: one-shared-point. An inexact snapshot sends rows twice, which only a key repairs. */
static void a_table_without_a_key_needs_an_exact_snapshot(void **state)
{
	static const struct table keyed = {.full_name = {"d.keyed", 7}, .npk = 1};
	static const struct table plain = {.full_name = {"d.plain", 7}};
	struct full_table reads[] = {{.table = &keyed}, {.table = &plain}};
	struct bootstrap bootstrap = {.reads = reads, .nreads = 2, .snapshot = {.exact = true}};
	struct err err = ERR_INIT;
	(void)state;
	assert_int_equal(bootstrap_check_exact(&bootstrap, &err), 0);
	bootstrap.snapshot.exact = false;
	assert_int_equal(bootstrap_check_exact(&bootstrap, &err), -1);
	assert_int_equal(err.code, ERR_SOURCE);
	assert_false(err.retriable);
	assert_non_null(strstr(err.text, "d.plain has no primary key"));
	assert_non_null(strstr(err.text, "GRANT RELOAD"));
	bootstrap.nreads = 1;
	assert_int_equal(bootstrap_check_exact(&bootstrap, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lasting_mismatch_ends_the_sync),
		cmocka_unit_test(a_mismatch_may_pass),
		cmocka_unit_test(a_table_without_a_key_needs_an_exact_snapshot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
