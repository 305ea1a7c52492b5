/* dump: the binlog dump stream, raw packets with no copy.
 * Thread: the stream lane. Owner: dump_free (frees its connection); a packet lives until dump_read. */
#ifndef TIDEWAY_DUMP_H
#define TIDEWAY_DUMP_H

#include "binlog/packet_source.h"
#include "model/position.h"
#include "source/conn.h"

struct dump;

/* 2^31 to 2^32-1, from the name alone; the server ends an older dump that has the same. */
uint32_t dump_server_id(const char *sync_name);
/* The @slave_uuid of the name, 36 characters and NUL. */
void dump_uuid(const char *sync_name, char uuid[37]);

struct dump_options {
	uint32_t server_id;    /* 0: derived from sync_name (2^31 to 2^32-1) */
	const char *sync_name; /* also gives @slave_uuid */
	unsigned heartbeat_ms; /* server's replication heartbeat */
	bool from_now_end; /* non-blocking: end at the last event (flag BINLOG_DUMP_NON_BLOCK) */
};

/* Opens its own connection and starts the dump at the position: by GTID when the position has GTIDs,
 * else by file and offset. A position that the server no longer has is ERR_POSITION, with what is missing
 * and the remedy; being displaced later is ERR_DISPLACED from dump_read. source must outlive the dump. */
struct dump *dump_open(struct source *source, const struct position *position,
		       const struct dump_options *options, struct err *err);
void dump_free(struct dump *dump);
/* One event (header first, status byte removed). 1: an event; 0: end of a non-blocking dump; -1. The read
 * deadline is 3 heartbeats. Lost connections are retriable. */
int dump_read(struct dump *dump, struct slice *event, struct err *err) MUST_CHECK;
/* The same as a packet source, whose end is that of the dump: it is freed as either. */
struct packet_source *dump_packets(struct dump *dump);
const struct server *dump_server(const struct dump *dump);
/* Whether the server would send what is after the position: asks for it and reads up to the first transaction. Errors as of
 * dump_open. sync_name: another one than the stream's, whose dump it would end. */
int dump_try(struct source *source, const struct position *position, const char *sync_name,
	     struct err *err) MUST_CHECK;

#endif
