/* reference: print docs/options.md, the page of all options. */
#include "script/script_priv.h"

#include <stdio.h>

static int print_core(lua_State *L)
{
	FILE *out = lua_touserdata(L, 1);
	size_t len;
	const char *text;
	lua_getglobal(L, "require");
	lua_pushstring(L, "tideway.core");
	lua_call(L, 1, 1);
	lua_getfield(L, -1, "options_markdown");
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
	fputs("# Options\n\nMade by scripts/dev/gen-docs from the tables that check the options. "
	      "An option that is not "
	      "here is an error that\nnames the nearest right one.\n\n",
	      out);
	rc = state_protect(script, print_core, out, 0, E_BUG, err);
	fputc('\n', out);
	script_options_print(out);
	script_free(script);
	return rc;
}
