#include "engine/state/key_ranges.h"

#include "base/arena.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/num.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static const struct key_bound OPEN = {0, NULL};

/* ---- bounds ---- */

static bool bound_equal(const struct key_bound *a, const struct key_bound *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!slice_equal(a->parts[i], b->parts[i]))
			return false;
	return true;
}

/* Copy a bound to the heap, in one block. */
static struct key_bound bound_copy(const struct key_bound *from)
{
	size_t size = from->n * sizeof(struct slice);
	struct slice *parts;
	char *text;
	if (from->n == 0)
		return OPEN;
	for (unsigned i = 0; i < from->n; i++)
		size += from->parts[i].len;
	parts = mem_alloc(size);
	text = (char *)(parts + from->n);
	for (unsigned i = 0; i < from->n; i++) {
		struct slice part = from->parts[i];
		if (part.len > 0)
			memcpy(text, part.ptr, part.len);
		parts[i] = slice_of(text, part.len);
		text += part.len;
	}
	return (struct key_bound){from->n, parts};
}

static void bound_free(struct key_bound *bound)
{
	free((void *)(uintptr_t)bound->parts);
	*bound = OPEN;
}

/* ---- parts ---- */

static void forget_parts(struct key_ranges *ranges)
{
	for (unsigned i = 0; i < ranges->nparts; i++)
		bound_free(&ranges->parts[i].high);
	free(ranges->parts);
	ranges->parts = NULL;
	ranges->nparts = ranges->cap = 0;
	ranges->rows = 0;
}

void key_ranges_fini(struct key_ranges *ranges)
{
	forget_parts(ranges);
	free(ranges->signature);
	ranges->signature = NULL;
}

void key_ranges_move(struct key_ranges *to, struct key_ranges *from)
{
	key_ranges_fini(to);
	*to = *from;
	*from = (struct key_ranges){.parts = NULL};
}

void key_ranges_restart(struct key_ranges *ranges, struct slice signature)
{
	char *copy = slice_copy(signature);
	key_ranges_fini(ranges);
	ranges->signature = copy;
}

/* Insert a part before parts[at], or at the end. */
static void insert(struct key_ranges *ranges, unsigned at, const struct key_bound *high,
		   bool finished)
{
	if (ranges->nparts == ranges->cap) {
		ranges->cap = ranges->cap ? 2 * ranges->cap : 4;
		ranges->parts = mem_resize(ranges->parts, ranges->cap, sizeof(*ranges->parts));
	}
	memmove(&ranges->parts[at + 1], &ranges->parts[at],
		(ranges->nparts - at) * sizeof(*ranges->parts));
	ranges->parts[at] = (struct key_span){bound_copy(high), finished};
	ranges->nparts++;
}

/* Join parts[at] with the next one, which is in the same state. */
static void join_next(struct key_ranges *ranges, unsigned at)
{
	bound_free(&ranges->parts[at].high);
	ranges->nparts--;
	memmove(&ranges->parts[at], &ranges->parts[at + 1],
		(ranges->nparts - at) * sizeof(*ranges->parts));
}

static const struct key_bound *low_of(const struct key_ranges *ranges, unsigned at)
{
	return at > 0 ? &ranges->parts[at - 1].high : &OPEN;
}

bool key_ranges_any(const struct key_ranges *ranges)
{
	for (unsigned i = 0; i < ranges->nparts; i++)
		if (ranges->parts[i].finished)
			return true;
	return false;
}

/* Return the unfinished part that contains the range; nparts: it is not known. */
static unsigned find_part(const struct key_ranges *ranges, const struct key_range *range)
{
	unsigned by_low = ranges->nparts, by_high = ranges->nparts, any = ranges->nparts;
	unsigned unfinished = 0;
	for (unsigned i = 0; i < ranges->nparts; i++) {
		if (ranges->parts[i].finished)
			continue;
		unfinished++;
		any = i;
		if (bound_equal(low_of(ranges, i), &range->low))
			by_low = i;
		if (bound_equal(&ranges->parts[i].high, &range->high))
			by_high = i;
	}
	if (by_low < ranges->nparts)
		return by_high == by_low || by_high == ranges->nparts ? by_low : ranges->nparts;
	if (by_high < ranges->nparts)
		return range->low.n > 0 ? by_high : ranges->nparts;
	return unfinished == 1 && range->low.n > 0 && range->high.n > 0 ? any : ranges->nparts;
}

/* Make a part of the range, unless it is one. Return its number; nparts: its place is not known. */
static unsigned cut(struct key_ranges *ranges, const struct key_range *range)
{
	unsigned at;
	if (ranges->nparts == 0)
		insert(ranges, 0, &OPEN, false);
	at = find_part(ranges, range);
	if (at == ranges->nparts)
		return at;
	if (!bound_equal(low_of(ranges, at), &range->low))
		insert(ranges, at++, &range->low, false);
	if (!bound_equal(&ranges->parts[at].high, &range->high))
		insert(ranges, at, &range->high, false);
	return at;
}

bool key_ranges_cut(struct key_ranges *ranges, const struct key_range *range)
{
	unsigned at = cut(ranges, range);
	return at < ranges->nparts;
}

bool key_ranges_finish(struct key_ranges *ranges, const struct key_range *range, uint64_t rows)
{
	unsigned at = cut(ranges, range);
	if (at == ranges->nparts)
		return false;
	ranges->parts[at].finished = true;
	ranges->rows += rows;
	if (at + 1 < ranges->nparts && ranges->parts[at + 1].finished)
		join_next(ranges, at);
	if (at > 0 && ranges->parts[at - 1].finished)
		join_next(ranges, at - 1);
	return true;
}

void key_ranges_uncut(struct key_ranges *ranges)
{
	for (unsigned i = 0; i + 1 < ranges->nparts;)
		if (!ranges->parts[i].finished && !ranges->parts[i + 1].finished)
			join_next(ranges, i);
		else
			i++;
}

bool key_ranges_next_missing(const struct key_ranges *ranges, size_t *at, struct key_range *missing)
{
	unsigned i = (unsigned)*at;
	if (ranges->nparts == 0) {
		*missing = (struct key_range){OPEN, OPEN};
		return (*at)++ == 0;
	}
	while (i < ranges->nparts && ranges->parts[i].finished)
		i++;
	if (i == ranges->nparts)
		return false;
	missing->low = *low_of(ranges, i);
	while (i + 1 < ranges->nparts && !ranges->parts[i + 1].finished)
		i++;
	missing->high = ranges->parts[i].high;
	*at = i + 1;
	return true;
}

unsigned key_ranges_width(const struct key_ranges *ranges)
{
	unsigned width = 0;
	for (unsigned i = 0; i < ranges->nparts; i++)
		if (ranges->parts[i].high.n > width)
			width = ranges->parts[i].high.n;
	return width;
}

/* ---- writing ---- */

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return true;
}

static void write_value(struct slice value, struct buf *out)
{
	if (is_printable(value)) {
		json_string_numbered(out, value);
		return;
	}
	buf_put(out, SLICE("{\"hex\":\""));
	for (size_t i = 0; i < value.len; i++)
		buf_printf(out, "%02x", (unsigned char)value.ptr[i]);
	buf_put(out, SLICE("\"}"));
}

static void write_bound(const struct key_bound *bound, struct buf *out)
{
	if (bound->n == 0) {
		buf_put(out, SLICE("null"));
		return;
	}
	for (unsigned i = 0; i < bound->n; i++) {
		buf_char(out, i > 0 ? ',' : '[');
		write_value(bound->parts[i], out);
	}
	buf_char(out, ']');
}

void key_ranges_write(const struct key_ranges *ranges, struct buf *out)
{
	const char *joint = "";
	buf_put(out, SLICE("{\"key\":"));
	json_string_numbered(out, slice_str(ranges->signature ? ranges->signature : ""));
	buf_put(out, SLICE(",\"rows\":"));
	json_u64(out, ranges->rows);
	buf_put(out, SLICE(",\"ranges\":["));
	for (unsigned i = 0; i < ranges->nparts; i++) {
		if (!ranges->parts[i].finished)
			continue;
		buf_printf(out, "%s[", joint);
		write_bound(low_of(ranges, i), out);
		buf_char(out, ',');
		write_bound(&ranges->parts[i].high, out);
		buf_char(out, ']');
		joint = ",";
	}
	buf_put(out, SLICE("]}"));
}

/* ---- reading ---- */

static int malformed(const char *what, struct err *err)
{
	return err_set(err, E_CHECKPOINT_RECORD, "its finished ranges cannot be read: %s", what);
}

static int read_value(const cJSON *item, struct arena *arena, struct slice *value, struct err *err)
{
	const char *text = cJSON_GetStringValue(item);
	struct slice digits;
	char *bytes;
	if (text) {
		*value = slice_str(text);
		return 0;
	}
	text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "hex"));
	if (text == NULL)
		return malformed("a value is neither a string nor {\"hex\":..}", err);
	digits = slice_str(text);
	bytes = arena_alloc(arena, digits.len / 2 + 1);
	*value = slice_of(bytes, num_unhex(digits, bytes));
	return 2 * value->len == digits.len ? 0 : malformed("a value is not hexadecimal", err);
}

static int read_bound(const cJSON *item, struct arena *arena, struct key_bound *bound,
		      struct err *err)
{
	const cJSON *value;
	struct slice *parts;
	unsigned n = 0;
	*bound = OPEN;
	if (cJSON_IsNull(item))
		return 0;
	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) == 0)
		return malformed("a bound is neither null nor a list of values", err);
	parts = ARENA_ARRAY(arena, (size_t)cJSON_GetArraySize(item), struct slice);
	cJSON_ArrayForEach(value, item)
	{
		if (read_value(value, arena, &parts[n++], err) < 0)
			return -1;
	}
	*bound = (struct key_bound){n, parts};
	return 0;
}

/* Add a finished range after all others. */
static int append(struct key_ranges *ranges, const struct key_range *range, struct err *err)
{
	unsigned n = ranges->nparts;
	const struct key_bound *end = n > 0 ? &ranges->parts[n - 1].high : NULL;
	if (n > 0 && end->n == 0)
		return malformed("a range follows one without an upper end", err);
	if (n > 0 && range->low.n == 0)
		return malformed("a range without a lower end is not the first one", err);
	if (range->low.n > 0 && bound_equal(&range->low, &range->high))
		return malformed("a range is empty", err);
	if (n > 0 && bound_equal(end, &range->low))
		join_next(ranges, n - 1); /* the next part is inserted below */
	else if (range->low.n > 0)
		insert(ranges, n, &range->low, false);
	insert(ranges, ranges->nparts, &range->high, true);
	return 0;
}

static int read_range(struct key_ranges *ranges, const cJSON *item, struct arena *arena,
		      struct err *err)
{
	struct key_range range;
	if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2)
		return malformed("a range is not a list of two bounds", err);
	if (read_bound(cJSON_GetArrayItem(item, 0), arena, &range.low, err) < 0 ||
	    read_bound(cJSON_GetArrayItem(item, 1), arena, &range.high, err) < 0)
		return -1;
	return append(ranges, &range, err);
}

static int read_ranges(struct key_ranges *ranges, const cJSON *list, struct err *err)
{
	const cJSON *item;
	struct arena arena;
	int rc = 0;
	if (!cJSON_IsArray(list))
		return malformed("\"ranges\" is not a list", err);
	arena_init(&arena, 0);
	cJSON_ArrayForEach(item, list)
	{
		rc = read_range(ranges, item, &arena, err);
		if (rc < 0)
			break;
	}
	arena_fini(&arena);
	if (rc == 0 && ranges->nparts > 0 && ranges->parts[ranges->nparts - 1].high.n > 0)
		insert(ranges, ranges->nparts, &OPEN, false);
	return rc;
}

int key_ranges_read(struct key_ranges *ranges, const cJSON *item, struct err *err)
{
	const char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "key"));
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(item, "rows");
	if (key == NULL)
		return malformed("they have no \"key\"", err);
	if (!cJSON_IsNumber(rows) || rows->valuedouble < 0)
		return malformed("they have no \"rows\"", err);
	key_ranges_restart(ranges, slice_str(key));
	if (read_ranges(ranges, cJSON_GetObjectItemCaseSensitive(item, "ranges"), err) < 0) {
		key_ranges_fini(ranges);
		return -1;
	}
	ranges->rows = (uint64_t)rows->valuedouble;
	return 0;
}
