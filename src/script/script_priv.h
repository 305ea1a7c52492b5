/* script_priv: what the files of src/script share: the state, the bound tables and the small
 * functions that all modules use.
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
	SCRIPT_STEP = 10000,      /* instructions between two looks at the budget */
	SCRIPT_BUDGET = 10000000, /* instructions of one call of a user's function */
	SCRIPT_MEMORY = 64 << 20, /* bytes of Lua heap */
	SCRIPT_WHERE = 256,       /* bytes of a "file.lua:12" */
};
#define SCRIPT_BUDGET_LOAD                                                                         \
	INT64_C(10000000000) /* loading, checking and preparing: only endless loops */

/* What a function may do with a change now. */
enum script_phase { PHASE_NONE, PHASE_EVENT, PHASE_IMAGE, PHASE_LOOP };

/* Names that Lua holds as strings, found by the address of the string: short ones are interned, so
 * that equal means the same address. A name that is not found here may still be equal to one. */
struct name_map {
	unsigned bits; /* 1 << bits slots */
	struct name_slot {
		const void *name; /* NULL: free */
		unsigned at;      /* what it stands for; of a free slot NAME_NONE */
	} * slots;
};
#define NAME_NONE UINT_MAX

/* A row or change as Lua has it: a light userdata. Giving one out costs nothing, and one that a
 * script keeps is a value: it cannot come to show a later change. Its bits:
 *
 *   |63|62         2|1    0|
 *   | 1|    epoch   | kind |
 *
 * No address has the highest bit. Each call of a function of the script begins an epoch; what was
 * given out since script->oldest lives. */
enum handle_kind { HANDLE_BEFORE = IMAGE_BEFORE, HANDLE_AFTER = IMAGE_AFTER, HANDLE_CHANGE };
#define HANDLE_MARK ((uintptr_t)1 << 63)
#define HANDLE_KIND ((uintptr_t)3)
#define HANDLE_EPOCH (HANDLE_KIND + 1)
static_assert(sizeof(uintptr_t) == 8, "a handle has 64 bits");

struct script {
	/* what every call reads and writes stands together */
	lua_State *main; /* the state */
	lua_State *L;    /* the thread that runs now: main, or a coroutine that called into C */
	int64_t used, budget; /* instructions of this call so far, and at most; 0: no limit */
	int64_t call_budget;  /* of each call of a user's function */
	bool exhausted;       /* the budget has been used up: every further instruction raises */
	int depth;            /* calls of C into Lua that are open now */
	int base;             /* stack top to go back to; above it results are kept alive */
	enum script_phase phase;
	struct event_result *result;  /* PHASE_EVENT: being filled */
	struct script_table *current; /* which has a change now; NULL: none */
	uintptr_t newest, oldest; /* epochs: the last one begun, and the first that still lives */
	struct name_map fields;   /* of a change, with their numbers */
	struct arena event;       /* until script_done */
	/* the rest */
	size_t memory, memory_limit;      /* bytes of heap now, and at most */
	bool exec, test;                  /* modes: print goes to stdout; no sync is needed */
	struct script_host host;          /* copy; zeros when there is none */
	const char *path, *file, *folder; /* entry script; its base name; "dir/" or "" */
	const struct property *args;      /* name=value of the command line */
	unsigned nargs;
	struct arena arena; /* configurations: lives as long as the script */
	struct buf scratch; /* one encoder at a time; survives a raise */
	unsigned nsyncs;
	struct sync_config *configs; /* nsyncs */
	unsigned passed, failed;     /* tests reported */
	lua_State *loop;             /* coroutine of loop = function; NULL before its first step */
	unsigned loop_sync;          /* which sync's */
	bool loop_asking;            /* it yielded because it wants the next item */
	char exhausted_at[SCRIPT_WHERE]; /* "sync.lua:12" where the budget was used up */
	struct err err;                  /* of a cell: too large for the stack of each read */
};

/* What a row that Lua reads stands for: an image of the change that the table has now. */
struct row_view {
	struct row *row;            /* NULL: the change has no such image */
	struct script_table *table; /* which this is in */
	bool open;                  /* masks and on_row may edit now */
};

/* What belongs to one version of one table: the change it has now and what its functions return. */
struct script_table {
	struct script *script;
	const struct table *table;
	const struct mapping *mapping; /* NULL: no sync (exec) */
	int names_ref;                 /* registry reference of the list by enum table_name */
	int copy_ref; /* likewise of what copies of rows are written by; LUA_NOREF: no copy yet */
	struct name_map columns; /* names of columns -> positions */
	struct change *change;   /* while it is script->current */
	enum change_image image; /* which image change.row is */
	struct row_view rows[2]; /* by enum change_image */
	int *functions;          /* registry references: of topic, key, slots */
	unsigned nfunctions;
	const char *const *where; /* nfunctions of "sync.lua:12", or NULL */
	struct value *slots;      /* mapping->nslots, reused */
	struct slice topic;       /* a single topic, reused */
	struct slice legal;       /* the last topic that was checked, in legal_text */
	char legal_text[TOPIC_NAME_MAX];
	struct value key; /* a single key, reused */
};

static inline struct script *script_of(lua_State *L)
{
	return *(struct script **)lua_getextraspace(L);
}

/* ---- state.c ---- */
int state_open(struct script *script, struct err *err) MUST_CHECK;
void state_close(struct script *script);
/* Calls body(L) protected with `ctx` as light userdata argument; budget 0: no limit. */
int state_protect(struct script *script, lua_CFunction body, void *ctx, int64_t budget,
		  enum err_code code, struct err *err) MUST_CHECK;
/* Message handler of state_call: makes a text of any error and puts file and line before it. */
int state_message(lua_State *L);
/* Calls the function on the stack with its nargs arguments; state_message stands below it at
 * `handler`, and stays there. -1 fills *err and leaves no results. */
int state_call(struct script *script, int handler, int nargs, int nresults, int64_t budget,
	       enum err_code code, struct err *err) MUST_CHECK;
/* For coroutines, which have no message handler: turns what lua_resume left into *err. */
int state_failed(struct script *script, lua_State *L, int status, enum err_code code,
		 struct err *err);
/* Starts the budget of a call that is not made by state_call. */
void state_budget(struct script *script, int64_t budget);
/* Loads text (never binary) as a function on the stack; raises nothing. LUA_OK or a message on the
 * stack. */
int state_load(lua_State *L, struct slice text, const char *chunk);
/* Reads and loads a file of the user; the chunk is named by `name`. */
int state_load_file(lua_State *L, const char *path, const char *name);
/* Innermost frame of the user's code as "sync.lua:12" in where; line number, or 0 when there is
 * none. */
int state_where(lua_State *L, char where[SCRIPT_WHERE]);
/* Raises "sync.lua:12: ..." for the innermost frame of the user's code. */
int state_raise(lua_State *L, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
/* A path relative to the script's folder, pushed. */
const char *state_path(lua_State *L, const char *path);

/* Around a call from a C function into the host, which may come back into the script. */
struct nest {
	lua_State *L;
	int base;
	enum script_phase phase;
	struct event_result *result;
	enum change_image image; /* of the change that is bound */
};
struct nest state_nest(struct script *script, lua_State *L);
void state_unnest(struct script *script, const struct nest *nest);

/* Nearest of the names that `next(ctx, &i)` gives, or NULL when none is near. */
const char *state_nearest(const char *name, const char *(*next)(void *ctx, unsigned i), void *ctx);
/* The nearest string key of the table at idx, pushed; false pushes nothing. */
bool state_nearest_key(lua_State *L, int idx, const char *name);

/* ---- require.c ---- */
void require_open(lua_State *L);

/* ---- lua_value.c ---- */
/* Pushes a cell's value as lua-api.md "Values" says. */
void lua_value_push(lua_State *L, const struct column *column, const struct value *value);
/* The Lua value at idx for a column, checked; NULL, or why it does not fit. Texts are copied into
 * the arena. */
const char *lua_value_check(lua_State *L, int idx, const struct column *column, struct arena *arena,
			    struct value *value);
/* Any scalar by its Lua type: texts point into the Lua value. False: not a scalar. */
bool lua_value_any(lua_State *L, int idx, struct value *value);
bool lua_value_utf8(struct slice text);

/* ---- lua_handle.c ---- */
static inline uintptr_t handle_at(lua_State *L, int idx)
{
	return (uintptr_t)lua_touserdata(L, idx);
}

static inline enum handle_kind handle_kind(uintptr_t handle)
{
	return (enum handle_kind)(handle & HANDLE_KIND);
}

/* Pushes a row or change of the same epoch as `handle`. */
static inline void handle_push(lua_State *L, uintptr_t handle, enum handle_kind kind)
{
	lua_pushlightuserdata(L, (void *)((handle & ~HANDLE_KIND) | kind));
}

bool handle_is_row(lua_State *L, int idx);
bool handle_is_change(lua_State *L, int idx);
/* The change's table, or the row, at idx; raises when it is something else or has expired. */
struct script_table *handle_change(lua_State *L, int idx);
struct row_view *handle_row(lua_State *L, int idx);
/* Makes the metatable that all rows and changes share. Raises. */
void handle_open(lua_State *L);

/* ---- lua_row.c, lua_change.c ---- */
/* row.column = value: name at 2, value at 3. */
int lua_row_newindex(lua_State *L, struct row_view *view);
int lua_row_pairs(lua_State *L);
/* change.field or change.method: `handle` is what stands at 1, `field` what script->fields says of
 * the name at 2. */
int lua_change_index(lua_State *L, const struct script_table *bound, uintptr_t handle,
		     unsigned field);
int lua_change_newindex(lua_State *L, struct script_table *bound);
/* cbase.row_*: sets them in the table on the stack. */
void lua_row_functions(lua_State *L);
void lua_row_value(lua_State *L, const struct row_view *view, unsigned column);
/* Position of the column named at idx; raises with the nearest name. */
unsigned lua_row_column(lua_State *L, struct script_table *table, int idx);
/* Pushes a plain table of the row. */
/* Pushes a table of the columns that the image has, NULL as json.null, which json.encode writes as it writes the row. */
void lua_row_copy(lua_State *L, struct row_view *view);
/* Whether the image has the column: NULL counts, and so does a virtual column, which a binlog may leave out. */
bool lua_row_carries(const struct row_view *view, unsigned column);
/* The value of a cell, which an edit may have replaced. Raises for one that the image does not have. */
void lua_row_cell(lua_State *L, const struct row_view *view, unsigned column, struct value *value);
/* A key as users give it (string, integer, list of them, json.null) at idx as text in the arena. */
struct slice lua_change_key(lua_State *L, int idx, struct arena *arena);
const struct header_pair *lua_change_headers(lua_State *L, int idx, struct arena *arena,
					     unsigned *n);
/* Gives the table on the stack the methods records() and json() of a loop item. */
void lua_change_item(lua_State *L);
/* Record tables and back; fields {topic, key, value, op, partition, headers}. */
void lua_record_push(lua_State *L, const struct script_record *record);
void lua_record_check(lua_State *L, int idx, struct arena *arena, struct script_record *record);
/* A topic name Kafka takes; NULL, or why not. */
const char *lua_topic_check(struct slice name);

/* ---- bind.c ---- */
/* Index in names_ref; from TABLE_NAME_COLUMNS on those of the columns, in table order. */
enum table_name { TABLE_NAME_DB = 1, TABLE_NAME_TABLE, TABLE_NAME_SOURCE, TABLE_NAME_COLUMNS };
struct script_table *bind_new(lua_State *L, struct script *script, const struct table *table,
			      const struct mapping *mapping, const char *source,
			      struct arena *arena);
void bind_free(struct script_table *table);
/* From here on the table has this change, and it is the script's. */
void bind_change(struct script_table *table, struct change *change);
/* Pushes the change for one function: begins an epoch. */
void bind_push(lua_State *L, struct script *script);
void bind_expire(struct script *script);

/* Room for n names. */
void names_init(struct name_map *map, unsigned n, struct arena *arena);
/* Adds the string at idx, which lives as long as the map. */
void names_add(struct name_map *map, lua_State *L, int idx, unsigned at);

static inline unsigned names_hash(const struct name_map *map, const void *name)
{
	return (unsigned)(((uintptr_t)name * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - map->bits));
}

/* What the string at idx stands for; NAME_NONE: perhaps nothing. */
static inline unsigned names_find(const struct name_map *map, lua_State *L, int idx)
{
	const void *name = lua_topointer(L, idx);
	unsigned i = names_hash(map, name);
	while (map->slots[i].name != name && map->slots[i].name != NULL)
		i = (i + 1) & ((1u << map->bits) - 1);
	return map->slots[i].at;
}

/* ---- lua_decimal.c ---- */
void lua_decimal_push(lua_State *L, struct slice text);
/* Text of the decimal at idx; ptr NULL: not a decimal. */
struct slice lua_decimal_test(lua_State *L, int idx);
/* Number or decimal at idx rounded half up to scale (scale < 0: as it is), text in the arena; ptr
 * NULL: not a finite number. *digits: digits before the point. */
struct slice lua_decimal_round(lua_State *L, int idx, int scale, struct arena *arena,
			       unsigned *digits);
/* Whole decimal as an integer of 64 bits; false: it is none. */
bool lua_decimal_integer(struct slice text, bool *is_unsigned, int64_t *i, uint64_t *u);

/* ---- lua_json.c ---- */
void lua_json_push_null(lua_State *L);
bool lua_json_is_null(lua_State *L, int idx);
/* Marked as a list: decoded from one, or json.array. */
bool lua_json_is_array(lua_State *L, int idx);
/* Appends the value at idx; raises for what JSON does not have. */
void lua_json_write(lua_State *L, int idx, struct buf *out, int indent, int depth);

/* How json.encode writes a column of the copy of a row; a DECIMAL with so many digits after the point is
 * JSON_DECIMAL + digits. */
enum json_column { JSON_PLAIN, JSON_BYTES, JSON_FLOAT, JSON_DECIMAL };
/* The table at `idx` is the copy of a row. The description on the stack, which is popped: the names of the columns as a list,
 * and name -> enum json_column. */
void lua_json_describe(lua_State *L, int idx);

/* ---- lua_secret.c, lua_env.c ---- */
/* Text of a string or secret at idx; ptr NULL: neither. */
struct slice lua_secret_text(lua_State *L, int idx);
const char *lua_env_get(const struct script *script, const char *name);

/* ---- lua_kafka.c, lua_source.c, lua_heartbeat.c ---- */
/* "mysql", "kafka", "lines", "heartbeat" or NULL. */
const char *lua_description_kind(lua_State *L, int idx);

/* ---- config.c ---- */
/* Reads the table at idx; texts into the arena. Raises. */
void config_read(lua_State *L, int idx, struct arena *arena, struct sync_config *config);
void config_source(lua_State *L, int idx, struct arena *arena, struct source_config *source);
void config_sink(lua_State *L, int idx, struct arena *arena, struct sink_config *sink);
const char *config_text(lua_State *L, int idx, const char *key, struct arena *arena);
const struct property *config_properties(lua_State *L, int idx, const char *key,
					 struct arena *arena, unsigned *n);
const char *const *config_list(lua_State *L, int idx, const char *key, struct arena *arena,
			       unsigned *n);
/* Pushes what the standard library knows of a table (tdesc). */
void prepare_push_table(lua_State *L, const struct table *table);
/* The same for many tables, as a list whose entries are filled when they are read. */
void prepare_push_list(lua_State *L, const struct table *const *tables, unsigned n);
/* Reads what core.prepare returned at idx; raises. */
void prepare_read(lua_State *L, int idx, struct script *script, const struct table *table,
		  const struct sync_config *config, struct arena *arena, struct mapping *mapping);

/* Modules: each pushes its table. */
int lua_cbase_open(lua_State *L);
int lua_change_open(lua_State *L);
int lua_decimal_open(lua_State *L);
int lua_env_open(lua_State *L);
int lua_hash_open(lua_State *L);
int lua_heartbeat_open(lua_State *L);
int lua_json_open(lua_State *L);
int lua_kafka_open(lua_State *L);
int lua_log_open(lua_State *L);
int lua_regex_open(lua_State *L);
int lua_secret_open(lua_State *L);
int lua_source_open(lua_State *L);
int lua_test_open(lua_State *L);
int lua_time_open(lua_State *L);
int lua_yaml_open(lua_State *L);

#endif
