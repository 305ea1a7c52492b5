#include "engine/state/checkpoint.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "sink/store/store.h"

#include <stdlib.h>

enum { SAVE_MS = 1000 };

void checkpoint_init(struct checkpoint *checkpoint, struct store *store, const char *sync)
{
	*checkpoint = (struct checkpoint){.store = store, .sync = sync};
	lease_init(&checkpoint->lease);
	pthread_mutex_init(&checkpoint->lock, NULL);
	buf_init(&checkpoint->position);
	map_init(&checkpoint->records);
}

static void free_records(struct map *records)
{
	struct batch_record *record;
	size_t at = 0;
	while ((record = map_next(records, &at)))
		free(record);
	map_fini(records);
	map_init(records);
}

/* Add the records of the batch, which is then empty. A newer record of a name replaces the older
 * one: while the brokers are away, lanes post the same names repeatedly. */
static void add_records(struct map *records, struct record_batch *batch)
{
	struct batch_record *record, *next;
	for (record = batch->first; record; record = next) {
		next = record->next;
		free(map_set(records, record->name, record));
	}
	*batch = (struct record_batch){NULL, NULL};
}

void checkpoint_fini(struct checkpoint *checkpoint)
{
	store_free(checkpoint->store);
	free_records(&checkpoint->records);
	buf_fini(&checkpoint->position);
	pthread_mutex_destroy(&checkpoint->lock);
}

static void report_post(const struct checkpoint *checkpoint)
{
	if (checkpoint->on_posted)
		checkpoint->on_posted(checkpoint->on_posted_arg);
}

void checkpoint_post(struct checkpoint *checkpoint, struct record_batch *batch,
		     const struct position *position)
{
	pthread_mutex_lock(&checkpoint->lock);
	if (checkpoint
		    ->failed) { /* records before it are missing: no later position may be saved */
		record_batch_fini(batch);
		position = NULL;
	}
	add_records(&checkpoint->records, batch);
	if (position) {
		buf_clear(&checkpoint->position);
		position_to_json(position, &checkpoint->position);
	}
	pthread_mutex_unlock(&checkpoint->lock);
	report_post(checkpoint);
}

int64_t checkpoint_due_ms(struct checkpoint *checkpoint, int64_t now_ms)
{
	int64_t due_ms;
	bool posted;
	pthread_mutex_lock(&checkpoint->lock);
	posted = checkpoint->records.count > 0 || checkpoint->position.len > 0;
	pthread_mutex_unlock(&checkpoint->lock);
	/* a save that took long leaves the lease old */
	if (lease_age_ms(&checkpoint->lease, clock_boot_ms()) >=
	    checkpoint->lease.times[LEASE_SAVE])
		posted = true;
	due_ms = checkpoint->saved_ms + (posted ? SAVE_MS : checkpoint->lease.times[LEASE_SAVE]);
	return due_ms > now_ms ? due_ms - now_ms : 0;
}

bool checkpoint_due(struct checkpoint *checkpoint, int64_t now_ms)
{
	return checkpoint_due_ms(checkpoint, now_ms) == 0;
}

const struct lease *checkpoint_lease(const struct checkpoint *checkpoint)
{
	return store_fences(checkpoint->store) ? &checkpoint->lease : NULL;
}

void checkpoint_discard(struct checkpoint *checkpoint)
{
	pthread_mutex_lock(&checkpoint->lock);
	free_records(&checkpoint->records);
	buf_clear(&checkpoint->position);
	checkpoint->failed = false;
	pthread_mutex_unlock(&checkpoint->lock);
}

static struct slice full_name(struct checkpoint *checkpoint, struct slice name, struct arena *arena)
{
	return arena_printf(arena, "%s/%.*s", checkpoint->sync, SLICE_FMT(name));
}

static int compare_names(const void *a, const void *b)
{
	const struct store_record *x = a, *y = b;
	return slice_compare(x->name, y->name);
}

/* Collect the records to write, ascending by name, so that a store that keeps its records sorted reads them fast, and the position
 * last. If nothing was posted, write the old position
 * again: a process also notices by a save that it was fenced. */
static unsigned collect(struct checkpoint *checkpoint, const struct map *posted,
			struct slice position, struct arena *arena, struct store_record **out)
{
	struct store_record *records = ARENA_ARRAY(arena, posted->count + 1, struct store_record);
	const struct batch_record *record;
	unsigned n = 0;
	size_t at = 0;
	*out = records;
	while ((record = map_next(posted, &at)))
		records[n++] = (struct store_record){full_name(checkpoint, record->name, arena),
						     record->value};
	qsort(records, n, sizeof(*records), compare_names);
	if (position.len == 0 && n == 0)
		position = arena_copy(arena, checkpoint_get(checkpoint, SLICE("position")));
	if (position.len > 0)
		records[n++] = (struct store_record){
			full_name(checkpoint, SLICE("position"), arena), position};
	return n;
}

int checkpoint_save(struct checkpoint *checkpoint, struct err *err)
{
	struct map posted;
	struct store_record *records;
	struct arena arena;
	struct slice position;
	int64_t began_ms = clock_boot_ms();
	unsigned n;
	int rc = 0;
	if (checkpoint->failed)
		return err_retry(err, E_STOPPED_SENDING, "the checkpoint could not be saved");
	arena_init(&arena, 0);
	pthread_mutex_lock(&checkpoint->lock);
	posted = checkpoint->records;
	map_init(&checkpoint->records);
	position = arena_copy(&arena, buf_slice(&checkpoint->position));
	buf_clear(&checkpoint->position);
	pthread_mutex_unlock(&checkpoint->lock);
	n = collect(checkpoint, &posted, position, &arena, &records);
	if (FAULT(SAVE))
		rc = err_retry(err, E_KAFKA_FAULT, "saving the checkpoint: fault injected");
	else if (n > 0)
		rc = store_put(checkpoint->store, records, n, err);
	if (rc == 0 && n > 0)
		lease_renew(&checkpoint->lease, began_ms);
	if (rc == 0 && n > 0 && checkpoint->on_saved)
		checkpoint->on_saved(checkpoint->on_saved_arg,
				     checkpoint_get(checkpoint, SLICE("position")));
	if (rc == 0 && FAULT(SAVED))
		rc = err_retry(err, E_KAFKA_FAULT, "after saving the checkpoint: fault injected");
	checkpoint->saved_ms = clock_mono_ms();
	pthread_mutex_lock(&checkpoint->lock);
	checkpoint->failed = rc < 0;
	pthread_mutex_unlock(&checkpoint->lock);
	free_records(&posted);
	arena_fini(&arena);
	return rc;
}

int checkpoint_put(struct checkpoint *checkpoint, struct slice name, struct slice value,
		   struct err *err)
{
	struct store_record record;
	struct arena arena;
	int rc;
	arena_init(&arena, 0);
	record = (struct store_record){full_name(checkpoint, name, &arena), value};
	rc = store_put(checkpoint->store, &record, 1, err);
	arena_fini(&arena);
	return rc;
}

/* Without a position, only the records of the process and of commands may exist. Any other record shows that rows
 * were sent, and a new position would skip what has changed since. */
static int check_empty(struct checkpoint *checkpoint, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	do
		if (!checkpoint_next(checkpoint, &at, SLICE(""), &name, &value))
			return 0;
	while (slice_starts(name, RECORD_PROCESS) || slice_equal(name, RECORD_PAUSED) ||
	       slice_equal(name, RECORD_SELECTION));
	return err_set(
		err, E_CHECKPOINT_POSITION,
		"checkpoint of sync '%s': there are records (\"%s/%.*s\"), but \"%s/position\" is "
		"missing. Restore that record, or start under another sync name (a new full sync)",
		checkpoint->sync, checkpoint->sync, SLICE_FMT(name), checkpoint->sync);
}

int checkpoint_load(struct checkpoint *checkpoint, struct position *position, bool *found,
		    struct err *err)
{
	struct arena arena;
	struct slice json;
	int rc;
	arena_init(&arena, 0);
	rc = store_ready(checkpoint->store, full_name(checkpoint, RECORD_PROCESS, &arena), err);
	arena_fini(&arena);
	if (rc < 0)
		return -1;
	json = checkpoint_get(checkpoint, SLICE("position"));
	*found = json.ptr != NULL;
	if (!*found)
		return check_empty(checkpoint, err);
	if (position_from_json(position, json, err) < 0)
		return err_wrap(err, "checkpoint of sync '%s'", checkpoint->sync);
	return 0;
}

struct slice checkpoint_get(struct checkpoint *checkpoint, struct slice name)
{
	struct arena arena;
	struct slice value;
	arena_init(&arena, 0);
	value = store_get(checkpoint->store, full_name(checkpoint, name, &arena));
	arena_fini(&arena);
	return value;
}

bool checkpoint_next(struct checkpoint *checkpoint, size_t *at, struct slice prefix,
		     struct slice *name, struct slice *value)
{
	size_t own = strlen(checkpoint->sync) + 1;
	struct store_record record;
	while (store_next(checkpoint->store, at, &record)) {
		struct slice rest = slice_of(record.name.ptr + own, record.name.len - own);
		if (!slice_starts(rest, prefix))
			continue;
		*name = rest;
		*value = record.value;
		return true;
	}
	return false;
}
