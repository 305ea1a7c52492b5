/* script: the Lua side of a lane: one sandboxed state with the entry script loaded (the only lua.h
 * is in src/script). What the script says about a table is asked once (script_prepare); what
 * depends on the event for each change (script_event: on_row, masks, filter, on_change) and for
 * each image written (script_image: topic, key, field functions). A table
 * without functions never enters Lua.
 * Thread: the lane that made it. Owner: script_free. Texts in results live until the next call of
 * script_event on this script (event arena) unless said otherwise. */
#ifndef TIDEWAY_SCRIPT_H
#define TIDEWAY_SCRIPT_H

#include "model/change.h"
#include "model/config.h"
#include "model/ddl.h"
#include "model/mapping.h"
#include "script/host.h"

#include <stdio.h>

struct script;

struct script_options {
	const char *path;            /* entry script */
	const struct property *args; /* name=value of the command line: beats the environment */
	unsigned nargs;
	size_t memory_limit;   /* bytes of Lua heap; 0: 64 MiB */
	int instruction_limit; /* of one call; 0: 1e7 */
	/* what C offers the script; borrowed, may be NULL while loading only */
	const struct script_host *host;
	bool exec; /* `tideway exec`: primitives connect at once, no sync.run needed */
};

/* Loads and runs the entry script; all sync.run calls are registered and checked. NULL with
 * ERR_SCRIPT: file:line, what, expected, nearest right name. A script without sync.run is an error
 * unless exec. */
struct script *script_new(const struct script_options *options, struct err *err);
void script_free(struct script *script);
/* Number of registered syncs, and each one's configuration (lives as long as the script). */
unsigned script_syncs(const struct script *script);
const struct sync_config *script_config(const struct script *script, unsigned sync);

/* Whether the source's patterns select the table. */
bool script_wants(struct script *script, unsigned sync, struct slice db, struct slice table);
/* Databases the patterns can name, as LIKE-free exact names where they are exact: NULL ends; a
 * wildcard database gives the single entry "*". */
const char *const *script_databases(struct script *script, unsigned sync);
/* Once at the start, with every selected table: exact names without a table, rules that disagree,
 * tables that meet in one topic without a rule that says so, refused tables. folded: the server keeps
 * names in lower case (lower_case_table_names = 1). Warnings go to the log. */
int script_check(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool folded, struct err *err) MUST_CHECK;

/* Likewise: the names in `columns` are those of columns. The tables of the position may be given, too. */
int script_check_columns(struct script *script, unsigned sync, const struct table *const *tables,
			 unsigned n, struct err *err) MUST_CHECK;

/* Tables that exist, whose columns the names in `columns` may mean: at least one table that a pattern matches must have a column
 * that it masks, drops, keeps, renames or orders. all: the source has no others now. From then on a table of a pattern
 * whose columns have never been seen is `unseen`, and script_known refuses it unless they have been seen since. */
int script_learn(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool all, struct err *err) MUST_CHECK;
int script_known(struct script *script, unsigned sync, const struct table *table,
		 struct err *err) MUST_CHECK;

/* What the script says about this version of this table; texts and arrays in the arena, Lua
 * references until script_release. A refused table (no key, masked column not there) is ERR_SCRIPT
 * with file:line and table. */
int script_prepare(struct script *script, unsigned sync, const struct table *table,
		   struct arena *arena, struct mapping *mapping, struct err *err) MUST_CHECK;
void script_release(struct script *script, struct mapping *mapping);

/* A topic that the table goes to is compacted: ERR_SCRIPT with file:line, table and topic when its key loses rows there
 * (consistency rule: compacted-keys); only for mappings that are not_compacted. */
int script_compacted(struct script *script, unsigned sync, const struct table *table,
		     struct slice topic, struct err *err) MUST_CHECK;

/* A table gets another definition, or its rows another table. ERR_DATA where a column that the script masks or leaves
 * out would be written as it is under its new name. renamed NULL: not known; then a new column is
 * taken for the one that is gone. */
int script_guard(struct script *script, unsigned sync, const struct table *before,
		 const struct table *after, const struct ddl_rename *renamed, unsigned n,
		 struct err *err) MUST_CHECK;

/* A table was dropped or renamed away: its topic is free for others. */
void script_forget(struct script *script, unsigned sync, struct slice full_name);

enum verdict {
	VERDICT_KEEP,
	VERDICT_DROP,
	VERDICT_INSERT, /* filter: only the new image passes */
	VERDICT_DELETE, /* filter: only the old image passes */
};

/* One result of change:emit{}. */
struct emitted {
	struct message message;  /* topic.ptr NULL: the change's own; headers NULL: likewise */
	bool has_key, has_value; /* false: likewise */
};

struct event_result {
	enum verdict verdict;
	struct slice topic; /* change.topic = ..., ptr NULL: not set */
	bool has_key;       /* change.key = ... */
	struct slice key;
	const struct header *headers;
	unsigned nheaders;
	const struct emitted *emits;
	unsigned nemits;
};

/* Runs the table's event function. Edits land in change->before->edits and after->edits (arrays the
 * engine provides: ncells entries, all VALUE_UNSET before the call; or NULL when mapping has no
 * event function). Fails with ERR_DATA: script file:line; the engine adds table and position. */
int script_event(struct script *script, const struct mapping *mapping, struct change *change,
		 struct event_result *result, struct err *err) MUST_CHECK;

struct image_result {
	const struct slice *topics; /* of a topic function; 1 or more */
	unsigned ntopics;
	const struct value *key; /* of a key function: text and integers, 1 or more */
	unsigned nkey;
	bool key_list;             /* the key function returned a list, of one part or more */
	const struct value *slots; /* mapping->nslots field values */
};

/* Calls the table's topic, key and field functions with change.row = that image. Only for mappings
 * that have one. */
int script_image(struct script *script, const struct mapping *mapping, struct change *change,
		 enum change_image image, struct image_result *result, struct err *err) MUST_CHECK;

/* Ends the change: rows and change userdata expire, the event arena is emptied. */
void script_done(struct script *script);

/* loop = function(changes, out): one step. The loop runs as a coroutine: it is resumed with this
 * item and returns when it asks for the next. Sends go through host->send while it runs. 1: the
 * loop function has returned (the sync ends); 0; -1. */
struct loop_item {
	enum { LOOP_CHANGE, LOOP_DDL, LOOP_HEARTBEAT } kind;
	struct change *change;         /* LOOP_CHANGE */
	const struct mapping *mapping; /* LOOP_CHANGE: of its table */
	struct slice db, table, text;  /* LOOP_DDL */
	int64_t time_ms;
};
int script_loop(struct script *script, unsigned sync, const struct loop_item *item,
		struct err *err) MUST_CHECK;

/* A function of the script outside of the lanes. */
struct script_callback {
	enum { CALLBACK_START, CALLBACK_STOP, CALLBACK_TIMER } kind;
	unsigned timer;               /* CALLBACK_TIMER: which */
	const char *reason, *message; /* CALLBACK_STOP; message NULL: nil */
};
/* Calls it. Only for functions that the configuration of the sync has. A call is stopped after five
 * seconds, at the next instruction of Lua. Fails with ERR_SCRIPT: file:line. */
int script_call(struct script *script, unsigned sync, const struct script_callback *callback,
		struct err *err) MUST_CHECK;

/* `tideway test`: runs one test file (the module tideway.test inside); adds to passed and failed;
 * failures are printed on stdout with file:line. */
int script_test(const char *path, const struct script_host *host, unsigned *passed,
		unsigned *failed, struct err *err) MUST_CHECK;

/* Print docs/options.md: every option of sync.run and of functions such as source.mysql. */
int script_reference_print(FILE *out, struct err *err) MUST_CHECK;

/* Bytes of the Lua heap now. */
size_t script_memory(const struct script *script);

#endif
