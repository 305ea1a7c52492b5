#include "format/format.h"

#include "format/dataworks.h"
#include "format/debezium.h"

static const struct format *const FORMATS[] = {&format_dataworks, &format_debezium};

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(FORMATS) / sizeof(*FORMATS); i++)
		if (strcmp(FORMATS[i]->name, name) == 0)
			return FORMATS[i];
	return NULL;
}

void format_put_header(struct format_image *image, struct header header, struct arena *arena)
{
	struct header *headers = ARENA_ARRAY(arena, image->nheaders + 1, struct header);
	headers[0] = header;
	for (unsigned i = 0; i < image->nheaders; i++)
		headers[i + 1] = image->headers[i];
	image->headers = headers;
	image->nheaders++;
}

void format_add(const struct format_change *change, const struct format_image *route,
		const struct message *message, struct message_batch *batch)
{
	for (unsigned i = 0; i < route->ntopics; i++)
		*message_batch_next(batch) = (struct message){
			.topic = route->topics[i],
			.key = message->key,
			.value = message->value,
			.op = message->op,
			.headers = route->headers,
			.nheaders = route->nheaders,
			.partition = MESSAGE_BY_KEY,
			.mapped_key = change->mapped_key,
			.destination = NULL, /* each field is named: nothing is cleared first */
			.offset = 0,
			.time_ms = 0,
		};
}
