#include "source/dump_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "source/conn_priv.h"
#include "source/flavour.h"
#include "source/raw.h"
#include "source/server.h"
#include "source/server_error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	DUMP_DEADLINE_MIN_S = 10,
	DUMP_FIRST_DEADLINE_S = 30, /* until the server has answered: nobody can end these reads */
	/* While MariaDB looks for a GTID in a large binlog it is silent; the TCP keepalive notices a dead
	 * host meanwhile. */
	DUMP_SEEK_DEADLINE_S = 600,
	TRY_DEADLINE_S = 120, /* of that, while other hosts may serve */
	EVENT_TYPE_AT = 4,    /* of the type in an event's header */
	EVENT_MIN = 19,       /* the header */
	TRY_HEARTBEAT_MS = 500,
};

struct server_dump {
	struct dump dump;      /* first */
	struct source *source; /* borrowed: to ask for the oldest binlog after a refusal */
	char start[400];       /* where the dump began, for texts */
	struct slice first;    /* a packet read by dump_open; ptr NULL: none */
	unsigned deadline_s;   /* of one read, once events flow */
	int64_t silent_ms;     /* monotonic, since when nothing comes; 0: something does */
	bool seeking;          /* no event of the stream itself has come yet */
	bool non_block;
};

static uint64_t hash_name(const char *name, uint64_t seed)
{
	uint64_t h =
		14695981039346656037u ^ seed; /* FNV-1a: servers list the value, never change it */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	return h ^ (h >> 32);
}

uint32_t dump_server_id(const char *sync_name)
{
	return (uint32_t)hash_name(sync_name, 0) | 0x80000000u;
}

void dump_uuid(const char *sync_name, char uuid[37])
{
	uint64_t a = hash_name(sync_name, 1), b = hash_name(sync_name, 2) * 0x9e3779b97f4a7c15u;

	/* version 8: made by the application's own rule */
	snprintf(uuid, 37, "%08" PRIx32 "-%04x-8%03x-a%03x-%012" PRIx64, (uint32_t)(a >> 32),
		 (unsigned)(a >> 16) & 0xffffu, (unsigned)a & 0xfffu, (unsigned)(b >> 52) & 0xfffu,
		 b & 0xffffffffffffu);
}

bool dump_is_preamble(uint8_t type)
{
	return type == 4 || type == 15 || type == 35 || type == 161 || type == 163 || type == 164;
}

/* A refusal that the position caused: says also what the server still has. */
static void name_the_oldest(struct server_dump *dump, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct conn *conn = conn_open(dump->source, CONN_CONTROL, &ignored);
	size_t len = strlen(err->text);
	struct buf text;

	buf_init(&text);
	if (conn)
		conn->flavour->oldest_available(conn, &text);
	buf_put(&text, SLICE(". " REMEDY_COPY_AGAIN));
	snprintf(err->text + len, sizeof(err->text) - len, "%s", buf_cstr(&text));
	buf_fini(&text);
	conn_free(conn);
}

static int dump_fail(struct server_dump *dump, struct err *err)
{
	unsigned number = conn_errno(dump->dump.conn);

	err_become(err, server_error_dump(number, err->text));
	if (err->code == ERR_POSITION) {
		err->retriable = false;
		err_wrap(err, "the binlog dump was refused");
		err_operation(err, "saved position");
		err_position_text(err, slice_str(dump->start));
		name_the_oldest(dump, err);
	} else if (err->code == ERR_DISPLACED) {
		err->retriable = false;
		err_wrap(err,
			 "another process reads the binlog with this server id: a second Tideway "
			 "of the same name, or a replica that has it (set source.server_id)");
	} else if (server_error_denied(number)) {
		err_wrap(err,
			 "the user may not read the binlog: GRANT REPLICATION SLAVE ON *.* TO '%s'",
			 dump->dump.conn->user);
	}
	return -1;
}

static int read_packet(struct server_dump *dump, struct slice *packet, struct err *err)
{
	if (raw_read(dump->dump.conn, packet, "reading the binlog", err))
		return dump_fail(dump, err);
	return 0;
}

/* Errors of the position are found by dump_open: the server's answer to the command is its
 * first packet. */
static int start_dump(struct server_dump *dump, const struct position *position,
		      const struct dump_options *options, struct err *err)
{
	struct conn *conn = dump->dump.conn;
	char uuid[37];
	struct dump_start start = {
		.position = position,
		.server_id = options->server_id ? options->server_id
						: dump_server_id(options->sync_name),
		.uuid = uuid,
		.heartbeat_ms = options->heartbeat_ms,
		.non_block = options->from_now_end,
	};

	dump_uuid(options->sync_name, uuid);
	if (conn->flavour->dump_check(conn, position, err))
		return position_error(position, err);
	if (conn->flavour->dump_start(conn, &start, err))
		return -1;
	return read_packet(dump, &dump->first, err);
}

static void describe_start(struct server_dump *dump, const struct position *position)
{
	struct buf text;

	buf_init(&text);
	position_print(position, &text);
	snprintf(dump->start, sizeof(dump->start), "%s", buf_cstr(&text));
	buf_fini(&text);
}

unsigned dump_deadline_s(unsigned heartbeat_ms)
{
	unsigned s = (3 * heartbeat_ms + 999) / 1000;

	return s < DUMP_DEADLINE_MIN_S ? DUMP_DEADLINE_MIN_S : s;
}

/* The server sends heartbeats, but none while it looks for the start. */
static int fail_silent(struct server_dump *dump, unsigned seconds, struct err *err)
{
	return err_retry(err, E_STATEMENT,
			 "source %s, user '%s': reading the binlog: the server has sent nothing "
			 "for %u s",
			 dump->dump.conn->place, dump->dump.conn->user, seconds);
}

static int packets_ready(struct packet_source *source, struct wait *wait, struct err *err)
{
	struct server_dump *dump = (struct server_dump *)source;
	unsigned deadline_s = dump->seeking ? DUMP_SEEK_DEADLINE_S : dump->deadline_s;
	int64_t now_ms;

	if (dump->first.ptr || raw_ready(dump->dump.conn)) {
		dump->silent_ms = 0;
		return 1;
	}
	now_ms = clock_mono_ms();
	if (dump->silent_ms == 0)
		dump->silent_ms = now_ms;
	*wait = (struct wait){conn_fd(dump->dump.conn), dump->silent_ms + deadline_s * 1000};
	return now_ms < wait->until_ms ? 0 : fail_silent(dump, deadline_s, err);
}

static void watch_seek(struct server_dump *dump, uint8_t type)
{
	if (dump_is_preamble(type))
		return;
	dump->seeking = false;
	conn_set_deadline(dump->dump.conn, dump->deadline_s);
}

static int read_event(struct server_dump *dump, struct slice *event, struct err *err)
{
	struct slice packet = dump->first;

	dump->first = (struct slice){NULL, 0};
	if (packet.ptr == NULL && read_packet(dump, &packet, err))
		return -1;
	if (raw_is_eof(packet)) {
		if (dump->non_block)
			return 0;
		return err_retry(err, E_DUMP_ENDED,
				 "source %s ended the binlog dump: it is being shut down, or the "
				 "dump was killed",
				 dump->dump.conn->place);
	}
	if (packet.len < 1 + EVENT_MIN || packet.ptr[0] != 0)
		return err_set(err, E_PROTOCOL,
			       "source %s: a packet of %zu bytes is not a binlog event. Is there a "
			       "proxy between?",
			       dump->dump.conn->place, packet.len);
	*event = slice_of(packet.ptr + 1, packet.len - 1);
	if (__builtin_expect(dump->seeking, 0))
		watch_seek(dump, (uint8_t)event->ptr[EVENT_TYPE_AT]);
	return 1;
}

static int packets_next(struct packet_source *source, struct slice *packet, struct err *err)
{
	return read_event((struct server_dump *)source, packet, err);
}

static void packets_free(struct packet_source *source)
{
	struct server_dump *dump = (struct server_dump *)source;

	conn_free(dump->dump.conn);
	free(dump);
}

struct dump *server_dump(struct source *source, const struct position *position,
			 const struct dump_options *options, struct err *err)
{
	struct server_dump *dump = mem_array(1, sizeof(*dump));

	dump->dump.packets = (struct packet_source){packets_next, packets_free, packets_ready};
	dump->source = source;
	dump->deadline_s = dump_deadline_s(options->heartbeat_ms);
	dump->seeking = true;
	dump->non_block = options->from_now_end;
	describe_start(dump, position);
	dump->dump.conn = conn_open_deadline(source, CONN_DUMP, DUMP_FIRST_DEADLINE_S, err);
	if (dump->dump.conn == NULL || start_dump(dump, position, options, err)) {
		packets_free(&dump->dump.packets);
		return NULL;
	}
	conn_set_deadline(dump->dump.conn, DUMP_SEEK_DEADLINE_S);
	return &dump->dump;
}

void dump_free(struct dump *dump)
{
	if (dump)
		packet_source_free(&dump->packets);
}

int dump_read(struct dump *dump, struct slice *event, struct err *err)
{
	return packet_source_next(&dump->packets, event, err);
}

struct packet_source *dump_packets(struct dump *dump)
{
	return &dump->packets;
}

const struct server *dump_server(const struct dump *dump)
{
	return conn_server(dump->conn);
}

int dump_try(struct source *source, const struct position *position, const char *sync_name,
	     struct err *err)
{
	const struct dump_options options = {
		.sync_name = sync_name, .heartbeat_ms = TRY_HEARTBEAT_MS, .from_now_end = true};
	struct dump *opened = server_dump(source, position, &options, err);
	struct server_dump *dump = (struct server_dump *)opened;
	struct slice event;
	int rc = opened ? 1 : -1;

	if (opened)
		conn_set_deadline(dump->dump.conn, TRY_DEADLINE_S);

	while (rc > 0 && dump->seeking)
		rc = read_event(dump, &event, err);
	dump_free(opened);
	return rc < 0 ? -1 : 0;
}
