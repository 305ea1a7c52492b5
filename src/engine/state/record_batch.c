#include "engine/state/record_batch.h"

#include "base/mem.h"

#include <stdlib.h>

void record_batch_add(struct record_batch *records, struct slice name, struct slice value)
{
	struct batch_record *save = mem_alloc(sizeof(*save) + name.len + value.len + 1);
	char *text = (char *)(save + 1);
	memcpy(text, name.ptr, name.len);
	*save = (struct batch_record){.name = slice_of(text, name.len)};
	if (value.ptr) {
		memcpy(text + name.len, value.ptr, value.len);
		save->value = slice_of(text + name.len, value.len);
	}
	if (records->last)
		records->last->next = save;
	else
		records->first = save;
	records->last = save;
}

void record_batch_move(struct record_batch *to, struct record_batch *from)
{
	if (from->first == NULL)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct record_batch){NULL, NULL};
}

void record_batch_fini(struct record_batch *records)
{
	struct batch_record *save = records->first, *next;
	for (; save; save = next) {
		next = save->next;
		free(save);
	}
	*records = (struct record_batch){NULL, NULL};
}
