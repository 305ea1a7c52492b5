/* log: lines on stderr with time, level and text. On a terminal a status line may follow the last.
 * Thread: any (one lock around a line). */
#ifndef TIDEWAY_LOG_H
#define TIDEWAY_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/* Returns the name of the level in lower case: "debug". */
const char *log_level_name(enum log_level level);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prefixes the lines that this thread writes from now on with `name`, which is borrowed. NULL
 * removes the prefix. */
void log_about(const char *name);
/* Replaces the status line; "" removes it. Does nothing when stderr is not a terminal. */
void log_status(const char *text);

/* Removes the status line and blocks logging until log_show_status. Use both around other output to
 * the terminal. */
void log_hide_status(void);
void log_show_status(void);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
