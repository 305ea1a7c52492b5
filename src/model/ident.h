/* ident: compares names of columns, keys and tables without case, with the servers' own case tables
 * (scripts/dev/gen-idents). Names are UTF-8 with characters below U+10000. A byte that is not part
 * of such a character counts as itself.
 * Thread: any. Owner: the module keeps no data. */
#ifndef TIDEWAY_IDENT_H
#define TIDEWAY_IDENT_H

#include "base/arena.h"

#include <stdint.h>

/* The rules by which a server compares names of columns, keys and savepoints. If
 * lower_case_table_names ignores case, every server compares names of tables and databases by
 * IDENT_UNICODE_3. */
enum ident_rules {
	IDENT_UNICODE_3,  /* MySQL, and MariaDB before 11.5 */
	IDENT_UNICODE_14, /* MariaDB from 11.5 on */
};

/* Returns the rules of a server version. 110500 is 11.5; 0: unknown. */
enum ident_rules ident_rules_of(bool mariadb, unsigned version);

/* Compares two names without case. Returns <0, 0 or >0. */
int ident_compare(enum ident_rules rules, struct slice a, struct slice b);
bool ident_equal(enum ident_rules rules, struct slice a, struct slice b);
/* Returns a copy in lower case, as lower_case_table_names=1 stores names of tables. */
struct slice ident_lower(struct slice name, struct arena *arena);
/* Returns the character that a comparison uses instead of `code`. */
uint32_t ident_fold(enum ident_rules rules, uint32_t code);

#endif
