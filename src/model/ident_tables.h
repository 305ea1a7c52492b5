/* ident_tables: the case of letters in names. scripts/dev/gen-idents generates the .c file.
 * Thread: any; constants only. */
#ifndef TIDEWAY_IDENT_TABLES_H
#define TIDEWAY_IDENT_TABLES_H

#include <stdint.h>

/* Adds `difference` to every step-th code point from first to last. */
struct ident_run {
	uint16_t first, last, step;
	int32_t difference;
};

/* Runs in ascending order, without ASCII: to lower case (IDENT_UNICODE_3), to upper case
 * (IDENT_UNICODE_14). */
extern const struct ident_run ident_lower_3[];
extern const unsigned ident_lower_3_count;
extern const struct ident_run ident_upper_14[];
extern const unsigned ident_upper_14_count;

#endif
