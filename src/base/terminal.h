/* terminal: whether a file descriptor is a terminal, and whether to write colours to it. Thread:
 * any. */
#ifndef TIDEWAY_TERMINAL_H
#define TIDEWAY_TERMINAL_H

#include <stdbool.h>

/* Returns whether the descriptor is a terminal, which a person reads. */
bool terminal_is(int fd);
/* Returns whether to write colours: to a terminal, if NO_COLOR is unset or empty (no-color.org). */
bool terminal_has_colour(int fd);

#endif
