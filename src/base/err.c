#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* By way of a second text, for the arguments may point into err->text. */
static void format_text(struct err *err, const char *format, va_list args, const char *tail)
{
	char text[sizeof(err->text)];
	int n = vsnprintf(text, sizeof(text), format, args);
	size_t len = n < 0 ? 0 : (size_t)n;
	if (len < sizeof(text) - 1)
		snprintf(text + len, sizeof(text) - len, "%s", tail);
	memcpy(err->text, text, sizeof(text));
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	format_text(err, format, args, "");
	va_end(args);
	err->code = code;
	err->retriable = false;
	return -1;
}

int err_retry(struct err *err, enum err_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	format_text(err, format, args, "");
	va_end(args);
	err->code = code;
	err->retriable = true;
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char tail[sizeof(err->text) + 2];
	snprintf(tail, sizeof(tail), ": %s", err->text);
	va_list args;
	va_start(args, format);
	format_text(err, format, args, tail);
	va_end(args);
	return -1;
}
