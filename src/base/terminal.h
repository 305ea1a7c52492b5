/* terminal: whether a file descriptor is a terminal, and whether to write colours to it. Thread:
 * any. */
#ifndef TIDEWAY_TERMINAL_H
#define TIDEWAY_TERMINAL_H

#include "base/slice.h"

#include <stdbool.h>

/* Returns whether the descriptor is a terminal, which a person reads. */
bool terminal_is(int fd);
/* Returns whether to write colours: to a terminal, if NO_COLOR is unset or empty (no-color.org). */
bool terminal_has_colour(int fd);
/* Returns how many bytes of a text fit into one line of the terminal; whole characters of UTF-8. All of them do if its width is
 * unknown. A longer line wraps, so that a program cannot draw over it. */
size_t terminal_fit(int fd, struct slice text);

#endif
