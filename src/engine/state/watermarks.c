#include "engine/state/watermarks.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

struct source {
	_Atomic int64_t ms;
	_Atomic bool known;
};

struct watermarks {
	unsigned n;
	struct source *of;
};

struct watermarks *watermarks_new(unsigned sources)
{
	struct watermarks *watermarks = mem_array(1, sizeof(*watermarks));
	watermarks->n = sources;
	watermarks->of = mem_array(sources, sizeof(*watermarks->of));
	return watermarks;
}

void watermarks_free(struct watermarks *watermarks)
{
	if (watermarks == NULL)
		return;
	free(watermarks->of);
	free(watermarks);
}

void watermarks_raise(struct watermarks *watermarks, unsigned source, int64_t ms)
{
	struct source *own = &watermarks->of[source];
	if (ms > atomic_load(&own->ms))
		atomic_store(&own->ms, ms);
	atomic_store(&own->known, true);
}

void watermarks_hold(struct watermarks *watermarks, unsigned source)
{
	atomic_store(&watermarks->of[source].known, false);
}

bool watermarks_lowest(const struct watermarks *watermarks, int64_t *ms)
{
	int64_t lowest = INT64_MAX;
	for (unsigned i = 0; i < watermarks->n; i++) {
		struct source *source = &watermarks->of[i];
		int64_t its;
		if (!atomic_load(&source->known))
			return false;
		its = atomic_load(&source->ms);
		if (its < lowest)
			lowest = its;
	}
	*ms = lowest;
	return true;
}
