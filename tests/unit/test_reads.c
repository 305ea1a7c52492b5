/* reads: tables that a round of full sync could not finish. */
#include "engine/reads.c"

#include "unit.h"

static const struct table same = {.full_name = {"d.t", 3}, .version = 5};
static const struct table newer = {.full_name = {"d.t", 3}, .version = 6};

static struct full_table mismatched(unsigned rounds)
{
	return (struct full_table){
		.table = &same, .mismatch = strdup("column x differs"), .mismatches = rounds};
}

/* Rows that never fit a definition which stays as it is: no further round. */
static void a_lasting_mismatch_ends_the_sync(void **state)
{
	struct err err = ERR_INIT;
	struct full_table read = mismatched(MISMATCHES_MAX);
	(void)state;
	assert_int_equal(renew_read(&read, &same, &err), -1);
	assert_int_equal(err.code, ERR_DATA);
	assert_non_null(strstr(err.text, "d.t"));
	assert_non_null(strstr(err.text, "column x differs"));
	free(read.mismatch);
}

static void a_mismatch_may_pass(void **state)
{
	struct err err = ERR_INIT;
	struct full_table few = mismatched(MISMATCHES_MAX - 1), many = mismatched(MISMATCHES_MAX);
	(void)state;
	assert_int_equal(renew_read(&few, &same, &err), 0);
	assert_null(few.mismatch);
	/* another definition: counted anew */
	assert_int_equal(renew_read(&many, &newer, &err), 0);
	assert_int_equal(many.mismatches, 0);
	assert_ptr_equal(many.table, &newer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lasting_mismatch_ends_the_sync),
		cmocka_unit_test(a_mismatch_may_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
