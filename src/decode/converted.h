/* converted: the layout of rows whose functions read some columns in another form than the default one.
 * Thread: the lane. Owner: the arena. */
#ifndef TIDEWAY_CONVERTED_H
#define TIDEWAY_CONVERTED_H

#include "model/conversion.h"
#include "model/row.h"

struct converted_layout;

/* Returns a layout for as many cells. Each use of the plan fills it with the layout at hand. */
struct converted_layout *converted_layout_new(unsigned ncells, struct arena *arena);
/* Returns the layout with the cells converted as functions read them. It is valid until the next call. conversions: for each
 * cell; NULL: none. */
const struct row_layout *converted_layout_fill(struct converted_layout *converted,
					       const struct row_layout *layout,
					       const struct conversion *const *conversions);
/* Returns the layout that decodes a cell to what the server has. */
const struct cell_layout *cell_stored(const struct cell_layout *layout);

#endif
