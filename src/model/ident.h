/* ident: names of columns, keys and tables compared without case, by the servers' own tables (scripts/dev/gen-idents).
 * Names are UTF-8 and consist of characters below U+10000; a byte outside of one counts as itself.
 * Thread: any. Owner: nothing is kept. */
#ifndef TIDEWAY_IDENT_H
#define TIDEWAY_IDENT_H

#include "base/arena.h"

#include <stdint.h>

/* How a server compares the names of columns, keys and savepoints. Tables and databases, where
 * lower_case_table_names gives them no case, follow IDENT_UNICODE_3 on every server. */
enum ident_rules {
	IDENT_UNICODE_3,  /* MySQL, and MariaDB before 11.5 */
	IDENT_UNICODE_14, /* MariaDB from 11.5 on */
};

/* version: 110500 is 11.5; 0: not known. */
enum ident_rules ident_rules_of(bool mariadb, unsigned version);

/* <0, 0, >0: an order of the names without their case. */
int ident_compare(enum ident_rules rules, struct slice a, struct slice b);
bool ident_equal(enum ident_rules rules, struct slice a, struct slice b);
/* In lower case, as lower_case_table_names=1 stores the names of tables; a copy in the arena. */
struct slice ident_lower(struct slice name, struct arena *arena);
/* The character that `code` counts as in a comparison. */
uint32_t ident_fold(enum ident_rules rules, uint32_t code);

#endif
