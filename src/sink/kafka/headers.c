#include "sink/kafka/headers.h"

#include "base/mem.h"

#include <stdlib.h>

unsigned headers_take(struct headers *headers, const rd_kafka_message_t *message)
{
	rd_kafka_headers_t *found;
	const char *name;
	const void *value;
	size_t len, n = 0;
	if (rd_kafka_message_headers(message, &found) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	while (rd_kafka_header_get_all(found, n, &name, &value, &len) ==
	       RD_KAFKA_RESP_ERR_NO_ERROR) {
		if (n == headers->cap) {
			headers->cap = headers->cap ? headers->cap * 2 : 8;
			headers->list =
				mem_resize(headers->list, headers->cap, sizeof(*headers->list));
		}
		headers->list[n++] = (struct header){slice_str(name), slice_of(value, len)};
	}
	return (unsigned)n;
}

void headers_fini(struct headers *headers)
{
	free(headers->list);
	*headers = (struct headers){NULL, 0};
}
