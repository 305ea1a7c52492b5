/* err: an operating error, filled by the function that met it and logged once where it is handled.
 * Thread: any. Owner: the caller's storage, passed last. Programmer errors are asserts instead.
 * A text says what, where (file:line, table, position) and the remedy. */
#ifndef TIDEWAY_ERR_H
#define TIDEWAY_ERR_H

#include <stdbool.h>

/* What kind of thing failed; the values are the exit codes of docs/commands.md. */
enum err_code {
	ERR_NONE = 0,
	ERR_SCRIPT = 1,    /* the script or one of its options is wrong */
	ERR_USAGE = 2,     /* the command line is wrong */
	ERR_SOURCE = 3,    /* the source refuses or cannot be used */
	ERR_POSITION = 4,  /* the position is no longer on the source */
	ERR_KAFKA = 5,     /* Kafka refuses or cannot be used */
	ERR_DISPLACED = 6, /* another process of this name has taken over */
	ERR_DATA = 7,      /* a row that cannot be written as asked */
	ERR_INTERNAL = 8,  /* a defect of ours, or of the machine */
};

struct err {
	enum err_code code; /* ERR_NONE: nothing has failed */
	bool retriable;     /* the same thing may succeed later: reconnect with back-off */
	char text[2000];    /* NUL-terminated; cut when longer */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		ERR_NONE, false, ""                                                                \
	}
#define MUST_CHECK __attribute__((warn_unused_result))

/* Each fills *err and returns -1, so that `return err_set(...)` reads as one line. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int err_retry(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "<prefix>: " before the text that is there; keeps code and retriable. Returns -1. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
