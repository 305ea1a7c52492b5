/* message_line: a message as one line for people: mark, topic, key, operation and row, in colours.
 * Programs read JSON instead. Writes control characters as \u00xx, so that a row cannot control the
 * terminal. Truncates long texts. Pure functions. Thread: any. */
#ifndef TIDEWAY_MESSAGE_LINE_H
#define TIDEWAY_MESSAGE_LINE_H

#include "model/message.h"

/* Appends the line without headers and line end. Appends a value without operation and row as it
 * is. */
void message_line_put(struct buf *out, const struct message *message, bool colour);
/* Appends one header to the line. */
void message_line_put_header(struct buf *out, struct slice name, struct slice value, bool colour);

#endif
