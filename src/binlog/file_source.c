/* file_source: the events of a binlog file as a packet source. The file begins with fe 'b' 'i' 'n'; events follow without a
 * gap, each with its size in its header. */
#include "base/buf.h"
#include "base/mem.h"
#include "base/reader.h"
#include "binlog/packet_source.h"
#include "decode/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_AT = 9 }; /* of the size in the header of an event */

#define MAGIC                                                                                      \
	SLICE("\xfe"                                                                               \
	      "bin")
#define MAGIC_ENCRYPTED                                                                            \
	SLICE("\xfd"                                                                               \
	      "bin")

struct file_source {
	struct packet_source source; /* first: the table of functions */
	char *path;
	FILE *file;
	uint64_t offset; /* of the next event */
	struct buf packet;
};

static int fail(const struct file_source *source, const char *what, struct err *err)
{
	return err_set(err, E_FILE, "%s: cannot %s: %s", source->path, what, strerror(errno));
}

static int damaged(const struct file_source *source, const char *how, struct err *err)
{
	return err_set(err, E_EVENT_DAMAGED, "%s:%" PRIu64 ": %s", source->path, source->offset,
		       how);
}

/* Append the next n bytes to the packet. Return how many there are, or -1. */
static ssize_t read_bytes(struct file_source *source, size_t n, struct err *err)
{
	size_t got = fread(buf_reserve(&source->packet, n), 1, n, source->file);
	source->packet.len += got;
	if (got < n && ferror(source->file))
		return fail(source, "read", err);
	return (ssize_t)got;
}

static uint32_t event_size(const struct buf *header)
{
	struct reader r;
	reader_init(&r, header->ptr + SIZE_AT, header->len - SIZE_AT);
	return reader_u32(&r);
}

static int next(struct packet_source *base, struct slice *packet, struct err *err)
{
	struct file_source *source = (struct file_source *)base;
	ssize_t got;
	uint32_t size;
	buf_clear(&source->packet);
	got = read_bytes(source, EVENT_HEADER_SIZE, err);
	if (got <= 0)
		return (int)got;
	if (got < EVENT_HEADER_SIZE)
		return damaged(source, "the file ends within the header of an event", err);
	size = event_size(&source->packet);
	if (size < EVENT_HEADER_SIZE)
		return damaged(source, "an event is smaller than its header", err);
	got = read_bytes(source, size - EVENT_HEADER_SIZE, err);
	if (got < 0)
		return -1;
	if ((size_t)got < size - EVENT_HEADER_SIZE)
		return damaged(source, "the file ends within an event", err);
	source->offset += size;
	*packet = buf_slice(&source->packet);
	return 1;
}

static void release(struct packet_source *base)
{
	struct file_source *source = (struct file_source *)base;
	if (source->file)
		fclose(source->file);
	buf_fini(&source->packet);
	free(source->path);
	free(source);
}

static int check_magic(struct file_source *source, struct err *err)
{
	ssize_t got = read_bytes(source, MAGIC.len, err);
	if (got < 0)
		return -1;
	source->offset = MAGIC.len;
	if (slice_equal(buf_slice(&source->packet), MAGIC))
		return 0;
	if (slice_equal(buf_slice(&source->packet), MAGIC_ENCRYPTED))
		return err_set(err, E_FILE,
			       "%s: the binlog file is encrypted. Read it from its server",
			       source->path);
	return err_set(err, E_FILE, "%s: the file is not a binlog: it does not begin with fe 'bin'",
		       source->path);
}

struct packet_source *file_source_new(const char *path, struct err *err)
{
	struct file_source *source = mem_array(1, sizeof(*source));
	int rc;
	source->source = (struct packet_source){.next = next, .free = release};
	source->path = strdup(path);
	buf_init(&source->packet);
	source->file = fopen(path, "rbe");
	rc = source->file ? check_magic(source, err) : fail(source, "open", err);
	if (rc == 0)
		return &source->source;
	release(&source->source);
	return NULL;
}
