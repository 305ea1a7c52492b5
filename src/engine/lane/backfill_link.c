#include "engine/lane/backfill_link.h"

#include <assert.h>

enum { HALT_MS = 100 }; /* the longest time until the reader notices that it must stop */

void backfill_link_init(struct backfill_link *link, const _Atomic bool *halt)
{
	*link = (struct backfill_link){.halt = halt};
	arena_init(&link->chunk.arena, 0);
	position_init(&link->chunk.processed);
	position_init(&link->chunk.low);
	position_init(&link->chunk.high);
	buf_init(&link->chunk.rows);
	mailbox_init(&link->to_lane, 1);
	mailbox_init(&link->to_reader, 1);
	wakeup_init(&link->wakeup);
}

void backfill_link_fini(struct backfill_link *link)
{
	(void)mailbox_take(&link->to_lane, 0);
	(void)mailbox_take(&link->to_reader, 0);
	mailbox_fini(&link->to_lane);
	mailbox_fini(&link->to_reader);
	wakeup_fini(&link->wakeup);
	buf_fini(&link->chunk.rows);
	position_fini(&link->chunk.processed);
	position_fini(&link->chunk.low);
	position_fini(&link->chunk.high);
	arena_fini(&link->chunk.arena);
}

/* ---- the reader ---- */

int backfill_ask(struct backfill_link *link, enum backfill_message message, struct err *err)
{
	link->chunk.message = message;
	(void)mailbox_put(&link->to_lane, &link->chunk, 0); /* there is room for the one chunk */
	wakeup_set(&link->wakeup);
	atomic_store(&link->is_posted, true); /* last: then the lane clears the signal */
	while (!atomic_load_explicit(link->halt, memory_order_relaxed))
		if (mailbox_take(&link->to_reader, HALT_MS))
			return 0;
	return err_retry(err, E_STOPPED_COPY, "stopped during a backfill");
}

void backfill_chunk_add(struct backfill_chunk *chunk, struct slice packet)
{
	uint32_t size = (uint32_t)packet.len;
	buf_append(&chunk->rows, &size, sizeof(size));
	buf_put(&chunk->rows, packet);
	chunk->nrows++;
}

/* ---- the lane ---- */

struct backfill_chunk *backfill_take(struct backfill_link *link)
{
	if (!atomic_load_explicit(&link->is_posted, memory_order_relaxed) ||
	    !atomic_exchange(&link->is_posted, false))
		return NULL;
	wakeup_clear(&link->wakeup);
	return mailbox_take(&link->to_lane, 0);
}

void backfill_answer(struct backfill_link *link, enum backfill_message message)
{
	link->chunk.message = message;
	(void)mailbox_put(&link->to_reader, &link->chunk, 0);
}

struct slice backfill_chunk_next(const struct backfill_chunk *chunk, size_t *at)
{
	struct slice row;
	uint32_t size;
	assert(*at + sizeof(size) <= chunk->rows.len);
	memcpy(&size, chunk->rows.ptr + *at, sizeof(size));
	row = slice_of(chunk->rows.ptr + *at + sizeof(size), size);
	*at += sizeof(size) + size;
	return row;
}
