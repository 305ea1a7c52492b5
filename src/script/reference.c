/* reference: print docs/options.md, the page of all options. */
#include "script/script_priv.h"

#include <stdio.h>

static int print_options(lua_State *L)
{
	FILE *out = lua_touserdata(L, 1);
	size_t len;
	const char *text;
	require_module(L, "tideway.core.reference");
	lua_getfield(L, -1, "markdown");
	lua_call(L, 0, 1);
	text = luaL_checklstring(L, -1, &len);
	fwrite(text, 1, len, out);
	return 0;
}

int script_reference_print(FILE *out, struct err *err)
{
	/* an empty script: this uses only the standard library */
	const struct script_options options = {.path = "/dev/null", .exec = true};
	struct script *script = script_new(&options, err);
	int rc;
	if (script == NULL)
		return -1;
	rc = state_protect(script, print_options, out, 0, E_BUG, err);
	script_free(script);
	return rc;
}
