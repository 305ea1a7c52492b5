#include "source/gtid_scan.h"

#include "base/reader.h"
#include "source/conn_priv.h"
#include "source/dump.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	FILE_BEGIN = 4, /* four magic bytes come before the first event */
	HEARTBEAT_MS = 500,
	GTID = 162,
	GTID_LIST = 163,
	HEADER_SIZE = 19,
	FLAG_ARTIFICIAL = 0x20,
};

/* One scan. */
struct scan {
	struct gtid_set gtids;
	uint64_t offset; /* after the last event */
};

/* timestamp(4) type(1) server_id(4) size(4) end_pos(4) flags(2) | body. An event that is only in the dump has the flag, or no end. */
static bool scan_event(struct scan *scan, struct slice event)
{
	struct reader r;
	struct gtid gtid;
	reader_init(&r, event.ptr, event.len);
	reader_u32(&r);
	uint8_t type = reader_u8(&r);
	uint32_t server_id = reader_u32(&r);
	uint32_t size = reader_u32(&r);
	uint32_t end = reader_u32(&r);
	uint16_t flags = reader_u16(&r);
	if (r.failed || (flags & FLAG_ARTIFICIAL) || end == 0)
		return !r.failed;
	scan->offset += size;
	if (type == GTID_LIST)
		gtid_set_read_mariadb(&scan->gtids, &r);
	if (type == GTID) {
		gtid_read_mariadb(&gtid, server_id, &r);
		if (!r.failed)
			gtid_set_add(&scan->gtids, &gtid);
	}
	return !r.failed;
}

static int scan_file(struct scan *scan, struct dump *dump, const struct position *until,
		     struct err *err)
{
	struct slice event;
	int rc = 1;
	while (scan->offset < until->offset && (rc = dump_read(dump, &event, err)) > 0)
		if (!scan_event(scan, event))
			return err_set(err, ERR_SOURCE,
				       "the binlog %s has a damaged event after offset %" PRIu64,
				       until->file, scan->offset);
	if (rc < 0)
		return -1;
	if (scan->offset != until->offset)
		return err_retry(err, ERR_SOURCE,
				 "the binlog %s has no event that ends at %" PRIu64
				 "; the last one read ends at %" PRIu64,
				 until->file, until->offset, scan->offset);
	return 0;
}

int gtid_scan(struct conn *conn, struct position *position, struct err *err)
{
	struct position begin;
	struct scan scan = {.offset = FILE_BEGIN};
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
	dump = dump_open(conn->config, &begin, &options, err);
	if (dump)
		rc = scan_file(&scan, dump, position, err);
	dump_free(dump);
	if (rc < 0 &&
	    err->code == ERR_POSITION) { /* purged meanwhile: the next attempt has another place */
		err->code = ERR_SOURCE;
		err->retriable = true;
	}
	if (rc == 0)
		gtid_set_copy(&position->gtids, &scan.gtids);
	gtid_set_fini(&scan.gtids);
	position_fini(&begin);
	return rc;
}
