/* config: what a sync.lua asks for, after the script was loaded and checked. Plain data.
 * Thread: read-only once made, but for source_choice; any. Owner: the script that made it (its arena). */
#ifndef TIDEWAY_CONFIG_H
#define TIDEWAY_CONFIG_H

#include "model/source_host.h"

#include <stdatomic.h>
#include <stdint.h>

/* One key = value pair, with the place in the script for errors. Strings are NUL-terminated. */
struct property {
	const char *name, *value;
};

/* Which of several hosts is used: the one thing here that changes (source/hosts.h). */
struct source_choice {
	_Atomic int current; /* index; -1: none is chosen */
	/* the rest: the sync's own thread */
	int told;     /* the last that the log has named; -1: none */
	bool *blamed; /* of each: a stream from it ended with what does not pass */
	bool end;     /* the one that is used is the last to try */
};

struct source_config {
	const char *name;   /* DATASOURCE_NAME_SRC; NULL: "mysql" */
	const char *host;   /* NULL: 127.0.0.1 */
	unsigned port;      /* 3306 */
	const char *socket; /* NULL: TCP */
	const struct source_host
		*hosts;  /* several servers of the same data, in the order in which they are tried,
	                   instead of host, port and socket */
	unsigned nhosts; /* 0: one server, as the three say */
	struct source_choice *choice; /* NULL without hosts */
	const char *user, *password;
	bool tls;        /* tls = true or a table */
	bool tls_verify; /* check the server's certificate */
	const char *tls_ca, *tls_cert, *tls_key;
	uint32_t server_id; /* 0: derived from the sync's name */
	unsigned connect_timeout_s;
	const char *const *tables; /* patterns, "!..." excludes */
	unsigned ntables;
};

enum sink_kind { SINK_KAFKA, SINK_LINES, SINK_DISCARD /* dry runs */ };

struct sink_config {
	enum sink_kind kind;
	const char *name; /* DATASOURCE_NAME_DEST; NULL: "kafka" */
	const char *brokers;
	const struct property *properties; /* as written: Java or librdkafka names */
	unsigned nproperties;
	const char *file; /* SINK_LINES: NULL is stdout */
	bool raw;         /* SINK_LINES: JSON on a terminal, too */
};

enum update_mode { UPDATE_TWO, UPDATE_ONE };
enum sync_mode { MODE_FULL_THEN_STREAM, MODE_FULL, MODE_STREAM };

struct topics_config {
	bool create;                   /* false: topics = "existing" */
	int partitions;                /* 6: of a table with a key */
	bool adopt;                    /* partitions = "adopt": a pinned count follows the topic */
	int partitions_without_key;    /* 1 */
	int replication;               /* -1: the broker's default */
	const struct property *config; /* topic configuration */
	unsigned nconfig;
	unsigned max; /* 1000 */
};

struct sync_config {
	const char *name; /* [A-Za-z0-9._-]{1,48}; of a list of sources "<sync>.<source>" */
	unsigned source_number, sources; /* which of the list, from 0, and how many; 0 of 1 */
	enum sync_mode mode;
	struct source_config source;
	struct sink_config sink;
	struct topics_config topics;
	const char *checkpoint_topic; /* NULL: "tideway.<name>" */
	const char *checkpoint_file;  /* not NULL: a file instead of the topic */
	double heartbeat_s;           /* 5; 0: off */
	const char *heartbeat_topic;  /* NULL: every destination topic */
	unsigned full_parallel;       /* 4 */
	double full_rows_per_second;  /* 0: no limit */
	uint64_t row_max;             /* bytes of an image as the server sends it; 0: no limit */
	bool key_json;                /* key_format = "json" */
	bool has_loop;                /* loop = function: the script sends by itself */
	const char *script;           /* path of the entry script */
	unsigned line;                /* of the sync.run call in the script */
};

#endif
