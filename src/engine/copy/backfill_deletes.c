#include "engine/copy/backfill_deletes.h"

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "engine/copy/topic_keys.h"
#include "format/format.h"
#include "sink/sink.h"
#include "sink/topic_reader.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CHUNK_BYTES = 8 << 20 /* of messages that are kept in memory */ };

/* One partition, whose keys are compared. Of the places, each is an offset. */
struct comparison {
	struct backfill *backfill;
	struct backfill_chunk *chunk; /* of the link */
	struct topic_reader *topic;
	struct arena names_arena;
	struct format_names names;
	int partition;
	int64_t end;    /* keys are known up to here */
	int64_t marker; /* the last begin marker of the copy; -1: none */
	struct topic_keys keys;
	/* of the present range of keys: the last messages of those that are written only before the marker */
	int64_t *offsets;
	size_t noffsets, next;     /* next: the first one that is not read yet */
	struct message_batch held; /* what was read of them; in held_arena */
	struct arena held_arena;
	size_t held_bytes;
	struct buf row;
	uint64_t deleted;
	uint64_t misplaced; /* messages in another partition than their keys have now */
	uint64_t outdated;  /* keys that the row of their message does not get now */
};

/* ---- the messages of a partition ---- */

static bool has_copy_id(const struct comparison *comparison, const struct message *message)
{
	for (unsigned i = 0; i < message->nheaders; i++)
		if (slice_equal(message->headers[i].name, SLICE(HEADER_COPY)))
			return slice_equal(message->headers[i].value, comparison->chunk->copy);
	return false;
}

static enum seen_kind see(const struct comparison *comparison, const struct message *message)
{
	return comparison->chunk->deletes.format->see(&comparison->names, message->value);
}

/* Record a key. One that belongs to another partition now is left out, since its row may have a newer message there. */
static void put_key(struct comparison *comparison, const struct message *message, bool gone)
{
	int partitions = comparison->chunk->deletes.partitions;
	if ((int)(murmur2(message->key) % (uint32_t)partitions) != comparison->partition)
		comparison->misplaced += !gone;
	else
		topic_keys_put(&comparison->keys, message->key, message->offset, gone);
}

static bool take_key(void *arg, const struct message *message)
{
	struct comparison *comparison = arg;
	enum seen_kind kind = see(comparison, message);
	if (kind == SEEN_BEGIN && has_copy_id(comparison, message))
		comparison->marker = message->offset;
	else if ((kind == SEEN_ROW || kind == SEEN_GONE) && message->key.ptr)
		put_key(comparison, message, kind == SEEN_GONE);
	return true;
}

/* A message that came after the keys were read. */
static bool take_later(void *arg, const struct message *message)
{
	struct comparison *comparison = arg;
	enum seen_kind kind = see(comparison, message);
	if ((kind == SEEN_ROW || kind == SEEN_GONE) && message->key.ptr)
		topic_keys_update(&comparison->keys, message->key, message->offset);
	return true;
}

/* Hold a message if it is the last one of a key that is only before the marker. If the script makes keys in another way now, its row may
 * exist under a new key, and consumers may know it by its values. */
static bool take_last(void *arg, const struct message *message)
{
	struct comparison *comparison = arg;
	const struct backfill_deletes *deletes = &comparison->chunk->deletes;
	struct message held = *message;
	while (comparison->next < comparison->noffsets &&
	       comparison->offsets[comparison->next] < message->offset)
		comparison->next++; /* it was removed meanwhile */
	if (comparison->next == comparison->noffsets)
		return false;
	if (comparison->offsets[comparison->next] > message->offset)
		return true;
	comparison->next++;
	if (!deletes->format->has_key(deletes->rule, message->value, message->key)) {
		comparison->outdated++;
		return comparison->next < comparison->noffsets;
	}
	held.headers = NULL;
	held.nheaders = 0;
	message_keep(&held, &comparison->held_arena);
	message_batch_add(&comparison->held, &held);
	comparison->held_bytes += message->key.len + message->value.len;
	return comparison->held_bytes < CHUNK_BYTES && comparison->next < comparison->noffsets;
}

static int read_part(struct comparison *comparison, int64_t from, int64_t until,
		     topic_take_fn *take, struct err *err)
{
	return topic_reader_read(comparison->topic, comparison->partition, from, until, take,
				 comparison, err);
}

/* ---- with the lane ---- */

/* What the lane's answer means. */
enum next_step { STEP_ON, STEP_BEGIN, STEP_ENDED, STEP_FAILED = -1 };

/* Let the lane record the keys that it sends, and wait until everything before is acknowledged. */
static enum next_step await_lane(struct comparison *comparison, struct err *err)
{
	if (backfill_ask(&comparison->backfill->link, BACKFILL_AWAIT, err) < 0)
		return STEP_FAILED;
	if (comparison->chunk->message == BACKFILL_ENDED)
		return STEP_ENDED;
	return comparison->chunk->message == BACKFILL_BEGUN ? STEP_ON : STEP_BEGIN;
}

/* Read what the lane has sent before it began to record. */
static int read_later(struct comparison *comparison, struct err *err)
{
	int64_t begin, end;
	if (topic_reader_range(comparison->topic, comparison->partition, &begin, &end, err) < 0 ||
	    read_part(comparison, comparison->end, end, take_later, err) < 0)
		return -1;
	comparison->end = end;
	return 0;
}

static void add_delete(struct comparison *comparison, const struct message *last)
{
	const struct backfill_deletes *deletes = &comparison->chunk->deletes;
	const struct format_delete row = {.last = last->value,
					  .columns = deletes->columns,
					  .ncolumns = deletes->ncolumns,
					  .now_ms = clock_wall_ms()};
	uint32_t size = (uint32_t)last->key.len;
	buf_clear(&comparison->row);
	buf_append(&comparison->row, &size, sizeof(size));
	buf_put(&comparison->row, last->key);
	deletes->format->write_delete(&row, &comparison->row);
	backfill_chunk_add(comparison->chunk, buf_slice(&comparison->row));
}

/* Put the DELETEs of the held messages that are still the last ones of their keys into the chunk. */
static void fill_chunk(struct comparison *comparison)
{
	struct backfill_chunk *chunk = comparison->chunk;
	chunk->nrows = 0;
	buf_clear(&chunk->rows);
	chunk->deletes.partition = comparison->partition;
	for (unsigned i = 0; i < comparison->held.n; i++) {
		const struct message *last = &comparison->held.messages[i];
		if (topic_keys_is_last(&comparison->keys, last->key, last->offset))
			add_delete(comparison, last);
	}
}

/* Let the lane send the DELETEs of the held messages. */
static enum next_step send_held(struct comparison *comparison, struct err *err)
{
	enum next_step step;
	for (;;) {
		step = await_lane(comparison, err);
		if (step != STEP_ON)
			return step;
		if (read_later(comparison, err) < 0)
			return STEP_FAILED;
		fill_chunk(comparison);
		if (comparison->chunk->nrows == 0)
			return STEP_ON;
		if (backfill_ask(&comparison->backfill->link, BACKFILL_DELETE, err) < 0)
			return STEP_FAILED;
		if (comparison->chunk->message == BACKFILL_ENDED)
			return STEP_ENDED;
		if (comparison->chunk->message == BACKFILL_SENT)
			break;
	}
	comparison->deleted += comparison->chunk->nrows;
	return STEP_ON;
}

/* ---- a partition ---- */

static void let_go(struct comparison *comparison)
{
	message_batch_clear(&comparison->held);
	arena_reset(&comparison->held_arena);
	comparison->held_bytes = 0;
}

/* Delete the rows of the keys that were found in the present range. */
static enum next_step delete_found(struct comparison *comparison, struct err *err)
{
	enum next_step step = STEP_ON;
	comparison->next = 0;
	while (step == STEP_ON && comparison->next < comparison->noffsets) {
		let_go(comparison);
		if (read_part(comparison, comparison->offsets[comparison->next], comparison->end,
			      take_last, err) < 0)
			return STEP_FAILED;
		if (comparison->held.n > 0)
			step = send_held(comparison, err);
		else if (comparison->next < comparison->noffsets)
			break; /* the others were removed meanwhile */
	}
	return step;
}

/* Return whether all messages since the marker were there while the keys were read: retention removes the oldest ones. Return -1 if that
 * cannot be found out. */
static int has_marker(struct comparison *comparison, struct err *err)
{
	const struct backfill_chunk *chunk = comparison->chunk;
	int64_t begin, end;
	if (topic_reader_range(comparison->topic, comparison->partition, &begin, &end, err) < 0)
		return -1;
	if (comparison->marker >= begin)
		return 1;
	log_warn("copy %.*s of table %.*s: deleted rows are not looked for in partition %d of "
		 "topic \"%.*s\", because it does not contain the begin of the copy any more",
		 SLICE_FMT(chunk->copy), SLICE_FMT(chunk->table->full_name), comparison->partition,
		 SLICE_FMT(chunk->deletes.topic));
	return 0;
}

/* Read the keys of the present range, and delete. */
static enum next_step compare_range(struct comparison *comparison, struct err *err)
{
	enum next_step step;
	int rc;
	comparison->marker = -1;
	if (read_part(comparison, 0, comparison->end, take_key, err) < 0)
		return STEP_FAILED;
	rc = has_marker(comparison, err);
	if (rc <= 0)
		return rc < 0 ? STEP_FAILED : STEP_ON;
	comparison->offsets =
		topic_keys_before(&comparison->keys, comparison->marker, &comparison->noffsets);
	step = delete_found(comparison, err);
	free(comparison->offsets);
	comparison->offsets = NULL;
	return step;
}

static enum next_step compare_partition(struct comparison *comparison, struct err *err)
{
	enum next_step step = await_lane(comparison, err);
	int64_t begin;
	if (step != STEP_ON)
		return step;
	if (topic_reader_range(comparison->topic, comparison->partition, &begin, &comparison->end,
			       err) < 0)
		return STEP_FAILED;
	topic_keys_init(&comparison->keys, TOPIC_KEYS_MAX);
	do
		step = compare_range(comparison, err);
	while (step == STEP_ON && topic_keys_next_range(&comparison->keys));
	topic_keys_fini(&comparison->keys);
	return step;
}

/* ---- all partitions ---- */

static void log_found(const struct comparison *comparison)
{
	const struct backfill_chunk *chunk = comparison->chunk;
	log_info("copy %.*s of table %.*s: %" PRIu64 " rows that only the topic had are deleted "
		 "there",
		 SLICE_FMT(chunk->copy), SLICE_FMT(chunk->table->full_name), comparison->deleted);
	if (comparison->outdated > 0)
		log_warn("copy %.*s of table %.*s: %" PRIu64
			 " keys of the topic are not those that the script makes of their rows "
			 "now; they are not deleted",
			 SLICE_FMT(chunk->copy), SLICE_FMT(chunk->table->full_name),
			 comparison->outdated);
	if (comparison->misplaced > 0)
		log_warn("copy %.*s of table %.*s: %" PRIu64
			 " messages of the topic are in another "
			 "partition than their keys have now; deleted rows among them are not "
			 "found",
			 SLICE_FMT(chunk->copy), SLICE_FMT(chunk->table->full_name),
			 comparison->misplaced);
}

static enum next_step finish(struct comparison *comparison, struct err *err)
{
	log_found(comparison);
	if (backfill_ask(&comparison->backfill->link, BACKFILL_FINISH, err) < 0)
		return STEP_FAILED;
	return STEP_ENDED;
}

static enum next_step compare_all(struct comparison *comparison, struct err *err)
{
	enum next_step step = STEP_ON;
	int n = comparison->chunk->deletes.partitions;
	for (; step == STEP_ON && comparison->partition < n; comparison->partition++)
		step = compare_partition(comparison, err);
	return step == STEP_ON ? finish(comparison, err) : step;
}

static int compare(struct comparison *comparison, struct err *err)
{
	const struct backfill_chunk *chunk = comparison->chunk;
	struct sync *sync = comparison->backfill->sync;
	enum next_step step;
	comparison->topic =
		topic_reader_open(&sync->sink, chunk->deletes.topic, "find deleted rows",
				  comparison->backfill->link.halt, err);
	if (comparison->topic == NULL)
		return -1;
	step = compare_all(comparison, err);
	topic_reader_close(comparison->topic);
	return step == STEP_FAILED ? -1 : step == STEP_ENDED;
}

int backfill_deletes(struct backfill *backfill, struct err *err)
{
	struct comparison comparison = {.backfill = backfill, .chunk = &backfill->link.chunk};
	const struct backfill_table *table = comparison.chunk->table;
	int rc;
	arena_init(&comparison.names_arena, 0);
	arena_init(&comparison.held_arena, 0);
	buf_init(&comparison.row);
	comparison.names.db = json_string_in(&comparison.names_arena, table->db);
	comparison.names.table = json_string_in(&comparison.names_arena, table->name);
	atomic_store(&backfill->link.waits, BACKFILL_WAITS_TOPIC);
	rc = compare(&comparison, err);
	atomic_store(&backfill->link.waits, BACKFILL_WAITS_NOT);
	buf_fini(&comparison.row);
	message_batch_fini(&comparison.held);
	arena_fini(&comparison.held_arena);
	arena_fini(&comparison.names_arena);
	return rc;
}
