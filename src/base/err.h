/* err: an operating error, filled by the function that met it and logged once where it is handled.
 * Thread: any. Owner: the caller's storage, passed last. Programmer errors are asserts instead.
 *
 * Each error is an entry of base/errors.def, which gives it a stable code (E-305), the exit code, and
 * what `tideway explain` prints. What failed is a message; where it failed are fields. The text that
 * users read is made here from both: "table shop.t, INSERT at mysql-bin.000001:4: key 7: column c: ...". */
#ifndef TIDEWAY_ERR_H
#define TIDEWAY_ERR_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* What kind of thing failed; the values are the exit codes of docs/commands.md. */
enum err_code {
	ERR_NONE = 0,
	ERR_SCRIPT = 1,    /* the script or one of its options is wrong */
	ERR_USAGE = 2,     /* the command line is wrong */
	ERR_SOURCE = 3,    /* the source refuses or cannot be used */
	ERR_POSITION = 4,  /* the position is no longer on the source */
	ERR_KAFKA = 5,     /* Kafka refuses or cannot be used */
	ERR_DISPLACED = 6, /* another process of this name has taken over */
	ERR_DATA = 7,      /* a row cannot be written as asked */
	ERR_INTERNAL = 8,  /* a defect of Tideway, or of the machine */
};

/* The entries of the list. The value is the number of the code; its first digit is the exit code. */
enum err_id {
	E_NONE = 0,
#define X(id, number, title, when, remedy) id = number,
#include "base/errors.def"
#undef X
};

enum {
	ERR_TEXT_SIZE = 2000,
	ERR_TABLE_SIZE = 392, /* db.table of the longest names */
	ERR_COLUMN_SIZE = 200,
	ERR_POSITION_SIZE = 280, /* file:offset, or a GTID */
	ERR_KEY_SIZE = 200,
	ERR_OPERATION_SIZE = 32,
	ERR_SYNC_SIZE = 256,
};

/* Every text is NUL-terminated and cut when longer. An empty field is unknown, or does not apply. */
struct err {
	enum err_code code;       /* ERR_NONE: nothing has failed */
	enum err_id id;           /* the entry of the list */
	bool retriable;           /* the same thing may succeed later: reconnect with back-off */
	uint16_t message;         /* where the message begins in text, after the place */
	uint16_t cause;           /* where the innermost message begins in text */
	char text[ERR_TEXT_SIZE]; /* place and message */
	char sync
		[ERR_SYNC_SIZE]; /* of several syncs, the name of the one that failed; not in text */
	char table[ERR_TABLE_SIZE];
	char column[ERR_COLUMN_SIZE];
	char position[ERR_POSITION_SIZE];
	char operation[ERR_OPERATION_SIZE]; /* INSERT, full sync, statement ... */
	char key[ERR_KEY_SIZE];             /* of the message, with its masks */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.code = ERR_NONE                                                                   \
	}
#define MUST_CHECK __attribute__((warn_unused_result))

/* Each fills *err from scratch and returns -1, so that `return err_set(...)` is one line. */
int err_set(struct err *err, enum err_id id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int err_retry(struct err *err, enum err_id id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "<prefix>: " before the message; keeps everything else. Returns -1. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Changes the entry of the list, and with it the exit code. Keeps everything else. Returns -1. */
int err_become(struct err *err, enum err_id id);

/* Each fills a field unless an inner caller has done so, and returns -1. */
int err_table(struct err *err, struct slice name);
int err_table_of(struct err *err, struct slice db, struct slice table);
int err_column(struct err *err, struct slice name);
int err_position(struct err *err, const char *file, uint64_t offset);
int err_position_text(struct err *err, struct slice position);
int err_operation(struct err *err, const char *operation);
int err_key(struct err *err, struct slice key);
int err_sync(struct err *err, const char *name);

/* Returns the message that the innermost caller gave, without place and prefixes. */
const char *err_cause(const struct err *err);

/* Writes sync, code and text as an ERROR line of the log. */
void err_log(const struct err *err);

/* ---- the list ---- */

struct err_entry {
	const char *name; /* of the enumerator */
	enum err_id id;
	const char *title, *when, *remedy;
};

/* In the order of their codes; NULL after the last. */
const struct err_entry *err_entry_at(unsigned i);
/* Returns the entry, or NULL if there is none. */
const struct err_entry *err_entry_of(enum err_id id);
const struct err_entry *err_entry_named(const char *name);

#endif
