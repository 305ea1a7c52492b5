/* store_priv: what the kinds of store share. Only src/sink includes it. Thread: main. */
#ifndef TIDEWAY_STORE_PRIV_H
#define TIDEWAY_STORE_PRIV_H

#include "sink/store.h"

struct store_ops {
	bool fences; /* store_fences */
	/* makes the records durable; NULL: nothing to do. The records in memory are changed
	 * afterwards. */
	int (*write)(struct store *store, const struct store_record *records, unsigned n,
		     struct err *err);
	int (*ready)(struct store *store, struct slice owner,
		     struct err *err);     /* NULL: it always is */
	void (*free)(struct store *store); /* releases the struct too */
};

struct store_entry {
	struct slice name, value; /* one allocation, at name.ptr */
};

struct store {
	const struct store_ops *ops;
	struct store_entry *entries; /* ascending by name */
	size_t nentries, cap;
};

/* One record into memory: set, or removed when value.ptr is NULL. */
void store_apply(struct store *store, const struct store_record *record);
/* The write of a store that was opened for looking. */
int store_only_looks(struct store *store, const struct store_record *records, unsigned n,
		     struct err *err);
/* "<sync>/": whether the record belongs to it. */
bool store_is_own(const char *sync, struct slice name);

#endif
