#include "base/log.h"

#include "base/clock.h"
#include "base/terminal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic int log_level = LOG_INFO;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER; /* guards stderr and log_line */
static char log_line[512];                                   /* the status line; "": none */

static _Thread_local const char *log_name; /* the prefix of this thread's lines, or NULL */

static const char *const level_names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

void log_set_level(enum log_level level)
{
	atomic_store(&log_level, (int)level);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load(&log_level);
}

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	return names[level];
}

void log_about(const char *name)
{
	log_name = name;
}

/* Writes the current time as "2026-01-31T23:59:59.123Z". */
static void format_now(char *dst, size_t size)
{
	int64_t now_ms = clock_wall_ms();
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm utc;
	char seconds[32];
	gmtime_r(&now_s, &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(dst, size, "%s.%03dZ", seconds, (int)(now_ms % 1000));
}

static void erase_status(void)
{
	if (log_line[0] != '\0')
		fputs("\r\033[K", stderr);
}

static void show_status(void)
{
	fputs(log_line, stderr);
	fflush(stderr);
}

void log_hide_status(void)
{
	pthread_mutex_lock(&log_lock);
	erase_status();
}

void log_show_status(void)
{
	show_status();
	pthread_mutex_unlock(&log_lock);
}

void log_write(enum log_level level, const char *format, ...)
{
	if ((int)level < atomic_load_explicit(&log_level, memory_order_relaxed))
		return;
	char now[64];
	format_now(now, sizeof(now));
	va_list args;
	va_start(args, format);
	pthread_mutex_lock(&log_lock);
	flockfile(stderr);
	erase_status();
	fprintf(stderr, "%s %s %s%s", now, level_names[level], log_name ? log_name : "",
		log_name ? ": " : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	show_status();
	funlockfile(stderr);
	pthread_mutex_unlock(&log_lock);
	va_end(args);
}

void log_status(const char *text)
{
	size_t len;
	if (!terminal_is(STDERR_FILENO))
		return;
	len = terminal_fit(STDERR_FILENO, slice_str(text));
	if (len >= sizeof(log_line))
		len = sizeof(log_line) - 1;
	pthread_mutex_lock(&log_lock);
	erase_status();
	snprintf(log_line, sizeof(log_line), "%.*s", (int)len, text);
	show_status();
	pthread_mutex_unlock(&log_lock);
}
