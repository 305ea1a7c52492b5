/* A whole binlog: break(1), then packets of length(2) bytes. It is read three times: with transactions held, with transactions
 * read ahead, and with a connection that is lost after `break` packets. Without an error all three give the same rows. */
#include "base/mem.h"
#include "binlog/trx_reader.h"
#include "decode/crc32.h"
#include "decode/table_map.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKETS = 64, HOLD = 1 << 20, TABLES = 64, ROWS = 100 };

/* A table of the binlog; without row metadata FULL it has no layout. */
struct table_of_map {
	struct row before, after;
};

struct reading {
	const struct slice *packets;
	size_t n;
	struct cursor cursor;
	struct trx_reader reader;
	struct arena arena;
	size_t begin;         /* packet where the current transaction begins */
	size_t format;        /* last FORMAT_DESCRIPTION before it; n: none */
	struct slice *second; /* packets of a second source */
	enum trx_item_kind last;
	uint32_t rows; /* checksum of the committed rows */
	unsigned tables;
};

static void check(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* Decodes every cell of every row. */
static void decode_rows(struct reading *r, struct rows *rows, struct table_of_map *table)
{
	struct err err = ERR_INIT;
	uint32_t offset;
	if (rows->refused || table->before.layout == NULL)
		return;
	for (int n = 0;
	     n < ROWS && rows_next(rows, &table->before, &table->after, &offset, &err) == 1; n++) {
		struct row *row = rows->op == CHANGE_DELETE ? &table->before : &table->after;
		for (unsigned i = 0; i < row->layout->ncells; i++) {
			struct value value = {.kind = VALUE_UNSET};
			if (row_value(row, i, &r->arena, &value, &err) < 0)
				check(err.text[0] != '\0');
		}
	}
}

static void announce(struct reading *r, const struct event *event)
{
	struct table_of_map *known = ARENA_NEW(&r->arena, struct table_of_map);
	struct err err = ERR_INIT;
	struct row_layout *layout;
	struct slice identity;
	struct table_map map;
	struct table *table;
	bool complete;
	uint64_t id;
	if (r->tables++ >= TABLES || table_map_id(event, &id, &identity, &err) < 0)
		return;
	if (table_map_parse(event, &r->cursor.format, &map, &err) == 0 &&
	    table_map_table(&map, NULL, &r->arena, &table, &complete, &err) == 0 && complete &&
	    table_map_layout(&map, table, &r->arena, &layout, &err) == 0) {
		known->before.layout = known->after.layout = layout;
		known->before.cells = ARENA_ARRAY(&r->arena, layout->ncells + 1, struct cell);
		known->after.cells = ARENA_ARRAY(&r->arena, layout->ncells + 1, struct cell);
	}
	trx_reader_announce(&r->reader, id, known);
}

static void take_event(struct reading *r, const struct trx_item *item)
{
	const struct event *event = item->event;
	uint64_t place[2] = {item->start, item->end};
	if (event->type == EVENT_TABLE_MAP)
		announce(r, event);
	if (item->rows == NULL || item->undone || item->again || item->rows->size == 0)
		return;
	r->rows = crc32_update(r->rows, place, sizeof(place));
	r->rows = crc32_update(r->rows, event->body.ptr, event->body.len);
	if (item->table)
		decode_rows(r, item->rows, item->table);
}

/* Asserts that the item may follow the last one. */
static void check_order(enum trx_item_kind last, enum trx_item_kind kind, bool large)
{
	switch (kind) {
	case TRX_ITEM_OTHER:
		check(last != TRX_ITEM_OUTCOME || large);
		break;
	case TRX_ITEM_BEGIN:
		check(last == TRX_ITEM_END);
		break;
	case TRX_ITEM_HELD:
		check(last == TRX_ITEM_BEGIN || last == TRX_ITEM_HELD);
		break;
	case TRX_ITEM_OUTCOME:
		check(last == TRX_ITEM_BEGIN || last == TRX_ITEM_HELD);
		break;
	case TRX_ITEM_EVENT:
	case TRX_ITEM_END:
		check(last == TRX_ITEM_OUTCOME || last == TRX_ITEM_EVENT);
		break;
	}
}

static void take_item(struct reading *r, const struct trx_item *item, size_t at)
{
	check_order(r->last, item->kind, r->reader.is_large);
	if (item->kind == TRX_ITEM_BEGIN)
		r->begin = at;
	if (item->kind == TRX_ITEM_EVENT)
		take_event(r, item);
	if (item->kind != TRX_ITEM_OTHER)
		r->last = item->kind;
	else if (item->event->type == EVENT_FORMAT_DESCRIPTION) {
		r->format = at;
		r->last = TRX_ITEM_END; /* the lost connection cut the items */
	}
}

static struct packet_source *open_ahead(void *arg, struct err *err)
{
	struct reading *r = arg;
	size_t n = 0;
	(void)err;
	if (r->format < r->n)
		r->second[n++] = r->packets[r->format];
	for (size_t i = r->begin; i < r->n; i++)
		r->second[n++] = r->packets[i];
	return memory_source_new(r->second, n);
}

static int read_packets(struct reading *r, size_t from, size_t to, struct err *err)
{
	struct trx_item item;
	int rc = 0;
	for (size_t i = from; i < to && rc == 0; i++) {
		trx_reader_put(&r->reader, r->packets[i]);
		while ((rc = trx_reader_next(&r->reader, &item, err)) > 0)
			take_item(r, &item, i);
	}
	check(rc == 0 || err->text[0] != '\0');
	return rc;
}

/* Loses the connection like the stream: continues with the current transaction again, or after the last one. */
static int lose_connection(struct reading *r, size_t at, struct err *err)
{
	struct cursor *cursor = &r->cursor;
	bool open = r->reader.trx.open;
	const char *file = open ? r->reader.begin_file : cursor->file;
	uint64_t offset = open ? r->reader.begin_offset : cursor->offset;
	trx_reader_rewind(&r->reader);
	check(!r->reader.trx.open);
	r->last = TRX_ITEM_END;
	if (r->format < r->n && read_packets(r, r->format, r->format + 1, err) < 0)
		return -1;
	cursor->file = file;
	cursor->offset = cursor->start = offset;
	return read_packets(r, open ? r->begin : at, r->n, err);
}

/* breaks: packets before the connection is lost; n: never. */
static int read_all(struct reading *r, size_t hold_max, size_t breaks, struct err *err)
{
	int rc;
	r->rows = 0;
	r->tables = 0;
	r->last = TRX_ITEM_END;
	r->format = r->n;
	cursor_init(&r->cursor, false);
	cursor_begin(&r->cursor, SLICE("bin.000001"), 4);
	trx_reader_init(&r->reader, &r->cursor,
			&(struct trx_reader_owner){
				.open_ahead = open_ahead, .arg = r, .hold_max = hold_max});
	rc = read_packets(r, 0, breaks, err);
	if (rc == 0 && breaks < r->n)
		rc = lose_connection(r, breaks, err);
	trx_reader_fini(&r->reader);
	cursor_fini(&r->cursor);
	arena_reset(&r->arena);
	return rc;
}

static void read_thrice(struct reading *r, size_t breaks)
{
	struct err errs[3] = {ERR_INIT, ERR_INIT, ERR_INIT};
	int held = read_all(r, HOLD, r->n, &errs[0]);
	uint32_t rows = r->rows;
	int ahead = read_all(r, 0, r->n, &errs[1]);
	if (held == 0 && ahead == 0)
		check(r->rows == rows);
	if (read_all(r, 0, breaks < r->n ? breaks : r->n, &errs[2]) == 0 && ahead == 0 && held == 0)
		check(r->rows == rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice packets[PACKETS], second[PACKETS + 1];
	struct reading r = {.packets = packets, .second = second};
	size_t at = 1;
	while (r.n < PACKETS && at + 2 <= size) {
		size_t len = (size_t)(data[at] | data[at + 1] << 8);
		char *copy;
		at += 2;
		if (len > size - at)
			len = size - at;
		copy = mem_alloc(
			len ? len
			    : 1); /* a separate allocation, so that ASan sees each over-read */
		memcpy(copy, data + at, len);
		packets[r.n++] = slice_of(copy, len);
		at += len;
	}
	arena_init(&r.arena, 0);
	if (r.n > 0)
		read_thrice(&r, data[0]);
	arena_fini(&r.arena);
	for (size_t i = 0; i < r.n; i++)
		free((void *)packets[i].ptr);
	return 0;
}
