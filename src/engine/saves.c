#include "engine/saves.h"

#include "base/mem.h"

#include <stdlib.h>

void saves_add(struct saves *saves, struct slice name, struct slice value)
{
	struct save *save = mem_alloc(sizeof(*save) + name.len + value.len + 1);
	char *text = (char *)(save + 1);
	memcpy(text, name.ptr, name.len);
	*save = (struct save){.name = slice_of(text, name.len)};
	if (value.ptr) {
		memcpy(text + name.len, value.ptr, value.len);
		save->value = slice_of(text + name.len, value.len);
	}
	if (saves->last)
		saves->last->next = save;
	else
		saves->first = save;
	saves->last = save;
}

void saves_move(struct saves *to, struct saves *from)
{
	if (from->first == NULL)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	*from = (struct saves){NULL, NULL};
}

void saves_fini(struct saves *saves)
{
	struct save *save = saves->first, *next;
	for (; save; save = next) {
		next = save->next;
		free(save);
	}
	*saves = (struct saves){NULL, NULL};
}
