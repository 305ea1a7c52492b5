/* cmd_options: `tideway options`: print the reference of options, from the tables that check the
 * script's options. */
#include "control/command.h"
#include "script/script.h"

#include <stdio.h>

int command_options(const struct arguments *arguments, struct err *err)
{
	(void)arguments;
	return script_reference_print(stdout, err);
}
