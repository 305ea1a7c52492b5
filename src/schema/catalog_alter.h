/* catalog_alter: the parts of CREATE TABLE, ALTER TABLE and CREATE or DROP INDEX done to a draft, by the
 * server's rules. Thread: the owner of the catalog. Owner: all in the draft's arena, or borrowed from the
 * statement. */
#ifndef TIDEWAY_CATALOG_ALTER_H
#define TIDEWAY_CATALOG_ALTER_H

#include "base/err.h"
#include "schema/catalog_draft.h"
#include "schema/catalog_type.h"

/* The draft is empty (CREATE TABLE) or has a table's columns and keys. types->charset is the default of
 * the database; or_replace: CREATE OR REPLACE INDEX. ERR_DATA names the table and what is not there. */
int alter_apply(struct draft *draft, struct type_context *types, const struct ddl_step *step,
		struct err *err) MUST_CHECK;

#endif
