/* Any bytes as the body of a TABLE_MAP: parsed, made into a table, and joined with that table. */
#include "decode/table_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event event = {.type = EVENT_TABLE_MAP, .body = slice_of(data, size)};
	/* the id, which nothing reads, chooses the server */
	const struct event_format format = {.mariadb = size > 0 && data[0] & 1};
	struct table_map map;
	struct table *table;
	struct row_layout *layout;
	struct arena arena;
	struct err err = ERR_INIT;
	bool complete;
	arena_init(&arena, 0);
	if (table_map_parse(&event, &format, &map, &err) == 0 &&
	    table_map_table(&map, NULL, &arena, &table, &complete, &err) == 0 && complete) {
		/* the definition was made from the map: the result is a layout, or a type that cannot be decoded */
		if (table_map_layout(&map, table, &arena, &layout, &err) == 0 &&
		    layout->ncells != table->ncolumns)
			__builtin_trap();
		if (table_map_table(&map, table, &arena, &table, &complete, &err) < 0 || !complete)
			__builtin_trap();
	}
	arena_fini(&arena);
	return 0;
}
