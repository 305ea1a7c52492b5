#include "model/position.h"

#include "base/mem.h"

#include <stdlib.h>

void position_init(struct position *position)
{
	memset(position, 0, sizeof(*position));
	gtid_set_init(&position->gtids, GTID_NONE);
}

static void free_pending(struct pending *pending)
{
	free((char *)pending->id.ptr);
	free((char *)pending->file.ptr);
}

static void clear_pending(struct position *position)
{
	for (size_t i = 0; i < position->npending; i++)
		free_pending(&position->pending[i]);
	free(position->pending);
	position->pending = NULL;
	position->npending = 0;
}

void position_fini(struct position *position)
{
	clear_pending(position);
	gtid_set_fini(&position->gtids);
	position_init(position);
}

void position_copy(struct position *dst, const struct position *src)
{
	if (dst == src)
		return;
	clear_pending(dst);
	struct gtid_set gtids = dst->gtids; /* reuse the memory of dst */
	gtid_set_copy(&gtids, &src->gtids);
	*dst = *src;
	dst->gtids = gtids;
	dst->pending = NULL;
	dst->npending = 0;
	for (size_t i = 0; i < src->npending; i++)
		position_pending_add(dst, &src->pending[i]);
}

bool position_is_set(const struct position *position)
{
	return position->server[0] != '\0' || position->file[0] != '\0' ||
	       position->gtids.flavour != GTID_NONE;
}

static struct slice own(struct slice s)
{
	char *copy = mem_alloc(s.len);
	if (s.len != 0)
		memcpy(copy, s.ptr, s.len);
	return slice_of(copy, s.len);
}

void position_pending_add(struct position *position, const struct pending *pending)
{
	struct pending copy = *pending;
	copy.id = own(pending->id);
	copy.file = own(pending->file);
	position->pending = mem_resize(position->pending, position->npending + 1, sizeof(copy));
	position->pending[position->npending++] = copy;
}

bool position_pending_find(const struct position *position, bool is_alter, struct slice id)
{
	for (size_t i = 0; i < position->npending; i++)
		if (position->pending[i].is_alter == is_alter &&
		    slice_equal(position->pending[i].id, id))
			return true;
	return false;
}

bool position_pending_remove(struct position *position, bool is_alter, struct slice id)
{
	for (size_t i = 0; i < position->npending; i++) {
		struct pending *at = &position->pending[i];
		if (at->is_alter != is_alter || !slice_equal(at->id, id))
			continue;
		free_pending(at);
		position->npending--;
		memmove(at, at + 1, (position->npending - i) * sizeof(*at));
		return true;
	}
	return false;
}

int64_t position_watermark(const struct position *position)
{
	return position->watermark_ms > position->commit_ms ? position->watermark_ms
							    : position->commit_ms;
}

/* Returns the digits at the end of a file name, without leading zeros: "3" for
 * "mysql-bin.000003". */
static struct slice file_number(const char *file)
{
	struct slice name = slice_str(file);
	size_t start = name.len;
	while (start > 0 && name.ptr[start - 1] >= '0' && name.ptr[start - 1] <= '9')
		start--;
	while (start < name.len && name.ptr[start] == '0')
		start++;
	return slice_of(name.ptr + start, name.len - start);
}

int position_compare_files(const char *file_a, uint64_t offset_a, const char *file_b,
			   uint64_t offset_b)
{
	struct slice a = file_number(file_a);
	struct slice b = file_number(file_b);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	int order = slice_compare(a, b);
	if (order != 0)
		return order;
	return (offset_a > offset_b) - (offset_a < offset_b);
}

/* Returns whether two files may be compared: both are known and of the same server. */
static bool files_compare(const char *server_a, const char *file_a, const char *server_b,
			  const char *file_b)
{
	return strcmp(server_a, server_b) == 0 && file_a[0] != '\0' && file_b[0] != '\0';
}

bool position_covers(const struct position *position, const struct trx_place *trx)
{
	if (trx->gtid->flavour != GTID_NONE && trx->gtid->flavour == position->gtids.flavour)
		return gtid_set_contains(&position->gtids, trx->gtid);
	return files_compare(position->server, position->file, trx->server, trx->file) &&
	       position_compare_files(trx->file, trx->offset, position->file, position->offset) < 0;
}

bool position_passed(const struct position *position, const struct position *place)
{
	if (place->gtids.flavour != GTID_NONE && place->gtids.flavour == position->gtids.flavour)
		return gtid_set_subset(&place->gtids, &position->gtids);
	return files_compare(position->server, position->file, place->server, place->file) &&
	       position_compare_files(place->file, place->offset, position->file,
				      position->offset) <= 0;
}

void position_print(const struct position *position, struct buf *buf)
{
	bool has_file = position->file[0] != '\0';
	if (has_file)
		buf_printf(buf, "%s:%llu", position->file, (unsigned long long)position->offset);
	if (!gtid_set_empty(&position->gtids)) {
		buf_put(buf, has_file ? SLICE(", GTID ") : SLICE("GTID "));
		gtid_set_print(&position->gtids, buf);
	} else if (!has_file) {
		buf_put(buf, position->gtids.flavour == GTID_NONE ? SLICE("unknown")
								  : SLICE("GTID (empty)"));
	}
}

int position_error(const struct position *position, struct err *err)
{
	struct buf text;
	if (err->code != ERR_POSITION)
		return -1;
	buf_init(&text);
	position_print(position, &text);
	err_operation(err, "saved position");
	err_position_text(err, buf_slice(&text));
	buf_fini(&text);
	return -1;
}
