#include "engine/stream/tail.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/stream/tail_priv.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	HEARTBEAT_MS = 200,
	HOLD_MAX = 256 * 1024 * 1024,
};

struct tail {
	struct source *source;
	char name[64]; /* of the connections */
	struct conn *conn;
	struct dump *dump;
	struct tail_tables tables;
	struct change_reader reader;
	struct err failed; /* code NONE: none yet; after an error, nothing is returned */
};

/* ---- life ---- */

static int earliest(struct tail *tail, struct position *position, struct err *err)
{
	struct buf file;
	int rc;
	buf_init(&file);
	rc = source_oldest_binlog(tail->conn, &file, err);
	snprintf(position->file, sizeof(position->file), "%.*s", SLICE_FMT(buf_slice(&file)));
	position->offset = 4;
	buf_fini(&file);
	return rc;
}

static int start_position(struct tail *tail, const char *start, struct position *position,
			  struct err *err)
{
	const char *colon = start ? strrchr(start, ':') : NULL;
	uint64_t offset;
	if (start == NULL || strcmp(start, "now") == 0)
		return snapshot_position_now(tail->source, position, err);
	if (strcmp(start, "earliest") == 0)
		return earliest(tail, position, err);
	if (colon == NULL || !num_parse_u64(slice_str(colon + 1), &offset))
		return err_set(err, E_CHANGES_FROM,
			       "changes{from = \"%s\"}: expected \"now\", \"earliest\" or "
			       "\"file:offset\"",
			       start);
	snprintf(position->file, sizeof(position->file), "%.*s", (int)(colon - start), start);
	position->offset = offset;
	return 0;
}

static int open_dump(struct tail *tail, const struct position *position, struct err *err)
{
	const struct dump_options options = {.sync_name = tail->name, .heartbeat_ms = HEARTBEAT_MS};
	cursor_begin(&tail->reader.cursor, slice_str(position->file), position->offset);
	tail->dump = dump_open(tail->source, position, &options, err);
	return tail->dump ? 0 : -1;
}

static int open_at(struct tail *tail, const char *start, struct err *err)
{
	struct position position;
	char scan[80];
	int rc;
	snprintf(tail->name, sizeof(tail->name), "exec-%" PRId64, clock_mono_ns());
	snprintf(scan, sizeof(scan), "%s/scan", tail->name);
	position_init(&position);
	rc = start_position(tail, start, &position, err);
	if (rc == 0)
		rc = tail_tables_open(&tail->tables, tail->source, &position, scan, err);
	if (rc == 0)
		rc = open_dump(tail, &position, err);
	position_fini(&position);
	return rc;
}

static int find(void *arg, const struct event *event, const struct cursor *cursor, uint64_t offset,
		struct change_table **table, struct change_table **replaced, struct err *err)
{
	struct tail *tail = arg;
	return tail_tables_find(&tail->tables, event, &cursor->format, cursor->file, offset, table,
				replaced, err);
}

static int follow(void *arg, const struct event_query *query, const struct event_format *format,
		  struct err *err)
{
	struct tail *tail = arg;
	return tail_tables_follow(&tail->tables, query, format, err);
}

struct tail *tail_new(struct source *source, const char *start, struct err *err)
{
	struct tail *tail = mem_array(1, sizeof(*tail));
	const struct change_tables tables = {find, follow, tail};
	tail->source = source;
	change_reader_init(&tail->reader, &tables, HOLD_MAX);
	tail->conn = conn_open(source, CONN_CONTROL, err);
	if (tail->conn && open_at(tail, start, err) == 0)
		return tail;
	tail_free(tail);
	return NULL;
}

void tail_free(struct tail *tail)
{
	if (tail == NULL)
		return;
	change_reader_fini(&tail->reader);
	tail_tables_close(&tail->tables);
	dump_free(tail->dump);
	conn_free(tail->conn);
	free(tail);
}

/* ---- reading ---- */

static int next_change(struct tail *tail, double seconds, struct change **change, struct err *err)
{
	int64_t until = clock_mono_ms() + (int64_t)(seconds * 1000);
	struct change_reader *reader = &tail->reader;
	int rc = change_reader_next(reader, change, err);
	while (rc == 0) {
		struct slice packet;
		rc = dump_read(tail->dump, &packet, err);
		if (rc <= 0)
			return rc;
		change_reader_put(reader, packet);
		rc = change_reader_next(reader, change, err);
		if (rc == 0 && seconds >= 0 && reader->is_idle && clock_mono_ms() >= until)
			return 0;
	}
	return rc;
}

int tail_next(struct tail *tail, double seconds, struct change **change, struct err *err)
{
	int rc;
	if (tail->failed.code != ERR_NONE) {
		*err = tail->failed;
		return -1;
	}
	rc = next_change(tail, seconds, change, err);
	if (rc < 0)
		tail->failed = *err;
	return rc;
}
