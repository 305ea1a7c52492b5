/* catalog_exists: which clauses of an ALTER TABLE the server passes over because of IF [NOT] EXISTS.
 * Thread: the owner of the catalog. Owner: the result lives in the draft's arena. */
#ifndef TIDEWAY_CATALOG_EXISTS_H
#define TIDEWAY_CATALOG_EXISTS_H

#include "schema/catalog_draft.h"

/* Of one clause: the clause itself, and the keys that are written at its column, which are decided apart. */
struct exists_skip {
	bool clause, primary, unique;
};

/* One for each spec of the step; the draft is the table as it was before the statement. */
const struct exists_skip *exists_skips(const struct draft *draft, const struct ddl_step *step);

#endif
