/* catalog_alter: applies CREATE TABLE, ALTER TABLE, CREATE INDEX and DROP INDEX to a draft by the
 * server's rules.
 * Thread: the owner of the catalog. Owner: results live in the draft's arena, or borrow from the
 * statement. */
#ifndef TIDEWAY_CATALOG_ALTER_H
#define TIDEWAY_CATALOG_ALTER_H

#include "base/err.h"
#include "schema/catalog_draft.h"
#include "schema/catalog_type.h"

/* Applies a step to a draft, which is empty (CREATE TABLE) or contains a table's columns and keys.
 * types->charset is the default of the database. Fails with ERR_DATA that names the table and the
 * missing column or key. */
int alter_apply(struct draft *draft, struct type_context *types, const struct ddl_step *step,
		struct err *err) MUST_CHECK;

#endif
