/* config: the checked configuration of a sync.lua. Plain data.
 * Thread: any; read-only. Owner: the script that made it (its arena). */
#ifndef TIDEWAY_CONFIG_H
#define TIDEWAY_CONFIG_H

#include "model/ddl_policy.h"
#include "model/kafka_outage.h"
#include "model/source_host.h"

#include <stdbool.h>
#include <stdint.h>

/* One key = value pair. Strings are NUL-terminated. */
struct property {
	const char *name, *value;
};

/* The members of these structs that are options of a script come from options.def, which is generated
 * from lua/stdlib/core/schema.lua. A member of a list is an array and the number of its items. */
#define OPTION_ENUMS
#include "model/options.def"
#define OPTION_MEMBER(type, member, kind, absent) type member;
#define OPTION_LIST_MEMBER(type, member, count, kind)                                              \
	type member;                                                                               \
	unsigned count;

struct source_config {
#define SOURCE_OPTION OPTION_MEMBER
#define SOURCE_LIST OPTION_LIST_MEMBER
#include "model/options.def"
};

enum sink_kind { SINK_KAFKA, SINK_LINES, SINK_DISCARD /* dry runs */ };

struct sink_opener;

struct sink_config {
	enum sink_kind kind;
	bool raw; /* SINK_LINES: write JSON to a terminal too */
	/* reader of the clients' outages, set by the code that opens them; NULL: they are logged */
	const struct kafka_outage_reader *outages;
	const struct sink_opener
		*opener; /* of another kind of sink, in a simulation; NULL: by kind */
#define SINK_OPTION OPTION_MEMBER
#define SINK_LIST OPTION_LIST_MEMBER
#include "model/options.def"
};

enum update_mode { UPDATE_TWO, UPDATE_ONE };

/* How a topic of topics.named is created. */
struct named_topic {
	const char *name;
	int partitions;  /* 0: as for other topics */
	int replication; /* -1: the broker's default */
	const struct property *config;
	unsigned nconfig;
};

struct topics_config {
	bool adopt; /* partitions = "adopt": a pinned count follows the topic */
	const struct named_topic *named; /* in the order of their names */
	unsigned nnamed;
#define TOPICS_OPTION OPTION_MEMBER
#define TOPICS_LIST OPTION_LIST_MEMBER
#include "model/options.def"
};

/* The script's functions outside of the lanes. */
struct callbacks_config {
	bool on_start, on_stop, on_alert;
	const double *timers; /* seconds between two calls of each */
	unsigned ntimers;
};

struct sync_config {
	/* index in the list of sources, and the length of the list; 0 and 1 without a list */
	unsigned source_number, sources;
	struct source_config source;
	struct sink_config sink;
	struct topics_config topics;
	struct callbacks_config callbacks;
	enum ddl_policy ddl[DDL_KIND_COUNT]; /* of each kind of statements */
	bool has_loop;                       /* loop = function: the script sends the messages */
	const char *script;                  /* path of the entry script */
	unsigned line;                       /* line of the sync.run call in the script */
#define SYNC_OPTION OPTION_MEMBER
#define SYNC_LIST OPTION_LIST_MEMBER
#include "model/options.def"
};

#undef OPTION_MEMBER
#undef OPTION_LIST_MEMBER

#endif
