/* offline: a lane without source and sink, for tests of a mapping (module tideway.test): tables
 * come from CREATE TABLE statements, changes from values, and messages are collected.
 * Thread: one. Owner: offline_new / offline_free. */
#ifndef TIDEWAY_OFFLINE_H
#define TIDEWAY_OFFLINE_H

#include "script/script.h"

struct offline;

/* Load the script. Nothing connects. */
struct offline *offline_new(const struct script_options *script, struct err *err);
void offline_free(struct offline *offline);
/* Apply a statement. Its DDL messages, if any, are valid until the next call. */
int offline_statement(struct offline *offline, struct slice sql, const struct message **records,
		      unsigned *n, struct err *err) MUST_CHECK;
/* Return a table; NULL: not created. full_name: "db.table". */
const struct table *offline_table(struct offline *offline, struct slice full_name);
/* Map one change. Values by column position; VALUE_UNSET is NULL. The messages are valid until the
 * next call. */
int offline_change(struct offline *offline, enum change_op op, const struct table *table,
		   const struct value *before, const struct value *after,
		   const struct message **records, unsigned *n, struct err *err) MUST_CHECK;
/* Set the test_* members of a host. */
void offline_host(struct script_host *host);

#endif
