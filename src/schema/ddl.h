/* ddl: parses the text of a statement into the steps that the catalog applies (model/ddl.h), in
 * linear time. Pure functions that need no catalog. The result depends on the statement:
 *   - CREATE TABLE (LIKE too), ALTER TABLE, DROP, RENAME and TRUNCATE TABLE, CREATE and DROP INDEX,
 *     CREATE, ALTER and DROP DATABASE become their steps (rule: plan-key). The parser reads versioned
 *     comments and MariaDB's IF [NOT] EXISTS and OR REPLACE.
 *   - Statements that change rows become DDL_STEP_DML.
 *   - Statements about other objects of a database become DDL_STEP_QUERY.
 *   - Statements whose first words cannot change a table become DDL_STEP_NONE.
 *   - All others, and those with a word that the parser does not understand, become one
 *     DDL_STEP_UNPLACED. The parser never guesses.
 * Thread: any. Owner: the steps live in the arena; names are unquoted UTF-8 copies. */
#ifndef TIDEWAY_SCHEMA_DDL_H
#define TIDEWAY_SCHEMA_DDL_H

#include "base/arena.h"
#include "base/err.h"
#include "decode/event.h"
#include "model/ddl.h"

/* Returns the context in which the text of a Query event is to be read, from the event and the
 * format of its file: all of DDL_VARIABLES that need no query. */
struct ddl_context ddl_context_of(const struct event_query *query,
				  const struct event_format *format);
/* Converts *sql from charset_client to UTF-8, if it is not ASCII, and sets charset_client to UTF-8.
 * *sql is unchanged or a copy in the arena. Bytes that are not a valid character become '?'. Fails
 * if the character set is unknown. */
int ddl_to_utf8(struct ddl_context *context, struct arena *arena, struct slice *sql,
		struct err *err) MUST_CHECK;
/* Parses a statement. Sets *steps to *nsteps steps, at least one. Fails only like ddl_to_utf8. */
int ddl_parse(struct slice sql, const struct ddl_context *context, struct arena *arena,
	      const struct ddl_step **steps, unsigned *nsteps, struct err *err) MUST_CHECK;

#endif
