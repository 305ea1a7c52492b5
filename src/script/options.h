/* options: the options of functions such as source.mysql as tables: names, types, defaults, ranges,
 * help. The checks, the error texts and docs/options.md are made from these tables.
 * Thread: the script's; the tables are constants. */
#ifndef TIDEWAY_SCRIPT_OPTIONS_H
#define TIDEWAY_SCRIPT_OPTIONS_H

#include "script/script_priv.h"

enum option_type {
	OPTION_TEXT,
	OPTION_SECRET, /* string or tideway.secret */
	OPTION_INTEGER,
	OPTION_NUMBER,
	OPTION_BOOLEAN,
	OPTION_LIST,       /* string or list of strings */
	OPTION_PROPERTIES, /* { ["name"] = string, number, boolean or secret } */
	OPTION_TLS,        /* boolean or { ca, cert, key, verify } */
	OPTION_HOSTS,      /* list of strings; lua_source.c checks each of them */
};

struct option {
	const char *name;
	enum option_type type;
	const char *fallback; /* default, in Lua syntax; NULL: none */
	double min, max;      /* range of a number; equal: no range */
	bool required;
	const char *help; /* one sentence */
};

struct option_group {
	const char *name; /* "source.mysql" */
	const char *help;
	const struct option *options; /* ends with name NULL */
};

/* All groups, in the order of docs/options.md; ends with NULL. */
extern const struct option_group *const option_groups[];
extern const struct option_group source_mysql_options, kafka_sink_options, kafka_lines_options,
	kafka_producer_options, kafka_consumer_options, kafka_topics_options, kafka_topic_options,
	heartbeat_options, tls_options, changes_options;

/* Check the table at idx. Push a new table with the defaults filled in, and with the fields `kind`
 * and `where` unless kind is NULL. Raise with file:line, the expected type and the nearest name. */
void options_check(lua_State *L, int idx, const struct option_group *group, const char *kind);

#endif
