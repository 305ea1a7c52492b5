/* store_priv: the types and functions that all kinds of store share. Only src/sink includes it.
 * Thread: main. */
#ifndef TIDEWAY_STORE_PRIV_H
#define TIDEWAY_STORE_PRIV_H

#include "sink/store/store.h"

struct store_ops {
	bool fences; /* the result of store_fences */
	/* makes the records durable; NULL: nothing to do. store_put changes the records in memory
	 * after it. */
	int (*write)(struct store *store, const struct store_record *records, unsigned n,
		     struct err *err);
	int (*ready)(struct store *store, struct slice owner,
		     struct err *err);     /* store_ready; NULL: nothing to do */
	void (*free)(struct store *store); /* frees the struct too */
};

struct store_entry {
	struct slice name, value; /* one allocation, at name.ptr */
};

struct store {
	const struct store_ops *ops;
	struct store_entry *entries; /* sorted by name */
	size_t nentries, cap;
};

/* Set a record in memory, or remove it when value.ptr is NULL. */
void store_apply(struct store *store, const struct store_record *record);
/* The `write` of a read-only store: fail. */
int store_only_looks(struct store *store, const struct store_record *records, unsigned n,
		     struct err *err);
/* Return whether the record belongs to the sync: its name begins with "<sync>/". */
bool store_is_own(const char *sync, struct slice name);

#endif
