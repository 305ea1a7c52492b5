/* options: check the table of options that a function such as source.mysql gets. The options, the
 * checks and the texts of errors are those of lua/stdlib/core (schema.lua, option.lua).
 * Thread: the script's. */
#ifndef TIDEWAY_SCRIPT_OPTIONS_H
#define TIDEWAY_SCRIPT_OPTIONS_H

#include "script/script_priv.h"

/* Check the table at idx as the options of `function`, a group of the schema. Push a new table with
 * the defaults filled in, and with the fields `kind` and `where` unless kind is NULL. Raise with
 * file:line, the expected type and the nearest name. */
void options_check(lua_State *L, int idx, const char *function, const char *kind);

#endif
