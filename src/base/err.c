#include "base/err.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Appends to text at `at` as much as fits. Returns the new end. */
static size_t add_text(char *text, size_t size, size_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static size_t add_text(char *text, size_t size, size_t at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text + at, size - at, format, args);
	va_end(args);
	size_t end = at + (n < 0 ? 0 : (size_t)n);
	return end < size ? end : size - 1;
}

/* Writes the place that the fields name, with ": " at its end. Returns its length. */
static size_t print_place(const struct err *err, char *text, size_t size)
{
	size_t at = 0;
	text[0] = '\0';
	if (err->table[0])
		at = add_text(text, size, at, "table %s", err->table);
	if (err->operation[0])
		at = add_text(text, size, at, "%s%s", at ? ", " : "", err->operation);
	if (err->position[0])
		at = add_text(text, size, at, "%sat %s",
			      err->operation[0] ? " "
			      : at              ? ", "
						: "",
			      err->position);
	if (at)
		at = add_text(text, size, at, ": ");
	if (err->key[0])
		at = add_text(text, size, at, "key %s: ", err->key);
	if (err->column[0])
		at = add_text(text, size, at, "column %s: ", err->column);
	return at;
}

/* Makes the text from the fields and the message, which may be in err->text. */
static void make_text(struct err *err, const char *message, size_t cause)
{
	char text[ERR_TEXT_SIZE];
	size_t place = print_place(err, text, sizeof(text));
	add_text(text, sizeof(text), place, "%s", message);
	size_t cause_at = place + cause;
	err->message = (uint16_t)place;
	err->cause = (uint16_t)(cause_at < sizeof(text) ? cause_at : sizeof(text) - 1);
	memcpy(err->text, text, sizeof(text));
}

static int place_changed(struct err *err)
{
	make_text(err, err->text + err->message, (size_t)(err->cause - err->message));
	return -1;
}

/* Formats into a second buffer, because the arguments may point into *err. */
static int fill(struct err *err, enum err_id id, bool retriable, const char *format, va_list args)
{
	char message[ERR_TEXT_SIZE];
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	err->id = id;
	err->code = (enum err_code)((unsigned)id / 100);
	err->retriable = retriable;
	err->sync[0] = err->table[0] = err->column[0] = '\0';
	err->position[0] = err->operation[0] = err->key[0] = '\0';
	make_text(err, message, 0);
	return -1;
}

int err_set(struct err *err, enum err_id id, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, id, false, format, args);
	va_end(args);
	return -1;
}

int err_retry(struct err *err, enum err_id id, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, id, true, format, args);
	va_end(args);
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char message[ERR_TEXT_SIZE];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	size_t prefix = n < 0 ? 0 : (size_t)n < sizeof(message) ? (size_t)n : sizeof(message) - 1;
	add_text(message, sizeof(message), prefix, ": %s", err->text + err->message);
	make_text(err, message, prefix + 2 + (size_t)(err->cause - err->message));
	return -1;
}

int err_become(struct err *err, enum err_id id)
{
	err->id = id;
	err->code = (enum err_code)((unsigned)id / 100);
	return -1;
}

static int fill_field(struct err *err, char *field, size_t size, struct slice text)
{
	if (field[0] != '\0' || text.len == 0)
		return -1;
	size_t n = text.len < size ? text.len : size - 1;
	memcpy(field, text.ptr, n);
	field[n] = '\0';
	return place_changed(err);
}

int err_table(struct err *err, struct slice name)
{
	return fill_field(err, err->table, sizeof(err->table), name);
}

int err_table_of(struct err *err, struct slice db, struct slice table)
{
	char name[ERR_TABLE_SIZE];
	snprintf(name, sizeof(name), "%.*s.%.*s", SLICE_FMT(db), SLICE_FMT(table));
	return err_table(err, slice_str(name));
}

int err_column(struct err *err, struct slice name)
{
	return fill_field(err, err->column, sizeof(err->column), name);
}

int err_position(struct err *err, const char *file, uint64_t offset)
{
	char position[ERR_POSITION_SIZE];
	snprintf(position, sizeof(position), "%s:%llu", file ? file : "",
		 (unsigned long long)offset);
	return err_position_text(err, slice_str(position));
}

int err_position_text(struct err *err, struct slice position)
{
	return fill_field(err, err->position, sizeof(err->position), position);
}

int err_operation(struct err *err, const char *operation)
{
	return fill_field(err, err->operation, sizeof(err->operation), slice_str(operation));
}

int err_key(struct err *err, struct slice key)
{
	char text[ERR_KEY_SIZE];
	size_t n = key.len < sizeof(text) ? key.len : sizeof(text) - 1;
	for (size_t i = 0; i < n; i++) /* the text is one line of the log */
		text[i] = (unsigned char)key.ptr[i] < ' ' ? '?' : key.ptr[i];
	return fill_field(err, err->key, sizeof(err->key), slice_of(text, n));
}

int err_sync(struct err *err, const char *name)
{
	return fill_field(err, err->sync, sizeof(err->sync), slice_str(name));
}

const char *err_cause(const struct err *err)
{
	return err->text + err->cause;
}

void err_log(const struct err *err)
{
	log_error("%s%sE-%d: %s", err->sync, err->sync[0] ? ": " : "", (int)err->id, err->text);
}

/* ---- the list ---- */

static const struct err_entry ENTRIES[] = {
#define X(id, number, title, when, remedy) {#id, id, title, when, remedy},
#include "base/errors.def"
#undef X
};

enum { NENTRIES = sizeof(ENTRIES) / sizeof(*ENTRIES) };

const struct err_entry *err_entry_at(unsigned i)
{
	return i < NENTRIES ? &ENTRIES[i] : NULL;
}

const struct err_entry *err_entry_of(enum err_id id)
{
	for (unsigned i = 0; i < NENTRIES; i++)
		if (ENTRIES[i].id == id)
			return &ENTRIES[i];
	return NULL;
}

const struct err_entry *err_entry_named(const char *name)
{
	for (unsigned i = 0; i < NENTRIES; i++)
		if (strcmp(ENTRIES[i].name, name) == 0)
			return &ENTRIES[i];
	return NULL;
}
