#include "model/message.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { BATCH_MIN = 4 };

void message_batch_fini(struct message_batch *batch)
{
	for (unsigned i = 0; i < 2; i++) {
		buf_fini(&batch->key[i]);
		buf_fini(&batch->value[i]);
	}
	free(batch->messages);
	*batch = (struct message_batch){.n = 0};
}

void message_batch_clear(struct message_batch *batch)
{
	batch->n = 0;
	batch->nvalues = 0;
}

void message_batch_shrink(struct message_batch *batch, size_t keep)
{
	message_batch_clear(batch);
	for (unsigned i = 0; i < 2; i++) {
		buf_shrink(&batch->key[i], keep);
		buf_shrink(&batch->value[i], keep);
	}
}

struct message *message_batch_next(struct message_batch *batch)
{
	if (batch->n == batch->cap) {
		batch->cap = batch->cap ? 2 * batch->cap : BATCH_MIN;
		batch->messages = mem_resize(batch->messages, batch->cap, sizeof(*batch->messages));
	}
	return &batch->messages[batch->n++];
}

void message_batch_add(struct message_batch *batch, const struct message *message)
{
	*message_batch_next(batch) = *message;
}

struct buf *message_batch_value(struct message_batch *batch)
{
	assert(batch->nvalues < 2);
	buf_clear(&batch->value[batch->nvalues]);
	return &batch->value[batch->nvalues++];
}

/* Copies the text. NULL stays NULL, and an empty text stays empty. */
static void keep(struct slice *text, struct arena *arena)
{
	if (text->ptr)
		*text = arena_copy(arena, *text);
}

static void keep_headers(struct message *message, struct arena *arena)
{
	struct header *headers = ARENA_ARRAY(arena, message->nheaders, struct header);
	for (unsigned i = 0; i < message->nheaders; i++) {
		headers[i] = message->headers[i];
		keep(&headers[i].name, arena);
		keep(&headers[i].value, arena);
	}
	message->headers = headers;
}

void message_keep(struct message *message, struct arena *arena)
{
	keep(&message->topic, arena);
	keep(&message->key, arena);
	keep(&message->value, arena);
	keep(&message->op, arena);
	if (message->nheaders > 0)
		keep_headers(message, arena);
}

void message_batch_keep(struct message_batch *batch, struct arena *arena)
{
	for (unsigned i = 0; i < batch->n; i++)
		message_keep(&batch->messages[i], arena);
}
