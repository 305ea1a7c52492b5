/* catalog_exists: the clauses of an ALTER TABLE that the server skips because of IF [NOT] EXISTS.
 * Thread: the owner of the catalog. Owner: the result lives in the draft's arena. */
#ifndef TIDEWAY_CATALOG_EXISTS_H
#define TIDEWAY_CATALOG_EXISTS_H

#include "schema/catalog_draft.h"

/* What the server skips of one clause: the clause itself, and the keys in its column definition,
 * which it decides separately. */
struct exists_skip {
	bool clause, primary, unique;
};

/* Returns one element for each spec of the step. The draft is the table before the statement. */
const struct exists_skip *exists_skips(const struct draft *draft, const struct ddl_step *step);

#endif
