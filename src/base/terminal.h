/* terminal: what a terminal at a descriptor is given. Thread: any. */
#ifndef TIDEWAY_TERMINAL_H
#define TIDEWAY_TERMINAL_H

#include <stdbool.h>

/* Somebody reads this: it is a terminal. */
bool terminal_is(int fd);
/* Whether colours are wanted there: a terminal, and NO_COLOR is unset or empty (no-color.org). */
bool terminal_has_colour(int fd);

#endif
