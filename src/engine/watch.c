#include "engine/watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "source/inspect.h"

#include <inttypes.h>

enum { LOOK_MS = 10000, ANSWER_S = 30, WARN_PERCENT = 80 };

void watch_init(struct watch *watch, struct source *source)
{
	*watch = (struct watch){.source = source, .looked_ms = clock_mono_ms()};
}

void watch_fini(struct watch *watch)
{
	conn_free(watch->conn);
	watch->conn = NULL;
}

/* Asks the server; without an answer nothing is known this time. */
static int ask(struct watch *watch, struct buf *oldest)
{
	struct err err = ERR_INIT;
	int rc = 0;
	if (watch->conn == NULL) {
		watch->conn = conn_open(watch->source, CONN_CONTROL, &err);
		if (watch->conn) {
			conn_set_deadline(watch->conn, ANSWER_S);
			rc = source_retention(watch->conn, &watch->retention_s, &err);
		}
	}
	if (watch->conn == NULL || rc < 0 || source_oldest_binlog(watch->conn, oldest, &err) < 0) {
		log_debug("the oldest binlog cannot be read: %s", err.text);
		if (err.retriable)
			watch_fini(watch);
		return -1;
	}
	return 0;
}

static void warn_of_age(struct watch *watch, int64_t needed_ms)
{
	int64_t age_s = needed_ms > 0 ? (clock_wall_ms() - needed_ms) / 1000 : 0;
	if (watch->retention_s == 0 || watch->warned ||
	    (uint64_t)age_s * 100 < watch->retention_s * WARN_PERCENT)
		return;
	watch->warned = true;
	log_warn("the binlog is needed from %" PRId64 " s ago, and the server keeps it for %" PRIu64
		 " s: raise binlog_expire_logs_seconds, or what is not read yet will be purged",
		 age_s, watch->retention_s);
}

static int check_oldest(struct watch *watch, const struct position *needed, struct err *err)
{
	struct err gone = ERR_INIT;
	struct buf oldest;
	int rc = 0;
	buf_init(&oldest);
	/* of a position by GTID alone the dump itself tells */
	if (ask(watch, &oldest) == 0 && needed->file[0] != '\0' &&
	    position_compare_files(buf_cstr(&oldest), 0, needed->file, 0) > 0 &&
	    source_has_position(watch->conn, needed, &gone) < 0 && gone.code == ERR_POSITION)
		rc = err_set(err, E_BINLOG_NEEDED,
			     "the binlog %s:%" PRIu64
			     " is still needed, but the server has purged everything before %s. "
			     "Raise binlog_expire_logs_seconds. " REMEDY_NEW_NAME,
			     needed->file, needed->offset, buf_cstr(&oldest));
	buf_fini(&oldest);
	return rc;
}

int watch_tick(struct watch *watch, const struct position *needed, int64_t needed_ms,
	       struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	if (now_ms - watch->looked_ms < LOOK_MS)
		return 0;
	if (check_oldest(watch, needed, err) < 0)
		return -1;
	warn_of_age(watch, needed_ms);
	watch->looked_ms = clock_mono_ms();
	return 0;
}
