#include "base/terminal.h"

#include <stdlib.h>
#include <unistd.h>

bool terminal_is(int fd)
{
	return isatty(fd) == 1;
}

bool terminal_has_colour(int fd)
{
	const char *unwanted = getenv("NO_COLOR");
	return terminal_is(fd) && (unwanted == NULL || *unwanted == '\0');
}
