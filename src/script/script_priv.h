/* script_priv: the types and functions that the files of src/script share: the Lua state, the
 * bound tables, and small functions that all modules use.
 * Thread: the script's. Owner: struct script owns its Lua state, arenas and buffers. */
#ifndef TIDEWAY_SCRIPT_PRIV_H
#define TIDEWAY_SCRIPT_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/topic_name.h"
#include "script/script.h"

#include <assert.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>

enum {
	SCRIPT_STEP = 10000,          /* instructions between two checks of the budget */
	SCRIPT_BUDGET = 10000000,     /* instructions of one call of a user's function */
	SCRIPT_MEMORY = 64 << 20,     /* bytes of Lua heap, for a script without a sync */
	SCRIPT_MEMORY_LOAD = 1 << 30, /* while a script is loaded: its limits are not known yet */
	SCRIPT_WHERE = 256,           /* bytes of a "file.lua:12" */
	SCRIPT_CALL_MS = 5000,        /* of one call outside of the lanes */
};
#define SCRIPT_BUDGET_LOAD                                                                         \
	INT64_C(10000000000) /* for loading, checking and preparing: stops only endless loops */

/* Which functions run now. It decides what they may do with a change. */
enum script_phase { PHASE_NONE, PHASE_EVENT, PHASE_IMAGE, PHASE_LOOP };

/* A hash map from names to numbers, keyed by the address of the Lua string. Lua interns short
 * strings, so equal short strings have one address. Long strings are not interned: a name that is
 * not found here may still equal a name of the map. */
struct name_map {
	unsigned bits; /* 1 << bits slots */
	struct name_slot {
		const void *name; /* NULL: free */
		unsigned at;      /* the number of the name; NAME_NONE in a free slot */
	} * slots;
};
#define NAME_NONE UINT_MAX

/* The calls from C into Lua that have not returned. Owner: state.c and those that call it. */
struct script_call {
	int depth; /* number of these calls */
	int base;  /* stack top to restore; the values above it keep results alive */
	enum script_phase phase;
	unsigned
		function; /* PHASE_IMAGE: index of the function that runs in script_table.functions */
	struct event_result *result; /* PHASE_EVENT: the result being filled */
};

/* What handles refer to. Owner: bind.c. */
struct script_bound {
	struct script_table *current; /* the table that has a change now; NULL: none */
	uintptr_t newest, oldest;     /* the last epoch begun, and the first valid epoch */
};

/* What the Lua state may use. Owner: state.c. */
struct script_limits {
	int64_t used, budget;      /* instructions: used in this call, and its limit; 0: no limit */
	int64_t call_budget;       /* the limit of each call of a user's function */
	int64_t deadline_ms;       /* monotonic, when this call must have ended; 0: no limit */
	size_t memory, memory_max; /* bytes of the Lua heap: now, and the limit */
	uint32_t regex_steps;      /* of one search */
	bool exhausted;            /* the budget is used up: every further instruction raises */
	char exhausted_at[SCRIPT_WHERE]; /* "sync.lua:12" where the budget was used up */
};

/* How the script was started. Owner: script.c; constant afterwards. */
struct script_entry {
	const char *path, *file, *folder; /* entry script; its base name; "dir/" or "" */
	const struct property *args;      /* name=value of the command line */
	unsigned nargs;
	bool exec, test; /* modes: print writes to stdout; no sync is needed */
	uint64_t text;   /* hash of the files that have been loaded so far */
	uint64_t loaded; /* the same, when the entry script had run */
};

/* loop = function of a sync. Owner: loop.c. */
struct script_loop {
	lua_State *thread; /* coroutine; NULL before its first step */
	unsigned sync;     /* the sync whose loop it is */
	bool asking;       /* the loop yielded to get the next item */
};

/* Counts of tideway.test. Owner: lua_test.c. */
struct script_tests {
	unsigned passed, failed;
};

struct script {
	/* members that every call uses: together, in few cache lines */
	lua_State *main; /* the main thread of the state */
	lua_State *L;    /* the thread that runs now: main, or a coroutine that called into C */
	struct script_call call;
	struct script_bound bound;
	struct name_map fields; /* fields and methods of a change -> their numbers */
	struct arena event;     /* texts of the current change; reset by script_done */
	enum err_id
		raised; /* the entry of the error that the library raised last; see state_note */
	struct script_limits limits;
	/* the other members */
	struct script_entry entry;
	struct script_host host; /* a copy; zeros without a host */
	struct arena arena;      /* configurations; freed with the script */
	struct buf scratch;      /* output of one encoder; here, so that a raise leaks nothing */
	unsigned nsyncs;
	struct sync_config *configs; /* nsyncs */
	struct script_loop loop;
	struct script_tests tests;
	struct err err; /* error of reading a cell; here, since it is too large for the stack */
};

/* The image that a row handle refers to: one image of the table's current change. */
struct row_view {
	struct row *row;            /* NULL: the change has no such image */
	struct script_table *table; /* the table that contains this view */
	bool open;                  /* whether masks and on_row may edit the row now */
};

/* A bound table: one definition of one table, its current change, and the results of its
 * functions. */
struct script_table {
	struct script *script;
	const struct table *table;
	const struct mapping *mapping; /* NULL: no sync (exec) */
	int names_ref; /* registry reference: the list of names, by enum table_name */
	int copy_ref; /* registry reference: how to encode copies of rows; LUA_NOREF: no copy yet */
	struct name_map columns; /* column names -> positions */
	struct change *change;   /* valid while the table is script->bound.current */
	enum change_image image; /* the image that change.row is */
	enum verdict verdict;    /* of the filter on the change; VERDICT_KEEP before the filter */
	struct row_view rows[2]; /* by enum change_image */
	int *functions;          /* registry references: functions of topic, key, slots */
	unsigned nfunctions;
	const char *const *where; /* nfunctions texts "sync.lua:12", or NULL */
	struct value *slots; /* field values: mapping->functions.nslots, reused for each image */
	struct slice topic;  /* the result of a topic function that returns one topic */
	struct slice legal;  /* the last topic that passed the check, in legal_text */
	char legal_text[TOPIC_NAME_MAX];
	struct value key; /* the result of a key function that returns one part */
};

static inline struct script *script_of(lua_State *L)
{
	return *(struct script **)lua_getextraspace(L);
}

/* ---- state.c ---- */
/* Make the Lua state, without libraries: see globals_open. */
int state_open(struct script *script, struct err *err) MUST_CHECK;
void state_close(struct script *script);
/* Call body(L) protected, with `ctx` as its light userdata argument. budget: instructions; 0: no
 * limit. general: the entry of an error that has none of its own. */
int state_protect(struct script *script, lua_CFunction body, void *ctx, int64_t budget,
		  enum err_id general, struct err *err) MUST_CHECK;
/* The message handler of state_call: convert any error value to a text that begins with file and
 * line. */
int state_message(lua_State *L);
/* Call the function on the stack with its nargs arguments. handler: the stack index of
 * state_message, which is below the function and remains there. Return -1 with *err set, and push
 * no results, when the function raises. */
int state_call(struct script *script, int handler, int nargs, int nresults, int64_t budget,
	       enum err_id general, struct err *err) MUST_CHECK;
/* Fill *err from the error value on the stack of L and the status of lua_pcall or lua_resume.
 * Return -1. */
int state_failed(struct script *script, lua_State *L, int status, enum err_id general,
		 struct err *err);
/* Start the instruction budget of a call. state_call does so itself; lua_resume needs it. */
void state_budget(struct script *script, int64_t budget);
/* Compile text (never binary code) and push the function. Never raise: return a Lua status, and
 * push a message unless it is LUA_OK. */
int state_load(lua_State *L, struct slice text, const char *chunk);
/* Read and compile a file of the user, as state_load does. name: the file in messages. */
int state_load_file(lua_State *L, const char *path, const char *name);
/* Write the innermost frame of the user's code to `where`, as "sync.lua:12". Return its line; 0,
 * and an empty text, when no frame is the user's. */
int state_where(lua_State *L, char where[SCRIPT_WHERE]);
/* Raise "sync.lua:12: ...", with the innermost frame of the user's code. */
int state_raise(lua_State *L, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* Raise the same as an entry of the list of errors. */
int state_raise_as(lua_State *L, enum err_id id, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
/* Note that the text on top of the stack is raised as this entry. An error that arrives in state_failed
 * with this text is of this entry, if it has the exit code of the call's general entry. */
void state_note(lua_State *L, enum err_id id);
/* Push and return the path; a relative path is relative to the script's folder. */
const char *state_path(lua_State *L, const char *path);

/* Surround a call from a C function of a module into the host, which may call the script again:
 * state_nest saves the state of the outer call and makes L the current thread, state_unnest
 * restores it. */
struct nest {
	lua_State *L;
	struct script_call call;
	enum change_image image; /* of the current change */
};
struct nest state_nest(struct script *script, lua_State *L);
void state_unnest(struct script *script, const struct nest *nest);

/* Return the nearest of the names next(ctx, 0), next(ctx, 1), ..., which ends with NULL; or NULL
 * when none is near. */
const char *state_nearest(const char *name, const char *(*next)(void *ctx, unsigned i), void *ctx);
/* Push the nearest string key of the table at idx. Return false, and push nothing, when none is
 * near. */
bool state_nearest_key(lua_State *L, int idx, const char *name);

/* ---- context.c ---- */
enum { CONTEXT_SIZE = 600 };
/* Write what follows the message of an error that a function of the sync has raised: " (in field 'total', called from
 * sync.lua:20)"; an empty text when there is nothing to add. Call it where the error was raised. */
void context_write(lua_State *L, const char *message, char context[CONTEXT_SIZE]);
/* cbase.label(fn, lines): set what the lines of a generated function call, as line -> "on_row". */
int context_label(lua_State *L);
/* Return the field whose function has the slot. */
const struct out_field *context_field(const struct mapping *mapping, unsigned slot);

/* ---- globals.c ---- */
/* Make the globals, the metatable of handles and json.null. A body for state_protect. */
int globals_open(lua_State *L);

/* ---- require.c ---- */
void require_open(lua_State *L);
/* Push a module, loading it first if necessary. Also modules that scripts may not require. */
void require_module(lua_State *L, const char *name);

/* ---- lua_value.c ---- */
/* Push the value of a cell, as the table "Values" of docs/lua-api.md defines it. */
void lua_value_push(lua_State *L, const struct column *column, const struct value *value);
/* Convert the Lua value at idx to a value of a column. Copy texts into the arena. Return NULL, or
 * why the value does not fit the column. */
const char *lua_value_check(lua_State *L, int idx, const struct column *column,
			    const struct conversion *conversion, struct arena *arena,
			    struct value *value);
/* Convert any scalar by its Lua type. Texts point into the Lua value. Return false when it is not a
 * scalar. */
bool lua_value_any(lua_State *L, int idx, struct value *value);
bool lua_value_utf8(struct slice text);

/* ---- lua_handle.c ---- */
/* Make the metatable that all rows and changes share. May raise. */
void handle_open(lua_State *L);

/* ---- lua_row.c, lua_change.c ---- */
/* row.column = value: the name is at index 2, the value at 3. */
int lua_row_newindex(lua_State *L, struct row_view *view);
int lua_row_pairs(lua_State *L);
/* change.field or change.method: `handle` is the value at index 1, `field` the number in
 * script->fields of the name at index 2. */
int lua_change_index(lua_State *L, const struct script_table *bound, uintptr_t handle,
		     unsigned field);
int lua_change_newindex(lua_State *L, struct script_table *bound);
/* Set the functions cbase.row_* in the table on the stack. */
void lua_row_functions(lua_State *L);
void lua_row_value(lua_State *L, const struct row_view *view, unsigned column);
/* Return the position of the column named at idx. Raise with the nearest name when the table has no
 * such column. */
unsigned lua_row_column(lua_State *L, struct script_table *table, int idx);
/* Return whether the image contains the column. A NULL is contained, and so is a virtual column,
 * which a binlog may omit. */
bool lua_row_carries(const struct row_view *view, unsigned column);
/* Read the value of a cell, or the edit that replaces it. Raise when the image does not contain the
 * column. */
void lua_row_cell(lua_State *L, const struct row_view *view, unsigned column, struct value *value);
/* Return the key at idx (a string, an integer, a list of them, or json.null) as a text in the
 * arena. */
struct slice lua_change_key(lua_State *L, int idx, struct arena *arena);
const struct header *lua_change_headers(lua_State *L, int idx, struct arena *arena, unsigned *n);
/* Set the methods records() and json() of a loop item in the table on the stack. */
void lua_change_item(lua_State *L);
/* Push a record as a table { topic, key, value, op, partition, headers }, and read such a table. */
void lua_record_push(lua_State *L, const struct message *record);
void lua_record_check(lua_State *L, int idx, struct arena *arena, struct message *record);
/* Return why Kafka does not accept the topic name; NULL when it does. */
const char *lua_topic_check(struct slice name);

/* ---- lua_try.c ---- */
/* cbase.try(fn, fallback, replaces_nil): return a function that calls fn. When fn raises an error, its result is the fallback,
 * or that of fallback(message, arguments ...). replaces_nil: also when fn returns nil. */
int lua_try(lua_State *L);

/* ---- lua_copy.c ---- */
/* Push a plain table of the columns that the image contains, with NULL as json.null. json.encode
 * writes the table as it writes the row. */
void lua_copy_push(lua_State *L, struct row_view *view);
/* cbase.row_copy */
int lua_copy_row(lua_State *L);

/* ---- bind.c ---- */
/* Indexes of the list names_ref. The names of the columns begin at TABLE_NAME_COLUMNS, in table
 * order. */
enum table_name { TABLE_NAME_DB = 1, TABLE_NAME_TABLE, TABLE_NAME_SOURCE, TABLE_NAME_COLUMNS };
struct script_table *bind_new(lua_State *L, struct script *script, const struct table *table,
			      const struct mapping *mapping, const char *source,
			      struct arena *arena);
void bind_free(struct script_table *table);
/* Make `change` the current change of the table, and the table the script's current one. */
void bind_change(struct script_table *table, struct change *change);
/* Begin an epoch and push the current change, as the argument of one function. */
void bind_push(lua_State *L, struct script *script);
/* Expire all handles. After it, the script has no current table. */
void bind_expire(struct script *script);

/* Make an empty map with room for n names. */
void names_init(struct name_map *map, unsigned n, struct arena *arena);
/* Add the string at idx with the number `at`. The caller keeps the string alive as long as the
 * map. */
void names_add(struct name_map *map, lua_State *L, int idx, unsigned at);

static inline unsigned names_hash(const struct name_map *map, const void *name)
{
	return (unsigned)(((uintptr_t)name * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - map->bits));
}

/* Return the number of the string at idx; NAME_NONE: not found by its address. */
static inline unsigned names_find(const struct name_map *map, lua_State *L, int idx)
{
	const void *name = lua_topointer(L, idx);
	unsigned i = names_hash(map, name);
	while (map->slots[i].name != name && map->slots[i].name != NULL)
		i = (i + 1) & ((1u << map->bits) - 1);
	return map->slots[i].at;
}

/* ---- lua_null.c ---- */
void lua_null_push(lua_State *L);
bool lua_null_test(lua_State *L, int idx);
/* Make json.null, which other modules compare with. */
void lua_null_open(lua_State *L);

/* ---- lua_decimal.c ---- */
void lua_decimal_push(lua_State *L, struct slice text);
/* Return the text of the decimal at idx; ptr NULL: not a decimal. */
struct slice lua_decimal_test(lua_State *L, int idx);
/* Return the number or decimal at idx, rounded half up to `scale` digits after the point (negative:
 * not rounded), as a text in the arena; ptr NULL: not a finite number. *digits: the number of
 * digits before the point. */
struct slice lua_decimal_round(lua_State *L, int idx, int scale, struct arena *arena,
			       unsigned *digits);
/* Convert a decimal to a 64-bit integer: *u when *is_unsigned, else *i. Return false when it is not
 * an integer or does not fit. */
bool lua_decimal_integer(struct slice text, bool *is_unsigned, int64_t *i, uint64_t *u);

/* ---- lua_json.c ---- */
/* Return whether the table is marked as an array, by json.array or because it was decoded from
 * one. */
bool lua_json_is_array(lua_State *L, int idx);
/* Append the value at idx to `out` as JSON. Raise when JSON cannot represent it. indent: spaces of
 * a level; 0: one line. */
void lua_json_write(lua_State *L, int idx, struct buf *out, int indent, int depth);

/* How json.encode writes a column in the copy of a row. A DECIMAL with n digits after the point is
 * JSON_DECIMAL + n. */
enum json_column { JSON_PLAIN, JSON_BYTES, JSON_FLOAT, JSON_DECIMAL };
/* Mark the table at idx as the copy of a row. Pop its description from the stack: a table with the
 * column names as a list, and name -> enum json_column. */
void lua_json_describe(lua_State *L, int idx);

/* ---- lua_secret.c, lua_env.c ---- */
/* Return the text of the string or secret at idx; ptr NULL: neither. */
struct slice lua_secret_text(lua_State *L, int idx);
const char *lua_env_get(const struct script *script, const char *name);

/* ---- lua_kafka.c, lua_source.c, lua_heartbeat.c ---- */
/* Return the kind of the description at idx, "mysql", "kafka", "lines" or "heartbeat"; NULL: not a
 * description. */
const char *lua_description_kind(lua_State *L, int idx);

/* ---- script.c ---- */
/* Push a function of tideway.core. */
void script_core(lua_State *L, const char *function);

/* ---- config.c ---- */
/* Read the table at idx into a struct. Copy texts into the arena. Raise when it is wrong. */
void config_read(lua_State *L, int idx, struct arena *arena, struct sync_config *config);
void config_source(lua_State *L, int idx, struct arena *arena, struct source_config *source);
void config_sink(lua_State *L, int idx, struct arena *arena, struct sink_config *sink);
const char *config_text(lua_State *L, int idx, const char *key, struct arena *arena);
const struct property *config_properties(lua_State *L, int idx, const char *key,
					 struct arena *arena, unsigned *n);
const char *const *config_list(lua_State *L, int idx, const char *key, struct arena *arena,
			       unsigned *n);
/* Push a definition as the table that the standard library reads. */
void prepare_push_table(lua_State *L, const struct table *table);
/* Push many definitions as a list. Each entry is filled when it is read. */
void prepare_push_list(lua_State *L, const struct table *const *tables, unsigned n);
/* Read the result of core.prepare at idx into *mapping. Raise when it is wrong. */
void prepare_read(lua_State *L, int idx, struct script *script, const struct table *table,
		  const struct sync_config *config, struct arena *arena, struct mapping *mapping);

/* The modules: each function pushes the module's table and returns 1. */
int lua_base64_open(lua_State *L);
int lua_cbase_open(lua_State *L);
int lua_change_open(lua_State *L);
int lua_decimal_open(lua_State *L);
int lua_env_open(lua_State *L);
int lua_hash_open(lua_State *L);
int lua_heartbeat_open(lua_State *L);
int lua_json_open(lua_State *L);
int lua_kafka_open(lua_State *L);
int lua_log_open(lua_State *L);
int lua_metrics_open(lua_State *L);
int lua_regex_open(lua_State *L);
int lua_secret_open(lua_State *L);
int lua_source_open(lua_State *L);
int lua_test_open(lua_State *L);
int lua_text_open(lua_State *L);
int lua_time_open(lua_State *L);
int lua_yaml_open(lua_State *L);

#endif
