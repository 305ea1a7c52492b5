/* binrow: rows of the binary protocol (full sync), split into the same struct row.
 * Row packet: 00, NULL bitmap (ncols+9)/8 with column i at bit i+2, then the values.
 * Thread: the lane that reads. Owner: rows point into the packet; layouts live in the arena. */
#ifndef TIDEWAY_BINROW_H
#define TIDEWAY_BINROW_H

#include "model/row.h"

/* One column as the result metadata describes it. */
struct binrow_field {
	struct slice name; /* column name (org or alias) */
	uint8_t wire;      /* MYSQL_TYPE_* */
	uint16_t charset;  /* collation id */
	uint16_t flags;    /* UNSIGNED 32, BINARY 128, ENUM 256, SET 2048 ... */
	uint32_t length;
	uint8_t decimals;
};

/* Layout for a result whose fields are, in order, the table's columns (all of them, VIRTUAL ones too). A type that does not match the catalog is an
 * ERR_DATA that names table, column and both types. */
int binrow_layout(const struct binrow_field *fields, unsigned nfields, const struct table *table,
		  struct arena *arena, struct row_layout **layout, struct err *err) MUST_CHECK;
/* Splits one row packet; row->layout and row->cells are set by the caller. */
int binrow_split(struct slice packet, struct row *row, struct err *err) MUST_CHECK;

#endif
