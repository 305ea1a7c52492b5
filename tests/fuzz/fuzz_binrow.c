/* ncolumns(1) { type(1) wire(1) flags(1) length(1) scale(1) charset(1) }, then a row packet: split, decoded. */
#include "decode/binrow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS_MAX = 20, COLUMN_SIZE = 6 };

static void decode(const struct row_layout *layout, struct slice packet)
{
	struct arena arena;
	struct cell cells[COLUMNS_MAX];
	struct row row = {.layout = layout, .cells = cells};
	struct err err = ERR_INIT;
	if (binrow_split(packet, &row, &err) < 0)
		return;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < layout->ncells; i++) {
		struct value value = {.kind = VALUE_UNSET};
		if (cells[i].len < CELL_ABSENT &&
		    (size_t)cells[i].offset + cells[i].len > packet.len)
			__builtin_trap();
		if (row_value(&row, i, &arena, &value, &err) < 0 && err.text[0] == '\0')
			__builtin_trap();
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct column columns[COLUMNS_MAX];
	struct binrow_field fields[COLUMNS_MAX];
	struct table table = {.full_name = SLICE("f.t"), .columns = columns};
	struct row_layout *layout;
	struct arena arena;
	struct err err = ERR_INIT;
	unsigned n = size > 0 ? data[0] % COLUMNS_MAX + 1 : 0;
	if (n == 0 || size < 1 + (size_t)n * COLUMN_SIZE)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		const uint8_t *at = data + 1 + (size_t)i * COLUMN_SIZE;
		columns[i] = (struct column){.name = SLICE("c"),
					     .type = (enum column_type)(at[0] % COLUMN_TYPE_COUNT),
					     .charset = (enum charset)(at[5] % CHARSET_COUNT),
					     .is_unsigned = at[2] & 32,
					     .length = at[3],
					     .scale = at[4] % 7};
		fields[i] = (struct binrow_field){
			.name = SLICE("c"),
			.wire = at[1],
			.flags = at[2],
			.charset = columns[i].charset == CHARSET_BINARY ? 63 : 45};
	}
	table.ncolumns = n;
	arena_init(&arena, 0);
	if (binrow_layout(fields, n, &table, &arena, &layout, &err) == 0)
		decode(layout, slice_of(data + 1 + (size_t)n * COLUMN_SIZE,
					size - 1 - (size_t)n * COLUMN_SIZE));
	arena_fini(&arena);
	return 0;
}
