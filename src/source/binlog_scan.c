#include "source/binlog_scan.h"

#include "source/dump.h"

/* One is needed to reach an end that is after the last event that the server sends. */
enum { HEARTBEAT_MS = 100 };

int binlog_scan(struct source *source, const char *name, const struct position *from,
		const struct ddl_scan *scan, struct err *err)
{
	/* not from_now_end: a dump that is killed would look like one that has reached the end */
	const struct dump_options options = {.sync_name = name, .heartbeat_ms = HEARTBEAT_MS};
	struct dump *dump;
	int rc;
	/* a dump by GTID begins at the start of a file, which may be before that place */
	cursor_begin(scan->cursor, slice_str(from->gtids.flavour == GTID_NONE ? from->file : ""),
		     from->offset);
	if (ddl_scan_is_over(scan))
		return 0;
	dump = dump_open(source, from, &options, err);
	if (dump == NULL)
		return -1;
	rc = ddl_scan_run(scan, dump_packets(dump), err);
	dump_free(dump);
	return rc;
}
