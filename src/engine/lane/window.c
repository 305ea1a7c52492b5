#include "engine/lane/window.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_SLOTS_MIN = 256 };

struct window_slot {
	uint64_t unacked; /* messages sent and not acknowledged */
	bool closed;      /* all its messages were sent */
	struct mark mark; /* valid once closed */
};

static struct window_slot *slot_of(const struct window *window, uint64_t token)
{
	assert(token >= window->first && token < window->next);
	return &window->slots[token & (window->cap - 1)];
}

void window_init(struct window *window)
{
	*window = (struct window){.cap = WINDOW_SLOTS_MIN, .first = 1, .next = 1};
	window->slots = mem_alloc(window->cap * sizeof(*window->slots));
}

struct mark_xa *mark_set_xa(struct mark *mark)
{
	if (mark->xa == NULL) {
		mark->xa = mem_array(1, sizeof(*mark->xa));
		position_init(&mark->xa->pending);
	}
	return mark->xa;
}

void mark_fini(struct mark *mark)
{
	record_batch_fini(&mark->records);
	if (mark->xa) {
		position_fini(&mark->xa->pending);
		free(mark->xa);
	}
	mark->xa = NULL;
}

void window_fini(struct window *window)
{
	for (uint64_t token = window->first; token < window->next; token++)
		if (slot_of(window, token)->closed)
			mark_fini(&slot_of(window, token)->mark);
	window->first = window->next;
	free(window->slots);
	window->slots = NULL;
}

static void window_grow(struct window *window)
{
	struct window_slot *slots = mem_alloc(2 * window->cap * sizeof(*slots));
	for (uint64_t token = window->first; token < window->next; token++)
		slots[token & (2 * window->cap - 1)] = window->slots[token & (window->cap - 1)];
	free(window->slots);
	window->slots = slots;
	window->cap *= 2;
}

bool window_full(const struct window *window)
{
	return window->next - window->first >= WINDOW_SLOTS_MAX;
}

uint64_t window_open(struct window *window)
{
	struct window_slot *slot;
	assert(!window_full(window));
	if (window->next - window->first == window->cap)
		window_grow(window);
	slot = &window->slots[window->next & (window->cap - 1)];
	slot->unacked = 0;
	slot->closed = false; /* window_close sets the mark */
	return window->next++;
}

void window_sent(struct window *window, uint64_t token, unsigned n)
{
	struct window_slot *slot = slot_of(window, token);
	assert(!slot->closed);
	slot->unacked += n;
}

void window_close(struct window *window, uint64_t token, const struct mark *mark)
{
	struct window_slot *slot = slot_of(window, token);
	assert(!slot->closed);
	slot->closed = true;
	slot->mark = *mark;
}

void window_ack(struct window *window, uint64_t token, unsigned n)
{
	struct window_slot *slot = slot_of(window, token);
	assert(slot->unacked >= n);
	slot->unacked -= n;
}

bool window_take(struct window *window, struct mark *mark)
{
	struct window_slot *slot;
	if (window_empty(window))
		return false;
	slot = slot_of(window, window->first);
	if (!slot->closed || slot->unacked > 0)
		return false;
	*mark = slot->mark;
	window->first++;
	return true;
}

bool window_empty(const struct window *window)
{
	return window->first == window->next;
}
