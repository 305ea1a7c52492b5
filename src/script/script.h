/* script: the Lua side of a lane: a sandboxed state with the entry script loaded. Only src/script
 * includes lua.h. A script is called at three moments: once for each definition of a table
 * (script_prepare); once for each change (script_event: on_row, masks, filter, on_change); once for
 * each image that is written (script_image: functions of topic, key and fields). A table without
 * functions never enters Lua.
 * Thread: the lane that made it. Owner: script_new / script_free. Texts in results are valid until
 * the next script_event of this script (event arena), unless a comment states otherwise. */
#ifndef TIDEWAY_SCRIPT_H
#define TIDEWAY_SCRIPT_H

#include "model/change.h"
#include "model/chosen_table.h"
#include "model/config.h"
#include "model/ddl.h"
#include "model/mapping.h"
#include "script/host.h"

#include <stdio.h>

struct alert;
struct script;

struct script_options {
	const char *path;            /* entry script */
	const struct property *args; /* name=value of the command line; overrides the environment */
	unsigned nargs;
	int instruction_limit; /* a tenth of what the script may execute while it is loaded; 0: 1e7 */
	/* what C offers the script; borrowed; may be NULL if the script is only loaded */
	const struct script_host *host;
	bool exec; /* `tideway exec`: primitives connect at once, and sync.run is not required */
};

/* Load and run the entry script; register and check every sync.run. Return NULL with ERR_SCRIPT on
 * failure: the text has file:line, what is wrong, what is expected and the nearest valid name. A
 * script without sync.run is an error unless exec is set. */
struct script *script_new(const struct script_options *options, struct err *err);
void script_free(struct script *script);
/* Apply the limits of one sync. Until then the largest ones of all syncs hold. */
int script_limit(struct script *script, unsigned sync, struct err *err) MUST_CHECK;
/* Return a hash of the texts of the entry script and of the user's modules that it has loaded. */
uint64_t script_hash(const struct script *script);
/* Return the number of registered syncs, and the configuration of one, which is valid as long as
 * the script. */
unsigned script_syncs(const struct script *script);
const struct sync_config *script_config(const struct script *script, unsigned sync);

/* Set the tables that commands have added to the sync and removed from it. The other functions count them. */
int script_choose(struct script *script, unsigned sync, const struct chosen_table *tables,
		  unsigned n, struct err *err) MUST_CHECK;
/* How the source's patterns alone name a table. */
enum script_naming {
	SCRIPT_NAMES_NOT, /* no pattern selects it */
	SCRIPT_SELECTS,
	SCRIPT_EXCLUDES, /* a pattern with ! does. A command cannot add the table */
};
enum script_naming script_naming(struct script *script, unsigned sync, struct slice db,
				 struct slice table);
/* Return whether the source's patterns, or a command, select the table. */
bool script_wants(struct script *script, unsigned sync, struct slice db, struct slice table);
/* Return the databases that the patterns can match, and those of added tables, as exact names, terminated by NULL. If a
 * pattern has a wildcard for the database, the list is the single entry "*". */
const char *const *script_databases(struct script *script, unsigned sync);
/* Check the script against all selected tables, once at the start: exact names without a table,
 * rules that contradict each other, tables that share a topic without a rule that allows it,
 * refused tables. folded: the server keeps names in lower case (lower_case_table_names = 1).
 * Warnings are logged. */
int script_check(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool folded, struct err *err) MUST_CHECK;

/* Check, as script_check does, that the names in `columns` are names of columns. The tables of a
 * saved position may be among the tables. */
int script_check_columns(struct script *script, unsigned sync, const struct table *const *tables,
			 unsigned n, struct err *err) MUST_CHECK;

/* Record the columns of existing tables, for the names in the option `columns`: each name that the
 * script masks, drops, keeps, renames or orders must be a column of at least one table that the
 * pattern matches. all: the source has no other tables now. After that call, a table of a pattern
 * whose columns have not been seen yet is `unseen`, and script_known refuses it until they have
 * been. */
int script_learn(struct script *script, unsigned sync, const struct table *const *tables,
		 unsigned n, bool all, struct err *err) MUST_CHECK;
int script_known(struct script *script, unsigned sync, const struct table *table,
		 struct err *err) MUST_CHECK;

/* Fill *mapping with what the script defines for this definition of the table. Texts and arrays are
 * in the arena; Lua references are valid until script_release. Fail with ERR_SCRIPT, file:line and
 * table if the table is refused: it has no key, or a masked column is missing. */
int script_prepare(struct script *script, unsigned sync, const struct table *table,
		   struct arena *arena, struct mapping *mapping, struct err *err) MUST_CHECK;
void script_release(struct script *script, struct mapping *mapping);

/* Free what the state no longer uses, after a call for each of many tables. */
void script_collect(struct script *script);

/* How a table is copied. */
struct script_copy {
	const char *where; /* of its rows, a condition in SQL; NULL: all rows; in the arena */
	const char
		*place; /* of the condition, for errors: "sync.lua:12: full.where["shop.events"]" */
	unsigned order; /* tables with a lower number are copied first */
	bool skips;     /* it is not copied */
};
int script_copy(struct script *script, unsigned sync, const struct table *table,
		struct arena *arena, struct script_copy *copy, struct err *err) MUST_CHECK;

/* Where the rows of a table go. */
struct script_destination {
	bool wanted;        /* false: the sync does not select the table */
	bool by_function;   /* a function returns the topic of each record */
	struct slice topic; /* unless by_function; in the arena */
	bool empty_key;
	bool not_compacted; /* as in struct mapping: see script_compacted */
};
/* Set *destination for a table that script_check has seen last. This is a small part of script_prepare, without its costs. */
int script_destination(struct script *script, unsigned sync, const struct table *table,
		       struct arena *arena, struct script_destination *destination,
		       struct err *err) MUST_CHECK;

/* Check the key of a table whose topic is compacted (rule: compacted-keys): fail with ERR_SCRIPT,
 * file:line, table and topic if rows with this key would be lost. Only for mappings that are
 * not_compacted. */
int script_compacted(struct script *script, unsigned sync, const struct table *table,
		     struct slice topic, struct err *err) MUST_CHECK;

/* Check a change of a table's definition, or the move of its rows to another table. Fail with
 * ERR_DATA if a column that the script masks or drops would be written unmasked under its new name.
 * renamed: the columns that the statement renames; NULL: unknown, and then a new column is taken
 * for the one that is missing. */
int script_guard(struct script *script, unsigned sync, const struct table *before,
		 const struct table *after, const struct ddl_rename *renamed, unsigned n,
		 struct err *err) MUST_CHECK;

/* Release the topic of a table that was dropped or renamed, so that other tables may use it. */
void script_forget(struct script *script, unsigned sync, struct slice full_name);

enum verdict {
	VERDICT_KEEP,
	VERDICT_DROP,
	VERDICT_INSERT, /* filter: only the new image passes */
	VERDICT_DELETE, /* filter: only the old image passes */
};

/* One result of change:emit{}. */
struct emitted {
	struct message message;  /* topic.ptr, headers: NULL if they are those of the change */
	bool has_key, has_value; /* false: it is that of the change */
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

/* Run the event function of the table. Edits are written to change->before->edits and
 * change->after->edits: arrays of ncells entries from the engine, all VALUE_UNSET before the call;
 * NULL if the mapping has no event function. Fail with ERR_DATA and file:line; the engine adds the
 * table and the position. */
int script_event(struct script *script, const struct mapping *mapping, struct change *change,
		 struct event_result *result, struct err *err) MUST_CHECK;

struct image_result {
	const struct slice *topics; /* of a topic function; 1 or more */
	unsigned ntopics;
	const struct value *key; /* of a key function: text and integers, 1 or more */
	unsigned nkey;
	bool key_list;             /* the key function returned a list, of one part or more */
	const struct value *slots; /* mapping->functions.nslots field values */
};

/* Call the topic, key and field functions of the table with change.row = that image. Only for
 * mappings that have one. */
int script_image(struct script *script, const struct mapping *mapping, struct change *change,
		 enum change_image image, struct image_result *result, struct err *err) MUST_CHECK;

/* End the change: rows and changes in Lua expire, and the event arena is reset. */
void script_done(struct script *script);

/* Run one step of loop = function(changes, out). The loop is a coroutine: it is resumed with this
 * item, and yields when it asks for the next. It sends through host->send. Return 1 if the loop
 * function has returned, which ends the sync; 0; or -1. */
struct loop_item {
	enum { LOOP_CHANGE, LOOP_DDL, LOOP_HEARTBEAT } kind;
	struct change *change;         /* LOOP_CHANGE */
	const struct mapping *mapping; /* LOOP_CHANGE: of its table */
	struct slice db, table, text;  /* LOOP_DDL */
	int64_t time_ms;
};
int script_loop(struct script *script, unsigned sync, const struct loop_item *item,
		struct err *err) MUST_CHECK;

/* A call of a function outside the lanes. */
struct script_callback {
	enum { CALLBACK_START, CALLBACK_STOP, CALLBACK_ALERT, CALLBACK_TIMER } kind;
	unsigned timer;               /* number of the timer */
	const char *reason, *message; /* CALLBACK_STOP; message NULL: nil */
	const struct alert *alert;    /* CALLBACK_ALERT */
};
/* Make the call. Only for functions that the configuration of the sync contains. A call is stopped
 * after five seconds, at its next Lua instruction. Fail with ERR_SCRIPT and file:line. */
int script_call(struct script *script, unsigned sync, const struct script_callback *callback,
		struct err *err) MUST_CHECK;

/* Run one test file of `tideway test` (module tideway.test). Add to *passed and *failed; print
 * failures on stdout with file:line. */
int script_test(const char *path, const struct script_host *host, unsigned *passed,
		unsigned *failed, struct err *err) MUST_CHECK;

/* Print docs/options.md: every option of sync.run and of functions such as source.mysql. */
int script_reference_print(FILE *out, struct err *err) MUST_CHECK;

/* Return the current size of the Lua heap in bytes. */
size_t script_memory(const struct script *script);

#endif
