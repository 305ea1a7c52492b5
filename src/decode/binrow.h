/* binrow: splits rows of the binary protocol (full sync) into the same struct row that the stream
 * uses. A row packet is: 00, a NULL bitmap of (ncols+9)/8 bytes with column i at bit i+2, then the
 * values.
 * Thread: the lane that reads. Owner: rows point into the packet; layouts live in the arena. */
#ifndef TIDEWAY_BINROW_H
#define TIDEWAY_BINROW_H

#include "model/row.h"

/* One column of the result metadata. */
struct binrow_field {
	struct slice name; /* original name or alias */
	uint8_t wire;      /* MYSQL_TYPE_* */
	uint16_t charset;  /* collation id */
	uint16_t flags;    /* UNSIGNED 32, BINARY 128, ENUM 256, SET 2048 ... */
	uint32_t length;
	uint8_t decimals;
};

/* Makes the layout of a result whose fields are all columns of the table in their order, VIRTUAL
 * columns included. Fails with ERR_DATA if a type does not match the catalog; the error names the
 * table, the column and both types. */
int binrow_layout(const struct binrow_field *fields, unsigned nfields, const struct table *table,
		  struct arena *arena, struct row_layout **layout, struct err *err) MUST_CHECK;
/* Splits one row packet into row->cells. The caller has set row->layout and row->cells. */
int binrow_split(struct slice packet, struct row *row, struct err *err) MUST_CHECK;

#endif
