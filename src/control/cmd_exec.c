/* cmd_exec: `tideway exec`: run a script of primitives once, without a sync. */
#include "control/command.h"
#include "control/primitives.h"
#include "script/script.h"

int command_exec(const struct arguments *arguments, struct err *err)
{
	struct script_host host = {.arg = NULL};
	struct script_options options = {
		.args = arguments->settings,
		.nargs = arguments->nsettings,
		.host = &host,
		.exec = true,
	};
	struct script *script;
	if (arguments_script(arguments, &options.path, err) < 0)
		return -1;
	primitives_host(&host);
	script = script_new(&options, err);
	script_free(script);
	return script ? 0 : -1;
}
