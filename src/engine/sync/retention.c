#include "engine/sync/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "source/inspect.h"

#include <inttypes.h>

enum { LOOK_MS = 10000, ANSWER_S = 30, WARN_PERCENT = 80 };

void retention_init(struct retention *retention, struct source *source, struct sync_events *events)
{
	*retention = (struct retention){.source = source,
					.events = events,
					.looked_ms = clock_mono_ms(),
					.unread_bytes = -1};
}

void retention_fini(struct retention *retention)
{
	conn_free(retention->conn);
	retention->conn = NULL;
}

/* Query the server. Without an answer, nothing is known this time. */
static int ask(struct retention *retention, struct buf *oldest)
{
	struct err err = ERR_INIT;
	int rc = 0;
	if (retention->conn == NULL) {
		retention->conn = conn_open(retention->source, CONN_CONTROL, &err);
		if (retention->conn) {
			conn_set_deadline(retention->conn, ANSWER_S);
			rc = source_retention(retention->conn, &retention->retention_s, &err);
		}
	}
	if (retention->conn == NULL || rc < 0 ||
	    source_oldest_binlog(retention->conn, oldest, &err) < 0) {
		log_debug("the oldest binlog cannot be read: %s", err.text);
		if (err.retriable)
			retention_fini(retention);
		return -1;
	}
	return 0;
}

static void warn_of_age(struct retention *retention, int64_t needed_ms)
{
	int64_t age_s = needed_ms > 0 ? (clock_wall_ms() - needed_ms) / 1000 : 0;
	if (retention->retention_s == 0 || retention->warned ||
	    (uint64_t)age_s * 100 < retention->retention_s * WARN_PERCENT)
		return;
	retention->warned = true;
	sync_events_emit(retention->events, (struct sync_event){
						    .kind = SYNC_EVENT_RETENTION_LOW,
						    .retention = {age_s, retention->retention_s},
					    });
}

static int check_oldest(struct retention *retention, const struct position *needed, struct err *err)
{
	struct err gone = ERR_INIT;
	struct buf oldest;
	int rc = 0;
	buf_init(&oldest);
	/* for a position by GTID alone, the dump itself reports it */
	if (ask(retention, &oldest) == 0 && needed->file[0] != '\0' &&
	    position_compare_files(buf_cstr(&oldest), 0, needed->file, 0) > 0 &&
	    source_has_position(retention->conn, needed, &gone) < 0 && gone.code == ERR_POSITION)
		rc = err_set(err, E_BINLOG_NEEDED,
			     "the binlog %s:%" PRIu64
			     " is still needed, but the server has purged everything before %s. "
			     "Raise binlog_expire_logs_seconds. " REMEDY_NEW_NAME,
			     needed->file, needed->offset, buf_cstr(&oldest));
	buf_fini(&oldest);
	return rc;
}

/* Measure how much the server has written after the position. */
static void measure(struct retention *retention, const struct position *needed)
{
	struct err err = ERR_INIT;
	struct position end;
	uint64_t bytes = 0;
	retention->unread_bytes = -1;
	if (retention->conn == NULL || needed->file[0] == '\0' ||
	    strcmp(needed->server, conn_server(retention->conn)->identity) != 0)
		return;
	position_init(&end);
	if (source_binlog_end(retention->conn, &end, &err) == 0 &&
	    source_binlog_between(retention->conn, needed->file, end.file, &bytes, &err) > 0 &&
	    bytes + end.offset >= needed->offset)
		retention->unread_bytes = (int64_t)(bytes + end.offset - needed->offset);
	else
		log_debug("the bytes after %s:%" PRIu64 " are not known: %s", needed->file,
			  needed->offset, err.text);
	position_fini(&end);
}

/* Return when the position was written. Before the first transaction its sequence is the time when
 * the sync began (rule: sequence-id). */
static int64_t time_of(const struct position *position)
{
	int64_t known_ms = position_watermark(position);
	return known_ms > 0 ? known_ms : (int64_t)(position->sequence / 1000000);
}

int retention_tick(struct retention *retention, const struct position *needed, struct err *err)
{
	int64_t now_ms = clock_mono_ms();
	if (now_ms - retention->looked_ms < LOOK_MS)
		return 0;
	if (check_oldest(retention, needed, err) < 0)
		return -1;
	warn_of_age(retention, time_of(needed));
	measure(retention, needed);
	retention->looked_ms = clock_mono_ms();
	return 0;
}
