#include "binlog/cursor.h"

#include "model/position.h"

#include <inttypes.h>

enum { TYPE_AT = 4 }; /* of the type in an event's header */

void cursor_init(struct cursor *cursor, bool verify)
{
	*cursor = (struct cursor){.verify = verify, .file = ""};
	event_format_init(&cursor->format);
	arena_init(&cursor->names, 0);
}

void cursor_fini(struct cursor *cursor)
{
	arena_fini(&cursor->names);
}

static void set_file(struct cursor *cursor, struct slice name)
{
	if (!slice_equal(slice_str(cursor->file), name))
		cursor->file = arena_cstr(&cursor->names, name);
}

void cursor_begin(struct cursor *cursor, struct slice file, uint64_t offset)
{
	event_format_init(&cursor->format);
	set_file(cursor, file);
	cursor->offset = cursor->start = offset;
	cursor->begin_file = file.len > 0 ? cursor->file : NULL;
	cursor->begin_offset = offset;
}

int cursor_wrap(const struct cursor *cursor, const char *what, uint64_t offset, struct err *err)
{
	err_operation(err, what);
	return err_position(err, cursor->file, offset);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* Returns by how much the offset of an event must be raised, by a multiple of 4 GB, so that it is nearest to the begin. */
static uint64_t left_out(const struct cursor *cursor)
{
	const uint64_t step = (uint64_t)UINT32_MAX + 1;
	uint64_t by = 0;
	while (distance(cursor->start + by + step, cursor->begin_offset) <
	       distance(cursor->start + by, cursor->begin_offset))
		by += step;
	return by;
}

/* Finds the full offset of a dump's first transaction. The server may have left out more than 4 GB before it. */
static void find_begin(struct cursor *cursor)
{
	uint64_t by = cursor->begin_file == cursor->file ? left_out(cursor) : 0;
	cursor->start += by;
	cursor->offset += by;
	cursor->begin_file = NULL;
}

/* Returns whether an event is surely before the begin. MariaDB leaves only transactions out of a dump by GTID. */
static bool is_before_begin(const struct cursor *cursor)
{
	if (cursor->begin_file == NULL)
		return false;
	if (cursor->begin_file != cursor->file)
		return position_compare_files(cursor->file, 0, cursor->begin_file, 0) < 0;
	return cursor->start + left_out(cursor) < cursor->begin_offset;
}

static bool begins_transaction(uint8_t type)
{
	return type == EVENT_GTID_MARIADB || type == EVENT_GTID_MYSQL ||
	       type == EVENT_ANONYMOUS_GTID;
}

/* Moves past an event. Its end offset has 32 bits on the wire, and is 0 where MariaDB 11.4 and later do not write it. */
static void advance(struct cursor *cursor, const struct event *event)
{
	uint64_t end = (cursor->offset & ~(uint64_t)UINT32_MAX) | event->end_pos;
	if (event->flags & EVENT_FLAG_ARTIFICIAL)
		return;
	if (event->end_pos == 0)
		end = cursor->offset + event->size;
	else if (end < cursor->offset)
		end += (uint64_t)UINT32_MAX + 1;
	cursor->start = end >= event->size ? end - event->size : 0;
	cursor->offset = end;
}

static int read_format(struct cursor *cursor, struct slice packet, struct event *event,
		       struct err *err)
{
	if (event_format_parse(packet, &cursor->format, err) < 0 ||
	    event_parse(packet, &cursor->format, false, event, err) < 0)
		return cursor_wrap(cursor, "binlog event", cursor->offset, err);
	if (event->end_pos != 0) /* 0: the server sends it for a dump that starts inside a file */
		advance(cursor, event);
	return 0;
}

static int follow_rotate(struct cursor *cursor, const struct event *event, struct err *err)
{
	struct event_rotate rotate;
	if (event_rotate_parse(event, &rotate, err) < 0)
		return cursor_wrap(cursor, "binlog event", cursor->offset, err);
	set_file(cursor, rotate.file);
	cursor->offset = cursor->start = rotate.offset;
	return 0;
}

int cursor_read(struct cursor *cursor, struct slice packet, struct event *event, struct err *err)
{
	uint8_t type = packet.len > TYPE_AT ? (uint8_t)packet.ptr[TYPE_AT] : 0;
	memset(event, 0, sizeof(*event));
	cursor->start = cursor->offset;
	if (type == EVENT_FORMAT_DESCRIPTION)
		return read_format(cursor, packet, event, err);
	if (event_parse(packet, &cursor->format, cursor->verify, event, err) < 0) {
		if (packet.len >= EVENT_HEADER_SIZE) /* the header is complete */
			advance(cursor, event);
		if (err->id == E_INCIDENT && is_before_begin(cursor)) {
			*err = (struct err)ERR_INIT;
			return 0;
		}
		return cursor_wrap(cursor, "binlog event", cursor->start, err);
	}
	if (type == EVENT_ROTATE)
		return follow_rotate(cursor, event, err);
	if (type != EVENT_HEARTBEAT && type != EVENT_HEARTBEAT_V2)
		advance(cursor, event);
	if (cursor->begin_file && begins_transaction(type))
		find_begin(cursor);
	return 0;
}
