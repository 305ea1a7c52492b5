/* script_priv: what the files of src/script share: the state, the bound tables and the small
 * functions that all modules use.
 * Thread: the script's. Owner: struct script owns its Lua state, arenas and buffers. */
#ifndef TIDEWAY_SCRIPT_PRIV_H
#define TIDEWAY_SCRIPT_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "script/script.h"

#include <lauxlib.h>
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

struct script {
	lua_State *main; /* the state */
	lua_State *L;    /* the thread that runs now: main, or a coroutine that called into C */
	size_t memory, memory_limit; /* bytes of heap now, and at most */
	int64_t used, budget; /* instructions of this call so far, and at most; 0: no limit */
	int64_t call_budget;  /* of each call of a user's function */
	bool exhausted;       /* the budget has been used up: every further instruction raises */
	char exhausted_at[SCRIPT_WHERE]; /* "sync.lua:12" where that was */
	int depth;                       /* calls of C into Lua that are open now */
	int base;                /* stack top to go back to; above it results are kept alive */
	bool exec, test;         /* modes: print goes to stdout; no sync is needed */
	struct script_host host; /* copy; zeros when there is none */
	const char *path, *file, *folder; /* entry script; its base name; "dir/" or "" */
	const struct property *args;      /* name=value of the command line */
	unsigned nargs;
	struct arena arena; /* configurations: lives as long as the script */
	struct arena event; /* until script_done */
	struct buf scratch; /* one encoder at a time; survives a raise */
	unsigned nsyncs;
	struct sync_config *configs; /* nsyncs */
	enum script_phase phase;
	struct script_table *current; /* whose userdata are bound to a change now; NULL: none */
	struct event_result *result;  /* PHASE_EVENT: being filled */
	unsigned passed, failed;      /* tests reported */
	lua_State *loop;              /* coroutine of loop = function; NULL before its first step */
	unsigned loop_sync;           /* which sync's */
	bool loop_asking;             /* it yielded because it wants the next item */
};

/* A row as Lua sees it: userdata, one for each image of a table, reused. */
struct row_ud {
	struct row *row;            /* NULL: expired, or the change has no such image */
	struct script_table *table; /* NULL: the table was released */
	bool open;                  /* masks and on_row may edit now */
};

struct change_ud {
	struct change *change;      /* NULL: expired */
	struct script_table *table; /* NULL: released */
	enum change_image image;    /* which image change.row is */
};

/* What belongs to one version of one table: its userdata and what its functions return. */
struct script_table {
	struct script *script;
	const struct table *table;
	const struct mapping *mapping; /* NULL: no sync (exec) */
	int change_ref;                /* registry reference of the change userdata */
	struct change_ud *change;
	struct row_ud *row[2];    /* by enum change_image */
	unsigned nresults;        /* of the image function: topic, key, slots */
	const char *const *where; /* nresults of "sync.lua:12", or NULL */
	struct value *slots;      /* mapping->nslots, reused */
	struct slice topic;       /* a single topic, reused */
	struct value key;         /* a single key, reused */
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
/* Calls the function on the stack with its nargs arguments; state_message lies below it, and stays
 * there below the results. -1 fills *err and pops everything. */
int state_call(struct script *script, int nargs, int nresults, int64_t budget, enum err_code code,
	       struct err *err) MUST_CHECK;
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

/* ---- lua_row.c, lua_change.c ---- */
/* Makes the userdata of both images, pushed in the order of enum change_image. Raises. */
void lua_row_new(lua_State *L, struct script_table *table);
/* cbase.row_*: sets them in the table on the stack. */
void lua_row_functions(lua_State *L);
/* Makes rows and change, kept by table->change_ref. Raises. */
void lua_change_new(lua_State *L, struct script_table *table, const char *source);
struct row_ud *lua_row_test(lua_State *L, int idx);
struct change_ud *lua_change_test(lua_State *L, int idx);
void lua_row_value(lua_State *L, struct row_ud *ud, unsigned column);
/* Position of the column named at idx; raises with the nearest name. */
unsigned lua_row_column(lua_State *L, struct script_table *table, int idx);
/* Pushes a plain table of the row. */
void lua_row_copy(lua_State *L, struct row_ud *ud);
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
struct script_table *bind_new(lua_State *L, struct script *script, const struct table *table,
			      const struct mapping *mapping, const char *source,
			      struct arena *arena);
void bind_free(struct script_table *table);
/* From here on the table's userdata show this change. */
void bind_change(struct script_table *table, struct change *change);
void bind_expire(struct script *script);

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
