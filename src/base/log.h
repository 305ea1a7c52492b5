/* log: lines on stderr: time, level, text. On a terminal one status line may stand below them.
 * Thread: any (one lock around a line). */
#ifndef TIDEWAY_LOG_H
#define TIDEWAY_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What this thread writes from now on is about `name`, which is borrowed; NULL: about nothing in particular. */
void log_about(const char *name);
/* Replaces the status line (only on a terminal; "" removes it). */
void log_status(const char *text);

/* Between the two the status line is gone and nothing is logged: for what is written to the same terminal. */
void log_hide_status(void);
void log_show_status(void);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
