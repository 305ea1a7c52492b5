#include "engine/state/binlog_clock.h"

#include "base/clock.h"
#include "base/cond.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/backoff.h"
#include "source/inspect.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_S = 30 }; /* a connection that does not answer is lost */

struct binlog_clock {
	struct source *source;
	int64_t interval_ms;
	const char *label; /* in the log */
	pthread_t thread;
	pthread_mutex_t lock; /* guards the rest */
	struct cond wake;
	struct conn *conn; /* NULL: not open; freed under the lock */
	struct binlog_reading reading;
	bool is_new;
	char reads[256]; /* the file that the owner reads; "": unknown */
	bool hurries;    /* the next reading must not wait */
	bool ends;
};

/* ---- its thread ---- */

/* Wait for the next reading. Return false if the thread must end. */
static bool wait_for(struct binlog_clock *clock, int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + ms;
	bool ends;
	pthread_mutex_lock(&clock->lock);
	while (!clock->ends && !clock->hurries && cond_wait(&clock->wake, &clock->lock, until_ms))
		;
	clock->hurries = false;
	ends = clock->ends;
	pthread_mutex_unlock(&clock->lock);
	return !ends;
}

static void set_conn(struct binlog_clock *clock, struct conn *conn)
{
	pthread_mutex_lock(&clock->lock);
	conn_free(clock->conn);
	clock->conn = conn;
	if (conn && clock->ends)
		conn_shutdown(conn);
	pthread_mutex_unlock(&clock->lock);
}

static int connect(struct binlog_clock *clock, struct err *err)
{
	struct conn *conn;
	if (clock->conn)
		return 0;
	conn = conn_open(clock->source, CONN_CONTROL, err);
	if (conn == NULL)
		return -1;
	conn_set_deadline(conn, ANSWER_S);
	set_conn(clock, conn);
	return 0;
}

/* Set how many bytes are in the files that the owner has yet to read, without the last one. Closed files do not grow, so the server
 * is asked once for each pair of files. */
static void measure(struct binlog_clock *clock, struct binlog_reading *reading)
{
	const struct binlog_reading *before = &clock->reading;
	struct err err = ERR_INIT;
	int known;
	pthread_mutex_lock(&clock->lock);
	snprintf(reading->from, sizeof(reading->from), "%s", clock->reads);
	pthread_mutex_unlock(&clock->lock);
	if (reading->from[0] == '\0' || strcmp(reading->from, reading->file) == 0)
		return;
	if (strcmp(reading->from, before->from) == 0 && strcmp(reading->file, before->file) == 0) {
		reading->between = before->between;
		return;
	}
	known = source_binlog_between(clock->conn, reading->from, reading->file, &reading->between,
				      &err);
	if (known < 0)
		log_debug("the sizes of the binlog files cannot be read: %s", err.text);
	if (known <= 0)
		reading->from[0] = '\0';
}

static int ask(struct binlog_clock *clock, struct err *err)
{
	struct binlog_reading reading = {.asked_ms = clock_mono_ms()};
	struct position end;
	int rc;
	if (connect(clock, err) < 0)
		return -1;
	position_init(&end);
	rc = source_clock(clock->conn, &reading.server_ms, &end, err);
	snprintf(reading.file, sizeof(reading.file), "%s", end.file);
	reading.offset = end.offset;
	position_fini(&end);
	if (rc < 0) {
		set_conn(clock, NULL);
		return -1;
	}
	snprintf(reading.server, sizeof(reading.server), "%s", conn_server(clock->conn)->identity);
	measure(clock, &reading);
	pthread_mutex_lock(&clock->lock);
	clock->reading = reading;
	clock->is_new = true;
	pthread_mutex_unlock(&clock->lock);
	return 0;
}

static void *clock_main(void *arg)
{
	struct binlog_clock *clock = arg;
	struct backoff backoff = {0};
	bool said = false;
	int64_t wait_ms, failed_ms = clock_mono_ms();
	log_about(clock->label);
	do {
		struct err err = ERR_INIT;
		wait_ms = clock->interval_ms;
		if (ask(clock, &err) < 0) {
			wait_ms = backoff_next(&backoff, clock_mono_ms() - failed_ms);
			failed_ms = clock_mono_ms();
			if (!err.retriable && !said)
				log_warn("%s; heartbeats carry the time of the last transaction "
					 "until the end of the binlog can be read",
					 err.text);
			else
				log_debug("%s", err.text);
			said |= !err.retriable;
		}
	} while (wait_for(clock, wait_ms));
	set_conn(clock, NULL);
	return NULL;
}

/* ---- its owner ---- */

struct binlog_clock *binlog_clock_start(struct source *source, int64_t interval_ms,
					const char *label)
{
	struct binlog_clock *clock = mem_array(1, sizeof(*clock));
	clock->source = source;
	clock->interval_ms = interval_ms;
	clock->label = label;
	pthread_mutex_init(&clock->lock, NULL);
	cond_init(&clock->wake);
	thread_start(&clock->thread, "clock", clock_main, clock);
	return clock;
}

void binlog_clock_end(struct binlog_clock *clock)
{
	if (clock == NULL)
		return;
	pthread_mutex_lock(&clock->lock);
	clock->ends = true;
	if (clock->conn)
		conn_shutdown(clock->conn);
	cond_signal(&clock->wake);
	pthread_mutex_unlock(&clock->lock);
	thread_join(clock->thread);
	cond_fini(&clock->wake);
	pthread_mutex_destroy(&clock->lock);
	free(clock);
}

void binlog_clock_hurry(struct binlog_clock *clock)
{
	pthread_mutex_lock(&clock->lock);
	clock->hurries = true;
	cond_signal(&clock->wake);
	pthread_mutex_unlock(&clock->lock);
}

bool binlog_clock_take(struct binlog_clock *clock, const char *reads,
		       struct binlog_reading *reading)
{
	bool is_new;
	pthread_mutex_lock(&clock->lock);
	is_new = clock->is_new;
	if (is_new)
		*reading = clock->reading;
	clock->is_new = false;
	if (is_new)
		snprintf(clock->reads, sizeof(clock->reads), "%s", reads ? reads : "");
	pthread_mutex_unlock(&clock->lock);
	return is_new;
}
