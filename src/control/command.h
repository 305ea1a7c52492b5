/* command: the commands of the program. Dispatch, help and docs/commands.md come from one table.
 * Thread: main. */
#ifndef TIDEWAY_COMMAND_H
#define TIDEWAY_COMMAND_H

#include "base/err.h"
#include "model/config.h"

/* The parsed command line. */
struct arguments {
	const char *program;
	const char *command;
	const char *const *words; /* after the command, without options and settings */
	unsigned nwords;
	struct property *settings; /* name=value, which the script reads as env.NAME */
	unsigned nsettings;
	bool dry_run;             /* --dry-run */
	bool json;                /* --json */
	bool markdown;            /* --markdown */
	bool verbose;             /* --verbose */
	bool watch;               /* --watch */
	bool deletes;             /* --deletes */
	const char *table;        /* --table NAME */
	const char *socket;       /* --socket PATH */
	const char *sync;         /* --sync NAME */
	const char *where;        /* --where SQL */
	unsigned long limit;      /* --limit N */
	unsigned long port;       /* --port N */
	unsigned long partitions; /* --partitions N */
};

/* X(name, words it takes, options it takes, what it does). On the command line, '-' replaces '_' in a name. */
#define COMMANDS(X)                                                                                \
	X(run, "sync.lua [name=value ...]", "--dry-run --json",                                    \
	  "full sync, then the stream, for ever; a progress line on a terminal, log lines "        \
	  "elsewhere")                                                                             \
	X(check, "sync.lua [name=value ...]", "",                                                  \
	  "connects to both ends and reports what would fail, each with its remedy")               \
	X(plan, "sync.lua [name=value ...]", "--json",                                             \
	  "table by table: rows, key, topic, columns and their destination, added fields, "        \
	  "warnings")                                                                              \
	X(preview, "sync.lua [name=value ...]", "--table --limit --json",                          \
	  "the messages that real rows would become, on stdout; nothing is written")               \
	X(status, "sync.lua [name=value ...]", "--json --watch --sync --socket",                   \
	  "what the running process of the script does: state, lag, position, problems")           \
	X(tables, "sync.lua [name=value ...]", "--json --watch --sync --socket",                   \
	  "its captured tables: step, rows, time left")                                            \
	X(pause, "sync.lua [TABLE...] [name=value ...]", "--sync --socket",                        \
	  "lets a sync of the running process read nothing, or sends nothing of some tables")      \
	X(resume, "sync.lua [TABLE...] [name=value ...]", "--sync --socket",                       \
	  "lets a paused sync continue at its position, or copies paused tables again")            \
	X(add, "sync.lua TABLE... [name=value ...]", "--sync --socket",                            \
	  "captures more tables, and copies them beside the stream")                               \
	X(remove, "sync.lua TABLE... [name=value ...]", "--sync --socket",                         \
	  "captures tables no longer")                                                             \
	X(resync, "sync.lua TABLE... [name=value ...]", "--where --deletes --sync --socket",       \
	  "copies tables again, or only rows that fulfil a condition, beside the stream")          \
	X(cancel, "sync.lua TABLE... [name=value ...]", "--sync --socket",                         \
	  "ends the copies of tables; an added one that is not copied is captured no longer")      \
	X(log_level, "sync.lua debug|info|warn|error [name=value ...]", "--socket",                \
	  "changes how detailed the log of the running process is")                                \
	X(test, "FILE.lua ...", "", "runs tests of a mapping (module tideway.test)")               \
	X(exec, "script.lua [name=value ...]", "",                                                 \
	  "runs a script of primitives once, with no sync")                                        \
	X(broker, "", "--port --partitions", "the embedded broker, for demos and prototypes")      \
	X(options, "", "", "every option of sync.run and its modules, as markdown")                \
	X(explain, "[E-305]", "--markdown",                                                        \
	  "one error by its code: when it happens and its remedy; without a code, all errors")     \
	X(version, "", "", "versions of the program and of everything linked")                     \
	X(help, "[command]", "", "this list")

#define X(name, words, options, help)                                                              \
	int command_##name(const struct arguments *arguments, struct err *err) MUST_CHECK;
COMMANDS(X)
#undef X

/* `pause` and `resume` with tables. */
int command_pause_tables(const struct arguments *arguments, struct err *err) MUST_CHECK;
int command_resume_tables(const struct arguments *arguments, struct err *err) MUST_CHECK;

/* Parse and run. Return the exit code. */
int command_main(int argc, char **argv);

/* Set *path to the one script. Return ERR_USAGE if there is not exactly one, or if there are other
 * words. */
int arguments_script(const struct arguments *arguments, const char **path,
		     struct err *err) MUST_CHECK;

#endif
