/* chunk_priv: definitions of the result of a chunk. For chunk.c and its unit test.
 * Thread: any. */
#ifndef TIDEWAY_CHUNK_PRIV_H
#define TIDEWAY_CHUNK_PRIV_H

#include "source/chunk.h"

/* Parses a column definition: catalog, db, table, org_table, name, org_name as length-encoded
 * strings, then the fixed part 0c charset(2) length(4) type(1) flags(2) decimals(1) 00 00. MariaDB
 * adds a string, the extended type, before the fixed part. */
bool chunk_parse_definition(struct slice packet, struct arena *arena, struct chunk_field *field);

#endif
