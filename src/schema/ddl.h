/* ddl: the text of a statement to the steps that the catalog applies (model/ddl.h). Pure; needs no
 * catalog. Placed (rule 12): CREATE TABLE (LIKE too), ALTER TABLE, DROP, RENAME and TRUNCATE TABLE,
 * CREATE and DROP INDEX, CREATE, ALTER and DROP DATABASE, versioned comments, MariaDB's IF [NOT]
 * EXISTS and OR REPLACE. Statements whose first words cannot change a table are DDL_STEP_NONE (or
 * DDL_STEP_QUERY when they make or drop something else in a database), statements that change rows
 * DDL_STEP_DML; what is left, or has a word that is not understood, is one DDL_STEP_UNPLACED: never
 * a guess. Linear in the length of the text.
 * Thread: any. Owner: the steps live in the arena; names are unquoted UTF-8 copies. */
#ifndef TIDEWAY_SCHEMA_DDL_H
#define TIDEWAY_SCHEMA_DDL_H

#include "base/arena.h"
#include "base/err.h"
#include "decode/event.h"
#include "model/ddl.h"

/* What a Query event and the format of its file say about how its text is to be read: all of DDL_VARIABLES that the server
 * need not be asked for. */
struct ddl_context ddl_context_of(const struct event_query *query,
				  const struct event_format *format);
/* From charset_client to UTF-8, in place or into the arena; what is no character becomes '?'. Afterwards the context says that
 * it is UTF-8. Fails when the character set is one we do not know. */
int ddl_to_utf8(struct ddl_context *context, struct arena *arena, struct slice *sql,
		struct err *err) MUST_CHECK;
/* *nsteps >= 1. Fails as ddl_to_utf8 does. */
int ddl_parse(struct slice sql, const struct ddl_context *context, struct arena *arena,
	      const struct ddl_step **steps, unsigned *nsteps, struct err *err) MUST_CHECK;

#endif
