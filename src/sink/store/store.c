#include "base/mem.h"
#include "sink/store/store_priv.h"

#include <stdlib.h>

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < store->nentries; i++)
		free((void *)(uintptr_t)store->entries[i].name.ptr);
	free(store->entries);
	store->ops->free(store);
}

/* Return the index of the first entry whose name is not less than `name`. */
static size_t lower_bound(const struct store *store, struct slice name)
{
	size_t low = 0, high = store->nentries;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (slice_compare(store->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct store *store, size_t at, struct slice name)
{
	return at < store->nentries && slice_equal(store->entries[at].name, name);
}

static struct store_entry make_entry(const struct store_record *record)
{
	char *bytes = mem_alloc(record->name.len + record->value.len + 1);
	memcpy(bytes, record->name.ptr, record->name.len);
	if (record->value.len != 0)
		memcpy(bytes + record->name.len, record->value.ptr, record->value.len);
	return (struct store_entry){slice_of(bytes, record->name.len),
				    slice_of(bytes + record->name.len, record->value.len)};
}

static void open_gap(struct store *store, size_t at)
{
	if (store->nentries == store->cap) {
		store->cap = store->cap ? store->cap * 2 : 64;
		store->entries = mem_resize(store->entries, store->cap, sizeof(*store->entries));
	}
	memmove(&store->entries[at + 1], &store->entries[at],
		(store->nentries - at) * sizeof(*store->entries));
	store->nentries++;
}

static void close_gap(struct store *store, size_t at)
{
	store->nentries--;
	memmove(&store->entries[at], &store->entries[at + 1],
		(store->nentries - at) * sizeof(*store->entries));
}

void store_apply(struct store *store, const struct store_record *record)
{
	size_t at = lower_bound(store, record->name);
	bool found = is_at(store, at, record->name);
	/* copy the record first: it may point into the entry that is replaced */
	struct store_entry entry = {{NULL, 0}, {NULL, 0}};
	if (record->value.ptr != NULL)
		entry = make_entry(record);
	if (found)
		free((void *)(uintptr_t)store->entries[at].name.ptr);
	if (found && entry.name.ptr == NULL)
		close_gap(store, at);
	if (entry.name.ptr == NULL)
		return;
	if (!found)
		open_gap(store, at);
	store->entries[at] = entry;
}

int store_only_looks(struct store *store, const struct store_record *records, unsigned n,
		     struct err *err)
{
	(void)store, (void)records, (void)n;
	return err_set(err, E_BUG, "a checkpoint that was opened for looking is written");
}

bool store_is_own(const char *sync, struct slice name)
{
	size_t len = strlen(sync);
	return name.len > len && memcmp(name.ptr, sync, len) == 0 && name.ptr[len] == '/';
}

bool store_fences(const struct store *store)
{
	return store->ops->fences;
}

int store_ready(struct store *store, struct slice owner, struct err *err)
{
	return store->ops->ready ? store->ops->ready(store, owner, err) : 0;
}

struct slice store_get(const struct store *store, struct slice name)
{
	size_t at = lower_bound(store, name);
	return is_at(store, at, name) ? store->entries[at].value : (struct slice){NULL, 0};
}

bool store_next(const struct store *store, size_t *at, struct store_record *record)
{
	if (*at >= store->nentries)
		return false;
	*record = (struct store_record){store->entries[*at].name, store->entries[*at].value};
	(*at)++;
	return true;
}

int store_put(struct store *store, const struct store_record *records, unsigned n, struct err *err)
{
	if (store->ops->write != NULL && store->ops->write(store, records, n, err) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++)
		store_apply(store, &records[i]);
	return 0;
}
