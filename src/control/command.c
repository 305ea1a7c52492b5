#include "control/command.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/slice.h"
#include "base/test_hook.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct command {
	const char *name, *words, *options, *help;
	int (*run)(const struct arguments *arguments, struct err *err);
};

static const struct command TABLE[] = {
#define X(name, words, options, help) {#name, words, options, help, command_##name},
	COMMANDS(X)
#undef X
};

/* Compare a name with a word of the command line, which has '-' for each '_' of the name. */
static bool is_name(const char *name, const char *word)
{
	for (; *name; name++, word++)
		if (*word != (*name == '_' ? '-' : *name))
			return false;
	return *word == '\0';
}

enum { NCOMMANDS = sizeof(TABLE) / sizeof(*TABLE) };

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < NCOMMANDS; i++)
		if (is_name(TABLE[i].name, name))
			return &TABLE[i];
	return NULL;
}

static const char *nearest_command(const char *name)
{
	const char *best = NULL;
	unsigned distance = 3;
	for (unsigned i = 0; i < NCOMMANDS; i++) {
		unsigned d = slice_distance(slice_str(name), slice_str(TABLE[i].name));
		if (d < distance) {
			distance = d;
			best = TABLE[i].name;
		}
	}
	return best;
}

static void print_command(const struct command *command)
{
	printf("  tideway ");
	for (const char *at = command->name; *at; at++)
		putchar(*at == '_' ? '-' : *at);
	printf(" %s", command->words);
	if (command->options[0])
		printf("  [%s]", command->options);
	printf("\n      %s\n", command->help);
}

static int refuse_command(const char *name, struct err *err)
{
	const char *nearest = nearest_command(name);
	return err_set(err, E_COMMAND_UNKNOWN, "there is no command '%s'%s%s%s; see tideway help",
		       name, nearest ? ", did you mean '" : "", nearest ? nearest : "",
		       nearest ? "'?" : "");
}

static void print_commands(void)
{
	puts("tideway: copies MySQL and MariaDB tables to Kafka and follows their changes\n");
	for (unsigned i = 0; i < NCOMMANDS; i++)
		print_command(&TABLE[i]);
	puts("\n  --verbose with any command: log in detail");
	puts("  exit codes: 0 clean, 1 script or option, 2 usage, 3 source refused, 4 source "
	     "position lost,");
	puts("              5 Kafka refused, 6 displaced or fenced, 7 data error, 8 internal");
}

int command_help(const struct arguments *arguments, struct err *err)
{
	const struct command *command;
	if (arguments->nwords == 0) {
		print_commands();
		return 0;
	}
	command = find_command(arguments->words[0]);
	if (command == NULL)
		return refuse_command(arguments->words[0], err);
	print_command(command);
	return 0;
}

static bool takes_option(const struct command *command, const char *option)
{
	const char *at = strstr(command->options, option);
	size_t len = strlen(option);
	return at && (at[len] == '\0' || at[len] == ' ');
}

static int number_option(const char *option, const char *text, unsigned long *out, struct err *err)
{
	uint64_t v;
	if (text == NULL || !num_parse_u64(slice_str(text), &v))
		return err_set(err, E_COMMAND_VALUE, "%s takes a number, not '%s'", option,
			       text ? text : "");
	*out = (unsigned long)v;
	return 0;
}

static int text_option(struct arguments *arguments, const char *option, const char *value,
		       struct err *err)
{
	const struct {
		const char *option, *takes, **value;
	} options[] = {
		{"--socket", "a path", &arguments->socket},
		{"--sync", "the name of a sync", &arguments->sync},
		{"--where", "a condition in SQL", &arguments->where},
		{"--table", "a table name", &arguments->table},
	};
	unsigned i = 0;
	while (strcmp(options[i].option, option) != 0)
		i++;
	if (value == NULL)
		return err_set(err, E_COMMAND_VALUE, "%s takes %s", option, options[i].takes);
	*options[i].value = value;
	return 0;
}

/* Parse one option. Move *at over its argument. */
static int parse_option(const struct command *command, struct arguments *arguments, char **argv,
			int *at, struct err *err)
{
	const char *option = argv[*at], *value = argv[*at + 1];
	if (strcmp(option, "--verbose") == 0) {
		arguments->verbose = true;
		return 0;
	}
	if (!takes_option(command, option))
		return err_set(err, E_COMMAND_OPTION,
			       "'%s' has no option %s%s%s; see tideway help %s", command->name,
			       option, command->options[0] ? ", it takes " : "", command->options,
			       command->name);
	if (strcmp(option, "--dry-run") == 0)
		arguments->dry_run = true;
	else if (strcmp(option, "--json") == 0)
		arguments->json = true;
	else if (strcmp(option, "--markdown") == 0)
		arguments->markdown = true;
	else if (strcmp(option, "--watch") == 0)
		arguments->watch = true;
	else if (strcmp(option, "--deletes") == 0)
		arguments->deletes = true;
	else {
		++*at;
		if (strcmp(option, "--limit") == 0)
			return number_option(option, value, &arguments->limit, err);
		if (strcmp(option, "--port") == 0)
			return number_option(option, value, &arguments->port, err);
		if (strcmp(option, "--partitions") == 0)
			return number_option(option, value, &arguments->partitions, err);
		return text_option(arguments, option, value, err);
	}
	return 0;
}

/* Return how many characters at the start of the word could be the NAME of NAME=value. */
static size_t name_length(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* Take name=value, where the name is an identifier. Return false for any other word. */
static bool parse_setting(struct arguments *arguments, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : 0;
	char *name;
	if (len == 0 || name_length(word) != len)
		return false;
	name = mem_alloc(len + 1);
	memcpy(name, word, len);
	name[len] = '\0';
	arguments->settings[arguments->nsettings++] = (struct property){name, equals + 1};
	return true;
}

static int parse(const struct command *command, struct arguments *arguments, int argc, char **argv,
		 struct err *err)
{
	const char **words = mem_array((size_t)argc + 1, sizeof(*words));
	arguments->words = words;
	arguments->settings = mem_array((size_t)argc + 1, sizeof(*arguments->settings));
	for (int i = 2; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) == 0) {
			if (parse_option(command, arguments, argv, &i, err) < 0)
				return -1;
		} else if (!parse_setting(arguments, argv[i])) {
			words[arguments->nwords++] = argv[i];
		}
	}
	return 0;
}

/* Refuse a surplus word: a setting without a value, or whose name is not an identifier. */
static int refuse_word(const struct arguments *arguments, const char *word, struct err *err)
{
	if (strchr(word, '='))
		return err_set(err, E_COMMAND_WORDS,
			       "'%s' is not of the form name=value: a name consists of letters, "
			       "digits and _",
			       word);
	return err_set(err, E_COMMAND_WORDS,
		       "'%s' takes one script; '%s' is a surplus word (did you mean %s=...?)",
		       arguments->command, word, word);
}

int arguments_script(const struct arguments *arguments, const char **path, struct err *err)
{
	for (unsigned i = 1; i < arguments->nwords; i++) {
		const char *word = arguments->words[i];
		if (strchr(word, '=') || (word[0] && word[name_length(word)] == '\0'))
			return refuse_word(arguments, word, err);
	}
	if (arguments->nwords != 1)
		return err_set(err, E_COMMAND_WORDS,
			       "'%s' takes one script, %u given. Usage: tideway %s sync.lua "
			       "[name=value ...]",
			       arguments->command, arguments->nwords, arguments->command);
	*path = arguments->words[0];
	return 0;
}

static void arguments_fini(struct arguments *arguments)
{
	for (unsigned i = 0; i < arguments->nsettings; i++)
		free((char *)arguments->settings[i].name);
	free(arguments->settings);
	free((const char **)arguments->words);
}

static int dispatch(int argc, char **argv, struct arguments *arguments, struct err *err)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command;
	if (argc < 2) {
		/* print the list, and let the exit code show that nothing was run */
		print_commands();
		err->code = ERR_USAGE;
		return -1;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0)
		name = "version";
	command = find_command(name);
	arguments->command = name;
	if (command == NULL)
		return refuse_command(name, err);
	if (parse(command, arguments, argc, argv, err) < 0)
		return -1;
	if (arguments->verbose)
		log_set_level(LOG_DEBUG);
	return command->run(arguments, err);
}

int command_main(int argc, char **argv)
{
	struct arguments arguments = {.program = argv[0]};
	struct err err = ERR_INIT;
	int rc;
	signal(SIGPIPE, SIG_IGN);
	fault_init();
	rc = test_hook_check(&err);
	if (rc == 0)
		rc = dispatch(argc, argv, &arguments, &err);
	arguments_fini(&arguments);
	fflush(stdout);
	if (rc == 0)
		return 0;
	if (err.text[0])
		err_log(&err);
	return err.code == ERR_NONE ? ERR_INTERNAL : (int)err.code;
}
