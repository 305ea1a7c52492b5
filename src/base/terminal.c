#include "base/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
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

size_t terminal_fit(int fd, struct slice text)
{
	struct winsize size = {0};
	size_t len = text.len;
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || len < size.ws_col)
		return len;
	len = size.ws_col - 1;
	while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) /* inside a character */
		len--;
	return len;
}
