/* stdlib: the Lua files of lua/stdlib as text inside the program. The table is made at build time
 * by scripts/embed.lua: lua/stdlib/sync.lua is "tideway.sync", lua/stdlib/core/x.lua
 * "tideway.core.x", an init.lua stands for its folder.
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
extern const size_t stdlib_count; /* entries before the one that ends the table */

#endif
