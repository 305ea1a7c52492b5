/* memory_source: recorded packets as a packet source, for tests. */
#include "base/mem.h"
#include "binlog/packet_source.h"

#include <stdlib.h>

struct memory_source {
	struct packet_source source; /* first: the table of functions */
	const struct slice *packets;
	size_t n, at;
};

static int next(struct packet_source *source, struct slice *packet, struct err *err)
{
	struct memory_source *memory = (struct memory_source *)source;
	(void)err;
	if (memory->at == memory->n)
		return 0;
	*packet = memory->packets[memory->at++];
	return 1;
}

static void release(struct packet_source *source)
{
	free(source);
}

struct packet_source *memory_source_new(const struct slice *packets, size_t n)
{
	struct memory_source *memory = mem_array(1, sizeof(*memory));
	memory->source = (struct packet_source){.next = next, .free = release};
	memory->packets = packets;
	memory->n = n;
	return &memory->source;
}
