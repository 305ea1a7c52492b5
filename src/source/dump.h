/* dump: the stream of a binlog dump: raw packets, not copied.
 * Thread: the stream lane. Owner: dump_open / dump_free, which also frees the connection. A packet
 * is valid until the next dump_read. */
#ifndef TIDEWAY_DUMP_H
#define TIDEWAY_DUMP_H

#include "binlog/packet_source.h"
#include "model/position.h"
#include "source/conn.h"

struct dump;

/* Return a server id from 2^31 to 2^32-1, derived from the name alone. The server ends an older
 * dump with the same id. */
uint32_t dump_server_id(const char *sync_name);
/* Write the @slave_uuid of the name: 36 characters and NUL. */
void dump_uuid(const char *sync_name, char uuid[37]);

struct dump_options {
	uint32_t server_id;    /* 0: derived from sync_name (2^31 to 2^32-1) */
	const char *sync_name; /* also determines @slave_uuid */
	unsigned heartbeat_ms; /* interval of the server's replication heartbeats */
	bool from_now_end; /* do not wait: end after the last event (flag BINLOG_DUMP_NON_BLOCK) */
};

/* Open a connection and start the dump at the position: by GTID if the position has GTIDs, else by
 * file and offset. Fail with ERR_POSITION, what is missing and a remedy if the server no longer has
 * the position. If another process takes over later, dump_read fails with ERR_DISPLACED. source
 * must outlive the dump. */
struct dump *dump_open(struct source *source, const struct position *position,
		       const struct dump_options *options, struct err *err);
void dump_free(struct dump *dump);
/* Read one event: its header first, without the status byte. Return 1 for an event, 0 at the end of
 * a non-blocking dump, -1 on error. The read deadline is 3 heartbeats. A lost connection is
 * retriable. */
int dump_read(struct dump *dump, struct slice *event, struct err *err) MUST_CHECK;
/* Return the dump as a packet source. Free one of the two, not both. */
struct packet_source *dump_packets(struct dump *dump);
const struct server *dump_server(const struct dump *dump);
/* Whether the server would send what is after the position: asks for it and reads up to the first transaction. Errors as of
 * dump_open. sync_name: another one than the stream's, whose dump it would end. */
int dump_try(struct source *source, const struct position *position, const char *sync_name,
	     struct err *err) MUST_CHECK;

#endif
