#include "base/mem.h"
#include "sink/store/store_priv.h"

#include <stdlib.h>

static void memory_free(struct store *store)
{
	free(store);
}

static const struct store_ops memory_ops = {.write = NULL, .free = memory_free};

struct store *store_open_memory(void)
{
	struct store *store = mem_array(1, sizeof(*store));
	store->ops = &memory_ops;
	return store;
}
