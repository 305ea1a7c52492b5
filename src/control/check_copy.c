/* check_copy: what the copy will take, in `tideway check`. */
#include "base/mem.h"
#include "control/check.h"
#include "control/estimate.h"

#include <stdlib.h>

enum { TABLES_SHOWN = 10 };

static void check_table(struct report *report, const struct estimate *estimate,
			const struct table_estimate *table)
{
	struct buf what, found;
	buf_init(&what);
	buf_init(&found);
	buf_printf(&what, "table %.*s", SLICE_FMT(table->table->full_name));
	table_estimate_put_size(table, &found);
	if (estimate->copies) {
		buf_put(&found, SLICE("; copy "));
		table_estimate_put_cost(table, &found);
	}
	if (table->problem)
		buf_printf(&found, "; " ESTIMATE_PROBLEM "%s", table->problem);
	check_line(report, table->problem ? FINDING_WARN : FINDING_OK, buf_slice(&what),
		   buf_slice(&found),
		   SLICE("the copy would stop there: change the script, or exclude the table"),
		   E_NONE);
	buf_fini(&found);
	buf_fini(&what);
}

/* Report the largest tables. */
static void check_tables(struct report *report, const struct estimate *estimate)
{
	const struct table_estimate **largest = estimate_by_bytes(estimate);
	struct buf rest;
	for (unsigned i = 0; i < estimate->ntables && i < TABLES_SHOWN; i++)
		check_table(report, estimate, largest[i]);
	free(largest);
	if (estimate->ntables <= TABLES_SHOWN)
		return;
	buf_init(&rest);
	buf_printf(&rest, "%u smaller ones", estimate->ntables - TABLES_SHOWN);
	check_line(report, FINDING_OK, SLICE("other tables"), buf_slice(&rest), SLICE(""), E_NONE);
	buf_fini(&rest);
}

static void check_sum(struct report *report, const struct estimate *estimate)
{
	struct buf found, remedy;
	buf_init(&found);
	buf_init(&remedy);
	estimate_put(estimate, &found);
	estimate_put_remedy(&remedy);
	check_line(report, estimate_is_late(estimate) ? FINDING_WARN : FINDING_OK, SLICE("copy"),
		   buf_slice(&found), buf_slice(&remedy), E_NONE);
	buf_fini(&remedy);
	buf_fini(&found);
}

void check_copy(struct report *report, struct look *look)
{
	struct err err = ERR_INIT;
	struct estimate estimate;
	estimate_init(&estimate);
	if (estimate_make(&estimate, look, &err) < 0) {
		check_failed(report, "copy", &err);
	} else {
		check_tables(report, &estimate);
		if (estimate.copies)
			check_sum(report, &estimate);
	}
	estimate_fini(&estimate);
}
