#include "decode/converted.h"

/* The private data of a cell that is converted. */
struct converted_cell {
	const struct cell_layout *stored;
	const struct conversion *conversion;
};

struct converted_layout {
	struct row_layout layout;
	struct converted_cell *cells; /* layout.ncells */
};

struct converted_layout *converted_layout_new(unsigned ncells, struct arena *arena)
{
	struct converted_layout *converted = ARENA_NEW(arena, struct converted_layout);
	converted->layout.ncells = ncells;
	converted->layout.cells = ARENA_ARRAY(arena, ncells, struct cell_layout);
	converted->cells = ARENA_ARRAY(arena, ncells, struct converted_cell);
	return converted;
}

static int cell_converted(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	const struct converted_cell *cell = layout->private_data;
	if (cell->stored->decode(cell->stored, ptr, len, arena, value, err) < 0)
		return -1;
	return cell->conversion->read(cell->conversion, value, arena, err);
}

const struct row_layout *converted_layout_fill(struct converted_layout *converted,
					       const struct row_layout *layout,
					       const struct conversion *const *conversions)
{
	struct cell_layout *cells = converted->layout.cells;
	converted->layout = *layout;
	converted->layout.cells = cells;
	memcpy(cells, layout->cells, layout->ncells * sizeof(*cells));
	for (unsigned i = 0; i < layout->ncells; i++) {
		if (conversions[i] == NULL || conversions[i]->read == NULL)
			continue;
		converted->cells[i] = (struct converted_cell){&layout->cells[i], conversions[i]};
		cells[i].decode = cell_converted;
		cells[i].private_data = &converted->cells[i];
	}
	return &converted->layout;
}

const struct cell_layout *cell_stored(const struct cell_layout *layout)
{
	const struct converted_cell *cell = layout->private_data;
	return layout->decode == cell_converted ? cell->stored : layout;
}
