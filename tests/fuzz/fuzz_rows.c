/* length(2) TABLE_MAP body with full metadata, type(1) rows event body: split, and every cell decoded. */
#include "decode/rows.h"
#include "decode/table_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct row *row, const uint8_t *data, size_t size)
{
	struct arena arena;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < row->layout->ncells; i++) {
		struct value value = {.kind = VALUE_UNSET};
		struct err err = ERR_INIT;
		const struct cell *cell = &row->cells[i];
		if (cell->len < CELL_ABSENT &&
		    (row->base < data || row->base + cell->offset + cell->len > data + size))
			__builtin_trap();
		if (row_value(row, i, &arena, &value, &err) < 0 && err.text[0] == '\0')
			__builtin_trap();
	}
	arena_fini(&arena);
}

static void split(const struct event *event, struct row_layout *layout, struct arena *arena,
		  const uint8_t *data, size_t size)
{
	struct event_format format;
	struct rows rows;
	struct err err = ERR_INIT;
	struct row before = {.layout = layout,
			     .cells = ARENA_ARRAY(arena, layout->ncells, struct cell)};
	struct row after = {.layout = layout,
			    .cells = ARENA_ARRAY(arena, layout->ncells, struct cell)};
	uint32_t offset;
	event_format_init(&format);
	if (rows_head(event, &format, &rows, &err) < 0)
		return;
	if (rows.refused) {
		rows_refuse(event, &rows, &before, &err);
		return;
	}
	for (int n = 0; n < 100 && rows_next(&rows, &before, &after, &offset, &err) == 1; n++) {
		if (rows.op != CHANGE_INSERT)
			decode(&before, data, size);
		if (rows.op != CHANGE_DELETE)
			decode(&after, data, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table_map map;
	struct table *table;
	struct row_layout *layout;
	struct arena arena;
	struct err err = ERR_INIT;
	bool complete;
	size_t n = size < 3 ? 0 : (size_t)(data[0] | data[1] << 8);
	if (size < 3 || n > size - 3)
		return 0;
	struct event event = {.type = EVENT_TABLE_MAP, .body = slice_of(data + 2, n)};
	const struct event_format format = {.mariadb = n > 0 && data[2] & 1};
	arena_init(&arena, 0);
	if (table_map_parse(&event, &format, &map, &err) == 0 &&
	    table_map_table(&map, NULL, &arena, &table, &complete, &err) == 0 && complete &&
	    table_map_layout(&map, table, &arena, &layout, &err) == 0) {
		event = (struct event){.type = data[2 + n],
				       .body = slice_of(data + 3 + n, size - 3 - n)};
		split(&event, layout, &arena, data, size);
	}
	arena_fini(&arena);
	return 0;
}
