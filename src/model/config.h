/* config: the checked configuration of a sync.lua. Plain data.
 * Thread: any; read-only. Owner: the script that made it (its arena). */
#ifndef TIDEWAY_CONFIG_H
#define TIDEWAY_CONFIG_H

#include "model/kafka_outage.h"
#include "model/source_host.h"

#include <stdbool.h>
#include <stdint.h>

/* One key = value pair. Strings are NUL-terminated. */
struct property {
	const char *name, *value;
};

struct source_config {
	const char *name;   /* DATASOURCE_NAME_SRC; NULL: "mysql" */
	const char *host;   /* NULL: 127.0.0.1 */
	unsigned port;      /* 3306 */
	const char *socket; /* NULL: TCP */
	/* several servers of the same data, in the order to try them; replaces host,
	 * port and socket */
	const struct source_host *hosts;
	unsigned nhosts; /* 0: one server, given by host, port and socket */
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
	const struct property *properties; /* as written, with Java's or librdkafka's names */
	unsigned nproperties;
	const char *file; /* SINK_LINES: path; NULL: stdout */
	bool raw;         /* SINK_LINES: write JSON to a terminal too */
	/* set by who makes clients of it: gets their outages, which are else logged; NULL: nobody */
	const struct kafka_outage_reader *outages;
};

enum update_mode { UPDATE_TWO, UPDATE_ONE };
enum sync_mode { MODE_FULL_THEN_STREAM, MODE_FULL, MODE_STREAM };

struct topics_config {
	bool create;                   /* false: topics = "existing" */
	int partitions;                /* for a table with a key; default 6 */
	bool adopt;                    /* partitions = "adopt": a pinned count follows the topic */
	int partitions_without_key;    /* default 1 */
	int replication;               /* -1: the broker's default */
	const struct property *config; /* topic configuration */
	unsigned nconfig;
	unsigned max; /* default 1000 */
};

/* The script's functions outside of the lanes. */
struct callbacks_config {
	bool on_start, on_stop;
	const double *timers; /* seconds between two calls of each */
	unsigned ntimers;
};

struct sync_config {
	const char *name; /* [A-Za-z0-9._-]{1,48}; with a list of sources "<sync>.<source>" */
	/* index in the list of sources, and the length of the list; 0 and 1 without a list */
	unsigned source_number, sources;
	enum sync_mode mode;
	const char *format; /* name of the message format */
	struct source_config source;
	struct sink_config sink;
	struct topics_config topics;
	struct callbacks_config callbacks;
	const char *checkpoint_topic; /* NULL: "tideway.<name>" */
	const char *checkpoint_file;  /* not NULL: a file instead of the topic */
	double heartbeat_s;           /* seconds, default 5; 0: off */
	const char *heartbeat_topic;  /* NULL: every destination topic */
	unsigned full_parallel;       /* default 4 */
	double full_rows_per_second;  /* 0: no limit */
	uint64_t row_max;             /* bytes of a row image on the wire; 0: no limit */
	bool key_json;                /* key_format = "json" */
	bool isolated;                /* on_failure = "isolate": its failure stops no other sync */
	bool has_loop;                /* loop = function: the script sends the messages */
	const char *script;           /* path of the entry script */
	unsigned line;                /* line of the sync.run call in the script */
};

#endif
