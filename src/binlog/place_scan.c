#include "binlog/place_scan.h"

#include "base/arena.h"
#include "binlog/cursor.h"
#include "binlog/trx.h"
#include "model/position.h"

#include <inttypes.h>

/* Heartbeats before the place. At an interval of 100 ms, this is a minute. */
enum { BEATS_MAX = 600 };

/* The state of one scan. */
struct reading {
	const struct place_scan *scan;
	struct cursor cursor;
	struct trx trx;
	uint64_t begin;    /* of the open transaction, or else of the last event */
	uint64_t end;      /* of the last event in the file */
	bool is_between;   /* an event begins at the place, outside of transactions */
	bool is_over;      /* everything before the place was read */
	bool is_inside;    /* the place is inside what begins at `begin` */
	unsigned nbeats;   /* heartbeats before the place */
	struct arena text; /* of one packet */
};

static int fail_short(const struct reading *reading, struct err *err)
{
	return err_retry(err, E_BINLOG_CHANGED,
			 "the binlog %s ends at %" PRIu64 ", and had reached %" PRIu64 " before",
			 reading->scan->file, reading->cursor.offset, reading->scan->offset);
}

static bool is_at_place(const struct reading *reading, const char *file, uint64_t offset)
{
	return position_compare_files(file, offset, reading->scan->file, reading->scan->offset) >=
	       0;
}

static void end_at(struct reading *reading, bool is_inside)
{
	reading->is_over = true;
	reading->is_inside = is_inside;
}

/* Ends the scan after the last event before the place. */
static void end_of_file(struct reading *reading)
{
	end_at(reading,
	       reading->trx.open || (reading->end > reading->scan->offset && !reading->is_between));
}

/* Everything before the place of a heartbeat was sent. The 32 bits of its offset may be too low, never too high. */
static int take_heartbeat(struct reading *reading, const struct event *event, struct err *err)
{
	struct event_heartbeat heartbeat;
	if (event_heartbeat_parse(event, &heartbeat, err) < 0)
		return cursor_wrap(&reading->cursor, "binlog event", reading->cursor.start, err);
	if (is_at_place(reading, arena_cstr(&reading->text, heartbeat.file), heartbeat.offset))
		end_of_file(reading);
	else if (++reading->nbeats > BEATS_MAX)
		return fail_short(reading, err);
	return 0;
}

/* Reads the GTIDs before the file. */
static int take_previous(struct reading *reading, const struct event *event, struct err *err)
{
	struct gtid_set *gtids = reading->scan->gtids;
	struct reader r;
	bool ok = true;
	reader_init(&r, event->body.ptr, event->body.len);
	if (event->type == EVENT_GTID_LIST && gtids->flavour == GTID_MARIADB) {
		gtid_set_read_mariadb(gtids, &r);
		ok = !r.failed;
	} else if (event->type == EVENT_PREVIOUS_GTIDS && gtids->flavour == GTID_MYSQL) {
		ok = gtid_set_read_mysql(gtids, &r);
	}
	if (ok)
		return 0;
	err_set(err, E_GTID, "the GTIDs before this file cannot be read%s",
		gtids->flavour == GTID_MYSQL ? ", or have tags (uuid:tag:number)" : "");
	return cursor_wrap(&reading->cursor, "binlog event", reading->cursor.start, err);
}

static int begin_transaction(struct reading *reading, const struct event *event, struct err *err)
{
	struct event_gtid gtid;
	if (event_gtid_parse(event, &gtid, err) < 0)
		return cursor_wrap(&reading->cursor, "binlog event", reading->cursor.start, err);
	if (gtid.gtid.flavour == reading->scan->gtids->flavour)
		gtid_set_add(reading->scan->gtids, &gtid.gtid);
	trx_open(&reading->trx, &gtid);
	reading->begin = reading->cursor.start;
	return 0;
}

static int take_event(struct reading *reading, const struct event *event, struct err *err)
{
	struct trx *trx = &reading->trx;
	if (event->type == EVENT_GTID_MARIADB || event->type == EVENT_GTID_MYSQL ||
	    event->type == EVENT_ANONYMOUS_GTID)
		return begin_transaction(reading, event, err);
	if (!trx->open) {
		reading->begin = reading->cursor.start;
		return take_previous(reading, event, err);
	}
	if (trx_event(trx, event, &reading->cursor.format, err) < 0)
		return cursor_wrap(&reading->cursor, "binlog event", reading->cursor.start, err);
	if (trx->end != TRX_OPEN)
		trx_reset(trx);
	return 0;
}

/* Passes over an event that Tideway does not read, since it is before the place. A compressed transaction is one event after its GTID event. */
static int pass_over(struct reading *reading, const struct event *event, struct err *err)
{
	if (event->type != EVENT_TRANSACTION_PAYLOAD && event->type != EVENT_INCIDENT)
		return -1;
	*err = (struct err)ERR_INIT;
	trx_reset(&reading->trx);
	return 0;
}

/* Returns whether the event describes the file. Those at the beginning of a file have what is before it. */
static bool is_of_file(uint8_t type)
{
	return type == EVENT_FORMAT_DESCRIPTION || type == EVENT_PREVIOUS_GTIDS ||
	       type == EVENT_GTID_LIST || type == EVENT_BINLOG_CHECKPOINT ||
	       type == EVENT_START_ENCRYPTION;
}

/* Ends the scan at the first event that is not before the place. */
static void check_place(struct reading *reading, const struct event *event)
{
	const struct cursor *cursor = &reading->cursor;
	uint64_t place = reading->scan->offset;
	if (strcmp(cursor->file, reading->scan->file) != 0) {
		end_of_file(reading);
		return;
	}
	if (event->type == EVENT_ROTATE) /* the first packet: it names the file */
		return;
	reading->end = cursor->offset;
	reading->is_between |= cursor->start == place && !reading->trx.open;
	if (is_of_file(event->type) && cursor->start < place && place < cursor->offset) {
		reading->begin = cursor->start;
		end_at(reading, true);
	} else if (!is_of_file(event->type) && cursor->start >= place) {
		end_at(reading, !reading->is_between);
	}
}

static int take_packet(struct reading *reading, struct slice packet, struct err *err)
{
	struct event event;
	bool readable = cursor_read(&reading->cursor, packet, &event, err) == 0;
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2)
		return readable ? take_heartbeat(reading, &event, err) : -1;
	if (event.flags & EVENT_FLAG_ARTIFICIAL && event.type != EVENT_ROTATE)
		return readable ? 0 : -1;
	check_place(reading, &event);
	if (reading->is_over) {
		*err = (struct err)ERR_INIT; /* whatever the event is, it is not before the place */
		return 0;
	}
	if (!readable)
		return pass_over(reading, &event, err);
	if (event.type == EVENT_FORMAT_DESCRIPTION)
		trx_reset(&reading->trx); /* the server crashed inside it */
	return event.type == EVENT_ROTATE ? 0 : take_event(reading, &event, err);
}

static int read_to_place(struct reading *reading, struct packet_source *source, struct err *err)
{
	const atomic_bool *halt = reading->scan->halt;
	struct slice packet;
	int rc;
	while (!reading->is_over) {
		if (halt && atomic_load(halt))
			return err_retry(err, E_STOPPED_READING,
					 "stopped while the binlog was read");
		rc = packet_source_next(source, &packet, err);
		if (rc <= 0)
			return rc < 0 ? -1 : fail_short(reading, err);
		if (take_packet(reading, packet, err) < 0)
			return -1;
		arena_reset(&reading->text);
	}
	return 0;
}

int place_scan_run(const struct place_scan *scan, struct packet_source *source, uint64_t *begin,
		   struct err *err)
{
	struct reading reading = {.scan = scan};
	int rc;
	cursor_init(&reading.cursor, true);
	trx_init(&reading.trx);
	arena_init(&reading.text, 0);
	cursor_begin(&reading.cursor, slice_str(scan->file), 4);
	rc = read_to_place(&reading, source, err);
	*begin = reading.begin;
	arena_fini(&reading.text);
	trx_fini(&reading.trx);
	cursor_fini(&reading.cursor);
	if (rc < 0)
		return -1;
	return !reading.is_inside;
}
