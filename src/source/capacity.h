/* capacity: what a server can take, and how large its tables are.
 * Thread: that of the connection. */
#ifndef TIDEWAY_CAPACITY_H
#define TIDEWAY_CAPACITY_H

#include "model/table.h"
#include "source/conn.h"

/* As the server estimates them from its statistics. */
struct table_size {
	uint64_t rows;
	uint64_t bytes; /* of the rows, without secondary indexes */
};

/* Set *spare to how many more connections this account may open now. Another account may take them. */
int source_spare_connections(struct conn *conn, unsigned *spare, struct err *err) MUST_CHECK;
/* Read no row. A table that is not there any more has size 0. */
int source_table_size(struct conn *conn, const struct table *table, struct table_size *size,
		      struct err *err) MUST_CHECK;

#endif
