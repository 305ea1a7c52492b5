/* cmd_explain: `tideway explain`: print the list of errors, one entry, or the page
 * docs/errors.md. */
#include "control/command.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const CLASSES[] = {
	[ERR_SCRIPT] = "The script or one of its options is wrong",
	[ERR_USAGE] = "The command line is wrong",
	[ERR_SOURCE] = "The source refuses or cannot be used",
	[ERR_POSITION] = "The position is no longer on the source",
	[ERR_KAFKA] = "Kafka refuses or cannot be used",
	[ERR_DISPLACED] = "Another process has taken over",
	[ERR_DATA] = "A row cannot be written as asked",
	[ERR_INTERNAL] = "A defect of Tideway, or of the machine",
};

static unsigned class_of(const struct err_entry *entry)
{
	return (unsigned)entry->id / 100;
}

static void print_list(void)
{
	const struct err_entry *entry;
	unsigned class = 0;
	for (unsigned i = 0; (entry = err_entry_at(i)); i++) {
		if (class_of(entry) != class) {
			class = class_of(entry);
			printf("%s%s (exit code %u)\n", i ? "\n" : "", CLASSES[class], class);
		}
		printf("  E-%d  %s\n", (int)entry->id, entry->title);
	}
}

/* Print a text so that Markdown shows it unchanged. */
static void print_escaped(const char *text)
{
	for (; *text; text++)
		printf(strchr("*_<>", *text) ? "\\%c" : "%c", *text);
}

static void print_page(void)
{
	const struct err_entry *entry;
	unsigned class = 0;
	puts("# Errors\n\n"
	     "Every error has a code. The log shows it before the text: `ERROR orders: E-401: "
	     "source ...`.\n"
	     "The first digit is the exit code ([commands](commands.md#exit-codes)). `tideway "
	     "explain E-401`\n"
	     "prints the section of one code, `tideway explain` lists all.\n\n"
	     "This page is generated: `tideway explain --markdown`.");
	for (unsigned i = 0; (entry = err_entry_at(i)); i++) {
		if (class_of(entry) != class) {
			class = class_of(entry);
			printf("\n## %s\nExit code %u.\n", CLASSES[class], class);
		}
		printf("\n### E-%d: ", (int)entry->id);
		print_escaped(entry->title);
		putchar('\n');
		print_escaped(entry->when);
		fputs("\n\n*Remedy:* ", stdout);
		print_escaped(entry->remedy);
		putchar('\n');
	}
}

/* Parse "E-305", "e305" or "305". Return -1 for anything else. */
static int parse_code(const char *word)
{
	if (tolower((unsigned char)*word) == 'e')
		word += word[1] == '-' ? 2 : 1;
	if (strlen(word) != 3 || strspn(word, "0123456789") != 3)
		return -1;
	return atoi(word);
}

/* Return the entry with the nearest number of the same exit code, or NULL. */
static const struct err_entry *nearest_entry(int number)
{
	const struct err_entry *best = NULL, *entry;
	int least = 100;
	for (unsigned i = 0; (entry = err_entry_at(i)); i++) {
		int distance = abs((int)entry->id - number);
		if (distance < least && (int)class_of(entry) == number / 100) {
			least = distance;
			best = entry;
		}
	}
	return best;
}

static int refuse_code(const char *word, int number, struct err *err)
{
	const struct err_entry *near = number < 0 ? NULL : nearest_entry(number);
	if (near)
		return err_set(
			err, E_CODE_UNKNOWN,
			"there is no error '%s'. Did you mean E-%d (%s)? See tideway explain "
			"for all codes",
			word, (int)near->id, near->title);
	return err_set(err, E_CODE_UNKNOWN,
		       "there is no error '%s'. See tideway explain for all codes", word);
}

int command_explain(const struct arguments *arguments, struct err *err)
{
	const struct err_entry *entry;
	int number;
	if (arguments->nwords > 1)
		return err_set(err, E_COMMAND_WORDS, "'explain' takes one code, %u given",
			       arguments->nwords);
	if (arguments->nwords == 0) {
		if (arguments->markdown)
			print_page();
		else
			print_list();
		return 0;
	}
	number = parse_code(arguments->words[0]);
	entry = number < 0 ? NULL : err_entry_of((enum err_id)number);
	if (entry == NULL)
		return refuse_code(arguments->words[0], number, err);
	printf("E-%d: %s (exit code %u)\n\nWhen: %s\n\nRemedy: %s\n", (int)entry->id, entry->title,
	       class_of(entry), entry->when, entry->remedy);
	return 0;
}
