#include "source/gtid_scan.h"

#include "base/reader.h"
#include "source/conn_priv.h"
#include "source/dump.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	FILE_BEGIN = 4, /* four magic bytes precede the first event */
	HEARTBEAT_MS = 500,
	GTID = 162,
	GTID_LIST = 163,
	HEADER_SIZE = 19,
	FLAG_ARTIFICIAL = 0x20,
};

/* The state of one scan. */
struct scan {
	struct gtid_set gtids;
	/* offset after the last event in the file; events contain its low 32 bits */
	uint64_t end;
	uint64_t until; /* the place where the scan ends */
	bool is_there;  /* the next transaction begins at the place or after it */
};

static void set_end(struct scan *scan, uint32_t end)
{
	uint64_t whole = (scan->end & ~(uint64_t)UINT32_MAX) | end;
	scan->end = whole < scan->end ? whole + UINT32_MAX + 1 : whole;
}

static void scan_gtid(struct scan *scan, uint32_t server_id, uint32_t size, struct reader *r)
{
	struct gtid gtid;
	gtid_read_mariadb(&gtid, server_id, r);
	scan->is_there = scan->end - size >= scan->until;
	if (!r->failed && !scan->is_there)
		gtid_set_add(&scan->gtids, &gtid);
}

/* Scans an event: timestamp(4) type(1) server_id(4) size(4) end_pos(4) flags(2) | body. Uses
 * end_pos, because a dump omits some events (annotations), so sizes do not add up to offsets.
 * Ignores artificial events, which are not in the file. Returns false if the event is damaged. */
static bool scan_event(struct scan *scan, struct slice event)
{
	struct reader r;
	reader_init(&r, event.ptr, event.len);
	reader_u32(&r);
	uint8_t type = reader_u8(&r);
	uint32_t server_id = reader_u32(&r);
	uint32_t size = reader_u32(&r);
	uint32_t end = reader_u32(&r);
	uint16_t flags = reader_u16(&r);
	if (r.failed || (flags & FLAG_ARTIFICIAL))
		return !r.failed;
	if (end != 0)
		set_end(scan, end);
	if (type == GTID_LIST)
		gtid_set_read_mariadb(&scan->gtids, &r);
	if (type == GTID && end != 0)
		scan_gtid(scan, server_id, size, &r);
	else if (type == GTID)
		return false;
	return !r.failed;
}

/* Scans a file up to the place. The dump ends at the end that the binlog had at its start, which is
 * not before the place. */
static int scan_file(struct scan *scan, struct dump *dump, const char *file, struct err *err)
{
	struct slice event;
	int rc = 1;
	while (!scan->is_there && (rc = dump_read(dump, &event, err)) > 0)
		if (!scan_event(scan, event))
			return err_set(err, E_BINLOG_FILE,
				       "the binlog %s contains an event after offset %" PRIu64
				       " that is damaged or has no end",
				       file, scan->end);
	if (rc < 0)
		return -1;
	if (!scan->is_there && scan->end < scan->until)
		return err_retry(err, E_BINLOG_CHANGED,
				 "the binlog %s ends at %" PRIu64 ", and had reached %" PRIu64
				 " before",
				 file, scan->end, scan->until);
	return 0;
}

int gtid_scan(struct conn *conn, struct position *position, struct err *err)
{
	struct position begin;
	struct scan scan = {.end = FILE_BEGIN, .until = position->offset};
	char name[80];
	const struct dump_options options = {
		.sync_name = name, .heartbeat_ms = HEARTBEAT_MS, .from_now_end = true};
	struct dump *dump;
	int rc = -1;
	position_init(&begin);
	gtid_set_init(&scan.gtids, GTID_MARIADB);
	snprintf(begin.file, sizeof(begin.file), "%s", position->file);
	begin.offset = FILE_BEGIN;
	snprintf(name, sizeof(name), "scan/%" PRIu64, conn_id(conn));
	dump = dump_open(conn->source, &begin, &options, err);
	if (dump)
		rc = scan_file(&scan, dump, position->file, err);
	dump_free(dump);
	if (rc < 0 &&
	    err->code == ERR_POSITION) { /* purged meanwhile: another try has another place */
		err_become(err, E_BINLOG_CHANGED);
		err->retriable = true;
	}
	if (rc == 0)
		gtid_set_copy(&position->gtids, &scan.gtids);
	gtid_set_fini(&scan.gtids);
	position_fini(&begin);
	return rc;
}
