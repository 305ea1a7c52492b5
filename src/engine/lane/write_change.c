#include "engine/lane/write_change.h"

#include "engine/lane/loop.h"
#include "engine/lane/map_change.h"
#include "engine/lane/send.h"

#include <inttypes.h>

static unsigned largest_column(const struct row *row)
{
	unsigned largest = 0;
	uint32_t most = 0;
	for (unsigned i = 0; i < row->layout->ncells; i++)
		if (row->cells[i].len < CELL_ABSENT && row->cells[i].len > most) {
			most = row->cells[i].len;
			largest = i;
		}
	return largest;
}

/* Refuse a row larger than limits.row_max (rule: long-sessions), before a function sees it or a message is made of it. The text
 * contains no values, because a rule may mask them. */
static int refuse_large(const struct lane *lane, const struct plan *plan, const struct row *row,
			struct err *err)
{
	unsigned largest = largest_column(row);
	err_set(err, E_ROW_SIZE,
		"a row of %" PRIu32 " bytes, %" PRIu32
		" of them in column '%.*s', is more than limits.row_max = %" PRIu64
		" allows. Nothing of it is written. Raise limits.row_max (a row needs about three "
		"times its size in memory), or exclude the table with \"!%.*s\" in source.tables, "
		"and start again: the sync resumes at this row",
		row->size, row->cells[largest].len < CELL_ABSENT ? row->cells[largest].len : 0,
		SLICE_FMT(plan->table->columns[largest].name), lane->config->row_max,
		SLICE_FMT(plan->table->full_name));
	return map_error(plan, err);
}

/* Return the image that is larger than the script allows; NULL: none. */
static const struct row *too_large(const struct lane *lane, const struct change *change)
{
	uint64_t max = lane->config->row_max;
	if (max == 0)
		return NULL;
	if (change->before && change->before->size > max)
		return change->before;
	return change->after && change->after->size > max ? change->after : NULL;
}

/* Check the table and the size of the row before the script receives the row. */
static int admit(struct lane *lane, struct plan *plan, struct err *err)
{
	const struct row *large;
	if (map_check_table(lane, plan, err) < 0)
		return -1;
	large = too_large(lane, &plan->change);
	return large ? refuse_large(lane, plan, large, err) : 0;
}

static int map_and_send(struct lane *lane, struct plan *plan, struct err *err)
{
	struct message_batch *batch = &lane->batch;
	int rc = map_change(lane, plan, batch, err);
	if (rc == 0 &&
	    (find_destinations(lane, plan, batch, err) < 0 || send_batch(lane, batch, err) < 0))
		rc = map_error(plan, err);
	message_batch_shrink(batch, LANE_KEEP_BYTES);
	map_done(lane, plan);
	metric_add(&lane->metrics->rows, 1);
	return rc;
}

int write_change(struct lane *lane, struct plan *plan, struct err *err)
{
	if (admit(lane, plan, err) < 0)
		return -1;
	if (lane->config->has_loop)
		return loop_change(lane, plan, err) < 0 ? map_error(plan, err) : 0;
	return map_and_send(lane, plan, err);
}

int show_change(struct lane *lane, struct plan *plan, struct message_batch *batch, struct err *err)
{
	int rc;
	message_batch_clear(batch);
	if (admit(lane, plan, err) < 0)
		return -1;
	if (lane->config->has_loop) {
		lane->loop.instead = batch;
		rc = loop_change(lane, plan, err);
		lane->loop.instead = NULL;
		return rc < 0 ? map_error(plan, err) : 0;
	}
	if (map_change(lane, plan, batch, err) == 0) {
		if (find_destinations(lane, plan, batch, err) == 0)
			return 0;
		map_error(plan, err);
	}
	message_batch_clear(batch);
	return -1;
}
