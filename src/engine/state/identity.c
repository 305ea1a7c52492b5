#include "engine/state/identity.h"

#include "base/clock.h"
#include "decode/event.h"
#include "source/dump.h"
#include "source/inspect.h"
#include "source/server_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
	FILE_BEGIN = 4, /* four magic bytes come before the first event */
	HEARTBEAT_MS = 500,
};

/* What a server has for the name of a file. */
struct found {
	bool file;                  /* the server has the file, and the other members are valid */
	char server[64];            /* its identity (struct server) */
	char born[EVENT_BORN_SIZE]; /* of its first event */
	struct gtid gtid; /* of the transaction that begins at the offset; GTID_NONE: none does */
};

static bool is_gtid(uint8_t type)
{
	return type == EVENT_GTID_MARIADB || type == EVENT_GTID_MYSQL ||
	       type == EVENT_ANONYMOUS_GTID;
}

/* Process an event of the dump. Return 1 when everything is known. */
static int look_at(struct found *found, struct event_format *format, struct slice packet,
		   bool born_only, struct err *err)
{
	struct event event;
	struct event_gtid gtid;
	struct err ignored = ERR_INIT;
	if ((uint8_t)packet.ptr[4] == EVENT_FORMAT_DESCRIPTION) {
		if (event_format_parse(packet, format, err) < 0)
			return -1;
		event_format_born(packet, found->born);
		found->file = true;
		return born_only;
	}
	if (!found->file) /* the rotate event that begins each dump */
		return 0;
	if (event_parse(packet, format, false, &event, &ignored) < 0)
		return 1;
	/* MariaDB sends the Start_encryption event of a file's begin with each dump of it */
	if (event.type == EVENT_HEARTBEAT || event.type == EVENT_HEARTBEAT_V2 ||
	    event.type == EVENT_ROTATE || event.type == EVENT_START_ENCRYPTION)
		return 0;
	if (is_gtid(event.type) && event_gtid_parse(&event, &gtid, &ignored) == 0)
		found->gtid = gtid.gtid;
	return 1;
}

static int read_events(struct found *found, struct dump *dump, bool born_only, struct err *err)
{
	struct event_format format;
	struct slice packet;
	int rc;
	event_format_init(&format);
	while ((rc = dump_read(dump, &packet, err)) > 0) {
		rc = look_at(found, &format, packet, born_only, err);
		if (rc != 0)
			break;
	}
	if (rc >= 0 || !found->file || err->retriable)
		return rc < 0 ? -1 : 0;
	/* the server finds no event there: the offset is inside another event */
	*err = (struct err)ERR_INIT;
	return 0;
}

/* Read from the file, whether there are GTIDs or not: for a dump by GTID the server chooses the
 * file. */
static int find(const struct sync *sync, const char *file, uint64_t offset, struct found *found,
		struct err *err)
{
	struct position place;
	struct dump *dump;
	char name[100];
	const struct dump_options options = {
		.sync_name = name, .heartbeat_ms = HEARTBEAT_MS, .from_now_end = true};
	int rc;
	*found = (struct found){.file = false};
	position_init(&place);
	snprintf(place.file, sizeof(place.file), "%s", file);
	place.offset = offset;
	/* it must neither end the dump of another process of the name nor be ended by it */
	snprintf(name, sizeof(name), "%s/identity-%d-%" PRId64, sync->config->name, (int)getpid(),
		 clock_wall_ms());
	dump = dump_open(sync->source, &place, &options, err);
	rc = dump ? read_events(found, dump, offset == FILE_BEGIN, err) : -1;
	if (rc == 0)
		snprintf(found->server, sizeof(found->server), "%s", dump_server(dump)->identity);
	dump_free(dump);
	return rc;
}

/* Return where the position's last transaction begins. A dump by file begins in the first 4 GiB of
 * the file. */
static uint64_t offset_of(const struct binlog_identity *identity)
{
	return identity->gtid.flavour != GTID_NONE && identity->offset <= UINT32_MAX
		       ? identity->offset
		       : FILE_BEGIN;
}

/* Read also a file that ends before the offset: it still has its first event. */
static int find_either(const struct sync *sync, const struct binlog_identity *identity,
		       struct found *found, struct err *err)
{
	int rc = find(sync, identity->file, offset_of(identity), found, err);
	if (rc < 0 && err->code == ERR_POSITION && offset_of(identity) != FILE_BEGIN) {
		*err = (struct err)ERR_INIT;
		rc = find(sync, identity->file, FILE_BEGIN, found, err);
	}
	if (rc == 0 || err->code != ERR_POSITION)
		return rc;
	*err = (struct err)ERR_INIT;
	return 0;
}

static int refuse(const struct position *position, const char *was, const char *is, struct err *err)
{
	struct buf text;
	buf_init(&text);
	position_print(position, &text);
	err_set(err, E_BINLOG_RESET,
		"binlog %s of server %s is not the one of the saved position %.300s: that one has "
		"%s, this one has %s. RESET MASTER (MySQL: RESET BINARY LOGS AND GTIDS) or a "
		"restore "
		"has begun another history, and changes between the two are "
		"missing. " REMEDY_COPY_AGAIN,
		position->identity.file, position->server, buf_cstr(&text), was, is);
	buf_fini(&text);
	return -1;
}

static void describe(struct buf *text, const struct gtid *gtid)
{
	if (gtid->flavour == GTID_NONE) {
		buf_put(text, SLICE("no transaction with a GTID"));
		return;
	}
	buf_put(text, SLICE("transaction "));
	gtid_print(gtid, text);
}

static int refuse_gtid(const struct position *position, const struct found *found, struct err *err)
{
	const struct binlog_identity *identity = &position->identity;
	struct buf was, is;
	buf_init(&was);
	buf_init(&is);
	describe(&was, &identity->gtid);
	describe(&is, &found->gtid);
	buf_printf(&is, " at offset %" PRIu64, identity->offset);
	refuse(position, buf_cstr(&was), buf_cstr(&is), err);
	buf_fini(&is);
	buf_fini(&was);
	return -1;
}

int identity_check(const struct sync *sync, const struct position *position, struct err *err)
{
	const struct binlog_identity *identity = &position->identity;
	struct found found;
	if (identity->file[0] == '\0')
		return 0;
	if (find_either(sync, identity, &found, err) < 0)
		return -1;
	if (!found.file || strcmp(found.server, position->server) != 0)
		return 0;
	if (strcmp(found.born, identity->born) != 0)
		return refuse(position, identity->born, found.born, err);
	if (offset_of(identity) != FILE_BEGIN && !gtid_equal(&found.gtid, &identity->gtid))
		return refuse_gtid(position, &found, err);
	return 0;
}

int identity_take(const struct sync *sync, struct conn *conn, struct position *position,
		  struct err *err)
{
	struct binlog_identity *identity = &position->identity;
	struct position end;
	struct found found = {.file = false};
	int rc = 0;
	position_init(&end);
	*identity = (struct binlog_identity){.offset = 0};
	/* a position by GTID alone has no file: the present one was begun before it, or later in
	 * the same history */
	if (position->file[0] == '\0')
		rc = source_binlog_end(conn, &end, err);
	else
		position_copy(&end, position);
	if (rc == 0)
		rc = find(sync, end.file, FILE_BEGIN, &found, err);
	if (rc < 0 &&
	    err->code == ERR_POSITION) { /* purged: only the GTIDs show what still exists */
		*err = (struct err)ERR_INIT;
		rc = 0;
	}
	/* one name may lead to several servers */
	if (rc == 0 && found.file && strcmp(found.server, conn_server(conn)->identity) == 0) {
		snprintf(identity->file, sizeof(identity->file), "%s", end.file);
		snprintf(identity->born, sizeof(identity->born), "%s", found.born);
	}
	position_fini(&end);
	return rc;
}
