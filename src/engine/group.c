#include "engine/group.h"

#include "base/mem.h"
#include "base/reader.h"
#include "decode/statement.h"
#include "model/ident.h"

#include <stdlib.h>

enum { HOLD_HEADER = 12, KEEP_BYTES = 256 * 1024 };

void group_init(struct group *group)
{
	*group = (struct group){.open = false};
	buf_init(&group->xid);
	buf_init(&group->events);
	buf_init(&group->names);
}

void group_fini(struct group *group)
{
	buf_fini(&group->xid);
	buf_fini(&group->events);
	buf_fini(&group->names);
	free(group->savepoints);
	free(group->undone);
}

void group_reset(struct group *group)
{
	group->open = group->begun = false;
	group->decides = STATEMENT_OTHER;
	group->end = GROUP_OPEN;
	group->logged_ms = 0;
	group->nevents = 0;
	group->nsavepoints = group->nundone = 0;
	buf_clear(&group->names);
	buf_clear(&group->xid);
	buf_clear(&group->events);
	buf_shrink(&group->events, KEEP_BYTES);
}

static bool printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '\'')
			return false;
	return true;
}

/* 'text' or X'hex', as XA RECOVER and XA COMMIT write it. */
static void print_part(struct buf *out, struct slice part)
{
	if (printable(part)) {
		buf_printf(out, "'%.*s'", SLICE_FMT(part));
		return;
	}
	buf_put(out, SLICE("X'"));
	for (size_t i = 0; i < part.len; i++)
		buf_printf(out, "%02x", (unsigned char)part.ptr[i]);
	buf_char(out, '\'');
}

/* formatID(4) gtrid_len(1) bqual_len(1) data, as MariaDB's GTID event has it. */
static void print_xid(struct buf *out, struct slice xid)
{
	struct reader r;
	uint32_t format;
	unsigned gtrid, bqual;
	reader_init(&r, xid.ptr, xid.len);
	format = reader_u32(&r);
	gtrid = reader_u8(&r);
	bqual = reader_u8(&r);
	print_part(out, reader_slice(&r, gtrid));
	buf_char(out, ',');
	print_part(out, reader_slice(&r, bqual));
	buf_printf(out, ",%u", format);
}

void group_open(struct group *group, const struct event_gtid *gtid)
{
	group_reset(group);
	group->open = true;
	group->gtid = *gtid;
	group->gtid.xid = SLICE("");
	if (gtid->xid.len > 0)
		print_xid(&group->xid, gtid->xid);
}

/* Names are kept as offset and length: the buffer may move. */
static struct slice savepoint_name(const struct group *group, const struct savepoint *savepoint)
{
	return slice_of(group->names.ptr + (size_t)savepoint->name.ptr, savepoint->name.len);
}

static struct savepoint *savepoint_find(struct group *group, enum ident_rules rules,
					struct slice name)
{
	for (size_t i = group->nsavepoints; i-- > 0;)
		if (ident_equal(rules, savepoint_name(group, &group->savepoints[i]), name))
			return &group->savepoints[i];
	return NULL;
}

/* A savepoint of the same name is moved: the old one is deleted. */
static void savepoint_set(struct group *group, enum ident_rules rules, struct slice name)
{
	struct savepoint *old = savepoint_find(group, rules, name);
	if (old) {
		size_t behind = (size_t)(group->savepoints + group->nsavepoints - (old + 1));
		memmove(old, old + 1, behind * sizeof(*old));
		group->nsavepoints--;
	}
	if (group->nsavepoints == group->savepoints_cap) {
		group->savepoints_cap = group->savepoints_cap ? 2 * group->savepoints_cap : 8;
		group->savepoints = mem_resize(group->savepoints, group->savepoints_cap,
					       sizeof(*group->savepoints));
	}
	group->savepoints[group->nsavepoints++] =
		(struct savepoint){.name = slice_of((const char *)group->names.len, name.len),
				   .event = group->nevents};
	buf_put(&group->names, name);
}

static void undo_add(struct group *group, uint32_t first, uint32_t last)
{
	while (group->nundone > 0 && group->undone[group->nundone - 1].first >= first)
		group->nundone--;
	if (group->nundone == group->undone_cap) {
		group->undone_cap = group->undone_cap ? 2 * group->undone_cap : 8;
		group->undone =
			mem_resize(group->undone, group->undone_cap, sizeof(*group->undone));
	}
	group->undone[group->nundone++] = (struct undone){first, last};
}

/* Work since the savepoint is undone; later savepoints are gone, the savepoint itself stays. */
static int rollback_to(struct group *group, enum ident_rules rules, struct slice name,
		       struct err *err)
{
	struct savepoint *savepoint = savepoint_find(group, rules, name);
	if (savepoint == NULL)
		return err_set(err, ERR_SOURCE,
			       "ROLLBACK TO SAVEPOINT %.*s, which this transaction has not set",
			       SLICE_FMT(name));
	undo_add(group, savepoint->event, group->nevents);
	group->nsavepoints = (size_t)(savepoint - group->savepoints) + 1;
	return 0;
}

/* MariaDB's GTID event has named it already. */
static void name_xid(struct group *group, struct slice xid)
{
	if (group->xid.len == 0)
		buf_put(&group->xid, xid);
}

static void group_decide(struct group *group, enum statement_kind kind, struct slice xid,
			 enum group_end end)
{
	name_xid(group, xid);
	group->decides = kind;
	group->end = end;
}

static enum ident_rules name_rules(const struct event_format *format)
{
	return ident_rules_of(format->mariadb, event_format_version(format));
}

static int group_query(struct group *group, const struct event *event,
		       const struct event_format *format, struct err *err)
{
	struct event_query query;
	struct slice name;
	if (event_query_parse(event, format, &query, err) < 0)
		return -1;
	group->logged_ms = (int64_t)query.logged_s * 1000;
	switch (statement_parse(query.sql, &name)) {
	case STATEMENT_XA_START:
		name_xid(group, name);
		group->begun = true;
		return 0;
	case STATEMENT_BEGIN:
		group->begun = true;
		return 0;
	case STATEMENT_COMMIT:
		group->end = GROUP_COMMIT;
		return 0;
	case STATEMENT_ROLLBACK:
		group->end = GROUP_ROLLBACK;
		return 0;
	case STATEMENT_SAVEPOINT:
		savepoint_set(group, name_rules(format), name);
		return 0;
	case STATEMENT_ROLLBACK_TO:
		return rollback_to(group, name_rules(format), name, err);
	case STATEMENT_RELEASE:
	case STATEMENT_XA_END:
		return 0;
	case STATEMENT_XA_PREPARE:
		group->end = GROUP_PREPARE;
		return 0;
	case STATEMENT_XA_COMMIT:
		group_decide(group, STATEMENT_XA_COMMIT, name, GROUP_COMMIT);
		return 0;
	case STATEMENT_XA_ROLLBACK:
		group_decide(group, STATEMENT_XA_ROLLBACK, name, GROUP_ROLLBACK);
		return 0;
	case STATEMENT_OTHER:
		break;
	}
	/* MariaDB writes no BEGIN: its GTID event says whether an end follows. */
	if (!group->begun && (group->gtid.standalone || group->gtid.gtid.flavour != GTID_MARIADB))
		group->end = GROUP_COMMIT;
	return 0;
}

/* XA COMMIT ... ONE PHASE is written as a prepare that is a commit. */
static int group_prepare(struct group *group, const struct event *event, struct err *err)
{
	struct event_xa_prepare xa;
	if (event_xa_prepare_parse(event, &xa, err) < 0)
		return -1;
	group->end = xa.one_phase ? GROUP_COMMIT : GROUP_PREPARE;
	return 0;
}

int group_event(struct group *group, const struct event *event, const struct event_format *format,
		struct err *err)
{
	int rc = 0;
	switch (event->type) {
	case EVENT_QUERY:
	case EVENT_EXECUTE_LOAD_QUERY:
		rc = group_query(group, event, format, err);
		break;
	case EVENT_XID:
		group->end = GROUP_COMMIT;
		break;
	case EVENT_XA_PREPARE:
		rc = group_prepare(group, event, err);
		break;
	default:
		break;
	}
	if (group->end == GROUP_OPEN)
		group->logged_ms = 0;
	group->nevents++;
	return rc;
}

void group_hold(struct group *group, struct slice packet, uint64_t end_offset)
{
	uint32_t len = (uint32_t)packet.len;
	char *at = buf_reserve(&group->events, HOLD_HEADER + packet.len);
	memcpy(at, &len, 4);
	memcpy(at + 4, &end_offset, 8);
	memcpy(at + HOLD_HEADER, packet.ptr, packet.len);
	group->events.len += HOLD_HEADER + packet.len;
}

bool group_undone(const struct group *group, uint32_t n)
{
	for (size_t i = 0; i < group->nundone; i++)
		if (n >= group->undone[i].first && n < group->undone[i].last)
			return true;
	return false;
}

bool group_next(const struct group *group, size_t *at, struct slice *packet, uint64_t *end_offset)
{
	const char *p = group->events.ptr + *at;
	uint32_t len;
	if (*at >= group->events.len)
		return false;
	memcpy(&len, p, 4);
	memcpy(end_offset, p + 4, 8);
	*packet = slice_of(p + HOLD_HEADER, len);
	*at += HOLD_HEADER + len;
	return true;
}
