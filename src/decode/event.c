#include "decode/event.h"

#include "base/reader.h"
#include "decode/crc32.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
	CRC_SIZE = 4,
	FORMAT_VERSION = 4,      /* binlog version; servers before MySQL 5.0 write 1 and 3 */
	FORMAT_SERVER_SIZE = 50, /* server version text, NUL-padded */
	FORMAT_FLAGS_AT = 17,    /* offset of the flags in the header */
	FORMAT_FLAG_IN_USE = 1,  /* the server changes it after it has written the checksum */
	CHECKSUM_OFF = 0,
	CHECKSUM_CRC32 = 1,
	QUERY_POST_HEADER = 13,
	/* Query's, file id(4) start(4) and end(4) of its name, duplicates(1) */
	LOAD_POST_HEADER = 26,
	UUID_SIZE = 16,
};

const char *event_name(uint8_t type)
{
	switch (type) {
#define X(id, code, name)                                                                          \
	case code:                                                                                 \
		return name;
		EVENT_TYPES(X)
#undef X
	default:
		return NULL;
	}
}

void event_format_init(struct event_format *format)
{
	memset(format, 0, sizeof(*format));
}

int event_cut_error(const struct event *event, struct err *err)
{
	const char *name = event_name(event->type);
	return err_set(err, E_EVENT_DAMAGED,
		       "%s event (type %u) that ends at %" PRIu32
		       " is cut or damaged: its fields do not fit its body of %zu bytes",
		       name ? name : "unknown", event->type, event->end_pos, event->body.len);
}

static void read_header(struct slice packet, struct event *event)
{
	struct reader r;
	reader_init(&r, packet.ptr, packet.len);
	event->timestamp = reader_u32(&r);
	event->type = reader_u8(&r);
	event->server_id = reader_u32(&r);
	event->size = reader_u32(&r);
	event->end_pos = reader_u32(&r);
	event->flags = reader_u16(&r);
	event->body = reader_slice(&r, reader_left(&r));
}

static bool checksum_matches(struct slice packet)
{
	struct reader r;
	size_t n = packet.len - CRC_SIZE;
	reader_init(&r, packet.ptr + n, CRC_SIZE);
	return crc32_update(0, packet.ptr, n) == reader_u32(&r);
}

unsigned event_format_version(const struct event_format *format)
{
	const char *text = format->server_version;
	unsigned major = 0, minor = 0, patch = 0;
	if (strncmp(text, "5.5.5-", 6) == 0) /* MariaDB's prefix for old clients */
		text += 6;
	if (sscanf(text, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + patch;
}

/* Returns whether an event ends with a checksum. The server sends a Rotate event before the first
 * FORMAT_DESCRIPTION. Its settings decide whether that event has a checksum, so test whether the
 * last bytes are one. */
static bool has_checksum(struct slice packet, const struct event_format *format)
{
	if (packet.len < EVENT_HEADER_SIZE + CRC_SIZE)
		return false;
	if (format->server_version[0] == '\0')
		return checksum_matches(packet);
	return format->checksum;
}

/* Refuses events that stop every stream. Compressed and partial rows concern one table. They are
 * refused when a captured table's rows are read, so other tables do not stop the stream. */
static int refuse(const struct event *event, struct err *err)
{
	switch (event->type) {
	case EVENT_TRANSACTION_PAYLOAD:
		return err_set(
			err, E_EVENT_COMPRESSED,
			"the binlog contains a compressed transaction (Transaction_payload event "
			"that ends at %" PRIu32
			"), which this version cannot read. Set binlog_transaction_compression=OFF "
			"on the source. " REMEDY_NEW_NAME_AFTER,
			event->end_pos);
	case EVENT_GTID_TAGGED:
		return err_set(
			err, E_GTID_TAGGED,
			"the binlog contains a tagged GTID (Gtid_tagged event that ends at %" PRIu32
			"), which this version cannot read. Leave gtid_next at AUTOMATIC, without "
			"a tag, on the source",
			event->end_pos);
	case EVENT_START_ENCRYPTION:
		if (event->flags & EVENT_FLAG_IGNORABLE)
			return 0; /* the server sets this flag in a dump, which it decrypts */
		return err_set(
			err, E_BINLOG_ENCRYPTED,
			"the binlog file is encrypted (Start_encryption event) and cannot be read "
			"as a file. Read it from the server, or set encrypt_binlog=OFF there");
	case EVENT_INCIDENT:
		return err_set(
			err, E_INCIDENT,
			"the source wrote an Incident event that ends at %" PRIu32
			": changes before it are missing in its binlog. " REMEDY_NEW_NAME_AFTER,
			event->end_pos);
	case EVENT_PARTIAL_ROW_DATA: /* MariaDB 12.3 and later */
		return err_set(
			err, E_EVENT_UNKNOWN,
			"the binlog contains a rows event in fragments (Partial_row_data), which "
			"this version cannot read. Set binlog_row_event_fragment_threshold on the "
			"source above the size of its largest rows. " REMEDY_NEW_NAME_AFTER);
	default:
		break;
	}
	if (event_name(event->type) == NULL && !(event->flags & EVENT_FLAG_IGNORABLE))
		return err_set(err, E_EVENT_UNKNOWN,
			       "event type %u (ends at %" PRIu32 ", %" PRIu32
			       " bytes) is unknown. The source is newer than this program",
			       event->type, event->end_pos, event->size);
	return 0;
}

int event_parse(struct slice packet, const struct event_format *format, bool verify,
		struct event *event, struct err *err)
{
	if (packet.len < EVENT_HEADER_SIZE)
		return err_set(err, E_EVENT_DAMAGED,
			       "a binlog event of %zu bytes is shorter than a header", packet.len);
	read_header(packet, event);
	if (event->size != packet.len)
		return err_set(err, E_EVENT_DAMAGED,
			       "event type %u has a length of %" PRIu32 " bytes, and %zu arrived",
			       event->type, event->size, packet.len);
	if (event->type == EVENT_FORMAT_DESCRIPTION)
		return 0; /* event_format_parse checks it */
	if (has_checksum(packet, format)) {
		if (verify && !checksum_matches(packet))
			return err_set(err, E_EVENT_DAMAGED,
				       "event type %u that ends at %" PRIu32
				       " has a wrong checksum: it was damaged on the source's disk "
				       "or on the way",
				       event->type, event->end_pos);
		event->body.len -= CRC_SIZE;
	} else if (format->checksum) {
		return event_cut_error(event, err);
	}
	return refuse(event, err);
}

/* Verifies the checksum of a FORMAT_DESCRIPTION. Clears the flag "file in use" first, because the
 * server changes it without a new checksum. */
static bool format_checksum_matches(struct slice packet)
{
	struct reader r;
	size_t n = packet.len - CRC_SIZE;
	uint8_t flags = (uint8_t)packet.ptr[FORMAT_FLAGS_AT];
	uint8_t cleared = flags & (uint8_t)~FORMAT_FLAG_IN_USE;
	uint32_t crc = crc32_update(0, packet.ptr, FORMAT_FLAGS_AT);
	crc = crc32_update(crc, &cleared, 1);
	crc = crc32_update(crc, packet.ptr + FORMAT_FLAGS_AT + 1, n - FORMAT_FLAGS_AT - 1);
	reader_init(&r, packet.ptr + n, CRC_SIZE);
	return crc == reader_u32(&r);
}

/* Layout: binlog version(2) server version(50) created(4) header size(1) post header sizes(n)
 * algorithm(1) crc32(4). The last two are present with every algorithm. */
int event_format_parse(struct slice packet, struct event_format *format, struct err *err)
{
	struct event event;
	struct reader r;
	if (packet.len < EVENT_HEADER_SIZE)
		return err_set(err, E_EVENT_DAMAGED, "Format_description event of %zu bytes is cut",
			       packet.len);
	read_header(packet, &event);
	if (event.size != packet.len || event.body.len < CRC_SIZE + 1)
		return event_cut_error(&event, err);
	event.body.len -= CRC_SIZE + 1;
	uint8_t algorithm = (uint8_t)event.body.ptr[event.body.len];
	reader_init(&r, event.body.ptr, event.body.len);
	unsigned version = reader_u16(&r);
	const uint8_t *server = reader_bytes(&r, FORMAT_SERVER_SIZE);
	reader_u32(&r);
	unsigned header_size = reader_u8(&r);
	if (r.failed)
		return event_cut_error(&event, err);
	if (version != FORMAT_VERSION || header_size != EVENT_HEADER_SIZE)
		return err_set(err, E_BINLOG_FORMAT,
			       "binlog version %u with event headers of %u bytes cannot be read: "
			       "MySQL 5.0 and later write version 4 with 19 bytes",
			       version, header_size);
	if (algorithm != CHECKSUM_OFF && algorithm != CHECKSUM_CRC32)
		return err_set(err, E_BINLOG_FORMAT,
			       "the binlog has the unknown checksum algorithm %u", algorithm);
	if (algorithm == CHECKSUM_CRC32 && !format_checksum_matches(packet))
		return err_set(err, E_EVENT_DAMAGED,
			       "the Format_description event has a wrong checksum: it was damaged "
			       "on the source's disk or on the way");
	event_format_init(format);
	format->checksum = algorithm == CHECKSUM_CRC32;
	memcpy(format->server_version, server, FORMAT_SERVER_SIZE);
	format->mariadb = strstr(format->server_version, "MariaDB") != NULL;
	for (unsigned type = 1; type < 256 && reader_left(&r) > 0; type++)
		format->post_header[type] = reader_u8(&r);
	return 0;
}

void event_format_born(struct slice packet, char born[EVENT_BORN_SIZE])
{
	struct event event;
	struct reader r;
	char when[32];
	struct tm tm;
	read_header(packet, &event);
	reader_init(&r, event.body.ptr, event.body.len - CRC_SIZE - 1);
	reader_u16(&r);
	struct slice version = reader_slice(&r, FORMAT_SERVER_SIZE);
	reader_u32(&r); /* created: 0 in a dump that starts in the middle of the file */
	size_t left = reader_left(&r);
	struct slice layout = reader_slice(&r, left);
	time_t begun = (time_t)event.timestamp;
	gmtime_r(&begun, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(born, EVENT_BORN_SIZE,
		 "%s UTC, server id %" PRIu32 ", version %.*s, layout %08" PRIx32, when,
		 event.server_id, (int)strnlen(version.ptr, version.len), version.ptr,
		 crc32_update(0, layout.ptr, layout.len));
}

int event_rotate_parse(const struct event *event, struct event_rotate *rotate, struct err *err)
{
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	rotate->offset = reader_u64(&r);
	rotate->file = reader_slice(&r, reader_left(&r));
	if (r.failed || rotate->file.len == 0)
		return event_cut_error(event, err);
	return 0;
}

enum { /* flags2 of MariaDB's GTID event, and its extra flags */
       GTID_STANDALONE = 1,
       GTID_GROUP_COMMIT = 2,
       GTID_PREPARED_XA = 64,
       GTID_COMPLETED_XA = 128,
       GTID_EXTRA_ENGINES = 1,
       GTID_EXTRA_START_ALTER = 2,
       GTID_EXTRA_COMMIT_ALTER = 4,
       GTID_EXTRA_ROLLBACK_ALTER = 8,
};

/* Reads formatID(4) gtrid_len(1) bqual_len(1) data as one slice. */
static struct slice mariadb_xid(struct reader *r)
{
	struct reader ahead = *r;
	reader_u32(&ahead);
	unsigned n = reader_u8(&ahead);
	n += reader_u8(&ahead);
	return reader_slice(r, 6 + (size_t)n);
}

static void mariadb_extra(struct reader *r, struct event_gtid *gtid)
{
	uint8_t extra = reader_u8(r);
	if (extra & GTID_EXTRA_ENGINES)
		reader_u8(r);
	if (extra & GTID_EXTRA_START_ALTER)
		gtid->alter = ALTER_START;
	else if (extra & GTID_EXTRA_COMMIT_ALTER)
		gtid->alter = ALTER_COMMIT;
	else if (extra & GTID_EXTRA_ROLLBACK_ALTER)
		gtid->alter = ALTER_ROLLBACK;
	if (extra & (GTID_EXTRA_COMMIT_ALTER | GTID_EXTRA_ROLLBACK_ALTER))
		gtid->alter_seq = reader_u64(r);
}

/* Layout: seq(8) domain(4) flags2(1) [commit id(8)] [xid] [extra flags(1) [engines(1)] [alter
 * seq(8)]] padding. */
static int mariadb_gtid(const struct event *event, struct event_gtid *gtid, struct err *err)
{
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	gtid_read_mariadb(&gtid->gtid, event->server_id, &r);
	uint8_t flags = reader_u8(&r);
	if (flags & GTID_GROUP_COMMIT)
		reader_u64(&r);
	gtid->standalone = flags & GTID_STANDALONE;
	gtid->xa_prepared = flags & GTID_PREPARED_XA;
	gtid->xa_completed = flags & GTID_COMPLETED_XA;
	if (flags & (GTID_PREPARED_XA | GTID_COMPLETED_XA))
		gtid->xid = mariadb_xid(&r);
	if (reader_left(&r) > 0)
		mariadb_extra(&r, gtid);
	return r.failed ? event_cut_error(event, err) : 0;
}

/* Layout: flags(1) uuid(16) gno(8) [type(1) = 2, last_committed(8) sequence(8) [immediate(7)
 * [original(7)] ...]]. If the highest bit of the immediate commit timestamp is set, the original
 * commit timestamp follows. */
static int mysql_gtid(const struct event *event, struct event_gtid *gtid, struct err *err)
{
	static const uint64_t original_follows = UINT64_C(1) << 55;
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	reader_u8(&r);
	const uint8_t *uuid = reader_bytes(&r, UUID_SIZE);
	uint64_t gno = reader_u64(&r);
	if (r.failed)
		return event_cut_error(event, err);
	if (event->type == EVENT_GTID_MYSQL) {
		gtid->gtid.flavour = GTID_MYSQL;
		gtid->gtid.seq = gno;
		memcpy(gtid->gtid.uuid, uuid, UUID_SIZE);
	}
	if (reader_left(&r) < 1 + 8 + 8 + 7 || reader_u8(&r) != 2)
		return 0; /* MySQL 5.6 and 5.7: keep the header's time */
	reader_bytes(&r, 16);
	uint64_t immediate = reader_uint(&r, 7), original = immediate;
	if (immediate & original_follows)
		original = reader_uint(&r, 7);
	if (r.failed)
		return event_cut_error(event, err);
	immediate &= ~original_follows;
	if (original == 0) /* a replica wrote the event without knowing the original time */
		original = immediate;
	gtid->commit_ms = (int64_t)(original / 1000);
	gtid->written_ms = (int64_t)(immediate / 1000);
	return 0;
}

int event_gtid_parse(const struct event *event, struct event_gtid *gtid, struct err *err)
{
	/* field by field: clearing the whole is slower */
	gtid->gtid = (struct gtid){.flavour = GTID_NONE};
	gtid->commit_ms = gtid->written_ms = (int64_t)event->timestamp * 1000;
	gtid->standalone = gtid->xa_prepared = gtid->xa_completed = false;
	gtid->xid = (struct slice){NULL, 0};
	gtid->alter = ALTER_NONE;
	gtid->alter_seq = 0;
	switch (event->type) {
	case EVENT_GTID_MARIADB:
		return mariadb_gtid(event, gtid, err);
	case EVENT_GTID_MYSQL:
	case EVENT_ANONYMOUS_GTID:
		return mysql_gtid(event, gtid, err);
	default:
		return refuse(event, err) < 0
			       ? -1
			       : err_set(err, E_BUG, "event type %u is not a GTID event",
					 event->type);
	}
}

enum { /* status variables of a Query event, which contains them in nearly ascending order */
       Q_FLAGS2 = 0,
       Q_SQL_MODE = 1,
       Q_CATALOG = 2,
       Q_AUTO_INCREMENT = 3,
       Q_CHARSET = 4,
       Q_TIME_ZONE = 5,
       Q_CATALOG_NZ = 6,
       Q_LC_TIME_NAMES = 7,
       Q_CHARSET_DATABASE = 8,
       Q_TABLE_MAP_FOR_UPDATE = 9,
       Q_MASTER_DATA_WRITTEN = 10,
       Q_INVOKER = 11,
       Q_UPDATED_DB_NAMES = 12,
       Q_MICROSECONDS = 13,
       Q_EXPLICIT_DEFAULTS = 16,
       Q_DDL_XID = 17,
       Q_DEFAULT_COLLATION = 18,
       Q_REQUIRE_PRIMARY_KEY = 19,
       Q_TABLE_ENCRYPTION = 20,
       Q_HRNOW = 128,
       Q_XID = 129,
       Q_CHARACTER_SET_COLLATIONS = 131, /* MariaDB 11 writes it before Q_CHARSET */
       COLLATION_PAIR = 4,
       UPDATED_DB_NAMES_TOO_MANY = 254,
};

static void skip_short_string(struct reader *r, unsigned extra)
{
	size_t n = reader_u8(r);
	reader_bytes(r, n + extra);
}

static void skip_database_names(struct reader *r)
{
	unsigned n = reader_u8(r);
	if (n == UPDATED_DB_NAMES_TOO_MANY)
		return;
	while (n-- > 0 && !r->failed) {
		while (reader_u8(r) != 0 && !r->failed)
			;
	}
}

static void read_charsets(struct reader *r, struct event_query *query)
{
	query->charset_client = reader_u16(r);
	query->collation_connection = reader_u16(r);
	query->collation_server = reader_u16(r);
}

/* Reads one variable. Returns false if it is unknown, because then its length is unknown too. */
static bool status_variable(struct reader *r, struct event_query *query)
{
	static const uint8_t sizes[] = {
		[Q_AUTO_INCREMENT] = 4,
		[Q_LC_TIME_NAMES] = 2,
		[Q_TABLE_MAP_FOR_UPDATE] = 8,
		[Q_MASTER_DATA_WRITTEN] = 4,
		[Q_MICROSECONDS] = 3,
		[Q_DDL_XID] = 8,
		[Q_DEFAULT_COLLATION] = 2,
		[Q_REQUIRE_PRIMARY_KEY] = 1,
		[Q_TABLE_ENCRYPTION] = 1,
		[Q_HRNOW] = 3,
		[Q_XID] = 8,
	};
	uint8_t code = reader_u8(r);
	switch (code) {
	case Q_FLAGS2:
		query->flags2 = reader_u32(r);
		return true;
	case Q_EXPLICIT_DEFAULTS:
		query->has_explicit_defaults = true;
		query->explicit_defaults = reader_u8(r) != 0;
		return true;
	case Q_CHARACTER_SET_COLLATIONS: { /* the default collations of character sets */
		size_t n = reader_u8(r);
		reader_bytes(r, n * COLLATION_PAIR);
		return true;
	}
	case Q_SQL_MODE:
		query->sql_mode = reader_u64(r);
		return true;
	case Q_CHARSET:
		read_charsets(r, query);
		return true;
	case Q_CHARSET_DATABASE:
		query->collation_database = reader_u16(r);
		return true;
	case Q_CATALOG:
		skip_short_string(r, 1);
		return true;
	case Q_TIME_ZONE:
	case Q_CATALOG_NZ:
		skip_short_string(r, 0);
		return true;
	case Q_INVOKER:
		skip_short_string(r, 0);
		skip_short_string(r, 0);
		return true;
	case Q_UPDATED_DB_NAMES:
		skip_database_names(r);
		return true;
	default:
		break;
	}
	if (code >= sizeof(sizes) || sizes[code] == 0)
		return false;
	reader_bytes(r, sizes[code]);
	return true;
}

static int read_status(struct slice status, const struct event *event, struct event_query *query,
		       struct err *err)
{
	struct reader r;
	reader_init(&r, status.ptr, status.len);
	while (reader_left(&r) > 0 && status_variable(&r, query))
		;
	return r.failed ? event_cut_error(event, err) : 0;
}

/* Layout: thread(4) seconds(4) db_len(1) error(2) status_len(2) | status | db \0 | sql. */
int event_query_parse(const struct event *event, const struct event_format *format,
		      struct event_query *query, struct err *err)
{
	struct reader r;
	unsigned post = format->post_header[event->type];
	memset(query, 0, sizeof(*query));
	if (event->type == EVENT_QUERY_COMPRESSED)
		return err_set(err, E_EVENT_COMPRESSED,
			       "the binlog contains a compressed statement (Query_compressed event "
			       "that ends at %" PRIu32
			       "), which this version cannot read. Set log_bin_compress=OFF on the "
			       "source. " REMEDY_NEW_NAME_AFTER,
			       event->end_pos);
	if (event->type == EVENT_EXECUTE_LOAD_QUERY && post == 0)
		post = LOAD_POST_HEADER;
	reader_init(&r, event->body.ptr, event->body.len);
	query->thread = reader_u32(&r);
	query->logged_s = event->timestamp + reader_u32(&r);
	unsigned db_len = reader_u8(&r);
	query->error_code = reader_u16(&r);
	unsigned status_len = reader_u16(&r);
	if (post > QUERY_POST_HEADER)
		reader_bytes(&r, post - QUERY_POST_HEADER);
	struct slice status = reader_slice(&r, status_len);
	query->db = reader_slice(&r, db_len);
	unsigned nul = reader_u8(&r);
	query->sql = reader_slice(&r, reader_left(&r));
	if (r.failed || nul != 0)
		return event_cut_error(event, err);
	return read_status(status, event, query, err);
}

int event_xa_prepare_parse(const struct event *event, struct event_xa_prepare *xa, struct err *err)
{
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	xa->one_phase = reader_u8(&r) != 0;
	xa->format_id = reader_u32(&r);
	uint32_t gtrid_len = reader_u32(&r);
	uint32_t bqual_len = reader_u32(&r);
	xa->gtrid = reader_slice(&r, gtrid_len);
	xa->bqual = reader_slice(&r, bqual_len);
	return r.failed ? event_cut_error(event, err) : 0;
}

/* Layout: type(lenenc) length(lenenc) value ... Type 0 is the end, 1 the file's name, 2 the offset
 * (lenenc). */
static int heartbeat_fields(const struct event *event, struct event_heartbeat *heartbeat,
			    struct err *err)
{
	struct reader r;
	reader_init(&r, event->body.ptr, event->body.len);
	while (reader_left(&r) > 0) {
		uint64_t type = reader_lenenc(&r);
		if (type == 0 || r.failed)
			break;
		struct slice field = reader_lenenc_slice(&r);
		struct reader inner;
		reader_init(&inner, field.ptr, field.len);
		if (type == 1)
			heartbeat->file = field;
		if (type == 2)
			heartbeat->offset = reader_lenenc(&inner);
		if (inner.failed)
			return event_cut_error(event, err);
	}
	return r.failed ? event_cut_error(event, err) : 0;
}

int event_heartbeat_parse(const struct event *event, struct event_heartbeat *heartbeat,
			  struct err *err)
{
	heartbeat->file = event->body;
	heartbeat->offset = event->end_pos;
	if (event->type == EVENT_HEARTBEAT_V2)
		return heartbeat_fields(event, heartbeat, err);
	return 0;
}
