/* stdlib: the Lua files of lua/stdlib, embedded as text. scripts/embed.lua makes the table when the
 * program is built: lua/stdlib/sync.lua is "tideway.sync", lua/stdlib/core/x.lua is
 * "tideway.core.x", and core/init.lua is "tideway.core".
 * Thread: any; constant. */
#ifndef TIDEWAY_STDLIB_H
#define TIDEWAY_STDLIB_H

#include <stddef.h>

struct stdlib_file {
	const char *name; /* module name; NULL ends the table */
	const char *text; /* content, NUL-terminated */
	size_t len;       /* bytes of text */
};

extern const struct stdlib_file stdlib_files[];
extern const size_t stdlib_count; /* entries, without the last one */

#endif
