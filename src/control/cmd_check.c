/* cmd_check: `tideway check`: connect to both ends and report everything that would fail, with its
 * remedy. */
#include "base/mem.h"
#include "base/terminal.h"
#include "control/check.h"
#include "sink/sink.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* what: "source", followed by its host if there are several. identity: of the server; empty if it
 * does not answer. */
static void check_server(struct report *report, struct source *source, const char *what,
			 char *identity, size_t size)
{
	struct err err = ERR_INIT;
	struct conn *conn = conn_open(source, CONN_CONTROL, &err);
	struct finding *findings;
	struct arena arena;
	unsigned n;
	*identity = '\0';
	if (conn == NULL) {
		check_failed(report, what, &err);
		return;
	}
	snprintf(identity, size, "%s", conn_server(conn)->identity);
	check_line(report, FINDING_OK, slice_str(what), slice_str(conn_server(conn)->version_text),
		   SLICE(""), E_NONE);
	arena_init(&arena, 0);
	if (inspect_source(conn, &arena, &findings, &n, &err) < 0)
		check_failed(report, what, &err);
	else
		for (unsigned i = 0; i < n; i++)
			check_line(report, (int)findings[i].level, findings[i].what,
				   findings[i].found, findings[i].remedy, E_PREFLIGHT);
	arena_fini(&arena);
	conn_free(conn);
}

enum { IDENTITY = sizeof(((struct server *)0)->identity), PLACE = 300 };

/* Report a host that has the identity of an earlier one: a position would not show which of them it
 * belongs to. */
static void check_identity(struct report *report, const struct source *source,
			   char (*identities)[IDENTITY], unsigned host)
{
	char place[PLACE], other[PLACE];
	struct buf what, found;
	for (unsigned i = 0; i < host; i++) {
		if (identities[host][0] == '\0' || strcmp(identities[i], identities[host]) != 0)
			continue;
		source_print_host(source, host, place, sizeof(place));
		source_print_host(source, i, other, sizeof(other));
		buf_init(&what);
		buf_init(&found);
		buf_printf(&what, "server_id of %s", place);
		buf_printf(&found, "%s, the same as %s", identities[host], other);
		check_line(report, FINDING_FAIL, buf_slice(&what), buf_slice(&found),
			   SLICE("give each host its own server_id (on MySQL, a server_uuid in "
				 "auto.cnf), and list each host once"),
			   E_PREFLIGHT);
		buf_fini(&what);
		buf_fini(&found);
	}
}

/* Check every host in turn. The findings of a host follow its line. */
static void check_source(struct report *report, const struct sync_config *config)
{
	struct source *source = source_new(&config->source);
	unsigned nhosts = config->source.nhosts;
	char(*identities)[IDENTITY] = mem_array(nhosts + 1, sizeof(*identities));
	char place[PLACE], what[PLACE + 10];
	if (nhosts == 0)
		check_server(report, source, "source", identities[0], IDENTITY);
	for (unsigned i = 0; i < nhosts; i++) {
		source_print_host(source, i, place, sizeof(place));
		snprintf(what, sizeof(what), "source %s", place);
		source_host_select(source, (int)i);
		check_server(report, source, what, identities[i], IDENTITY);
		check_identity(report, source, identities, i);
	}
	source_free(source);
	free(identities);
}

/* Report conditions of full.where that the source does not accept. */
static void check_conditions(struct report *report, struct look *look)
{
	for (unsigned i = 0; i < look->bootstrap.nselected; i++) {
		const struct table *table = look->bootstrap.selected[i];
		struct err err = ERR_INIT;
		struct buf what;
		if (bootstrap_check_condition(&look->bootstrap, table, &err) == 0)
			continue;
		buf_init(&what);
		buf_printf(&what, "table %.*s", SLICE_FMT(table->full_name));
		check_line(report, FINDING_FAIL, buf_slice(&what), slice_str(err.text),
			   SLICE("correct the condition, or remove it"), err.id);
		buf_fini(&what);
	}
}

/* Report the tables that a start without a checkpoint would refuse. */
static void check_engines(struct report *report, const struct look *look)
{
	struct buf what, found;
	for (unsigned i = 0; i < look->bootstrap.nselected; i++) {
		const struct table *table = look->bootstrap.selected[i];
		if (table->npk > 0 || table_transactional(table) ||
		    look->sync.config->mode == MODE_STREAM)
			continue;
		buf_init(&what);
		buf_init(&found);
		buf_printf(&what, "table %.*s", SLICE_FMT(table->full_name));
		buf_printf(&found, "no primary key, and %.*s has no transactions",
			   SLICE_FMT(table->engine));
		check_line(report, FINDING_FAIL, buf_slice(&what), buf_slice(&found),
			   SLICE("add a primary key, ALTER TABLE ... ENGINE=InnoDB, or exclude the "
				 "table in source.tables: rows written while it is read would be "
				 "sent twice"),
			   E_NOT_TRANSACTIONAL);
		buf_fini(&what);
		buf_fini(&found);
	}
}

/* Load what commands have chosen. A checkpoint that cannot be read is reported later, and the script alone is checked then. */
static void load_choices(struct look *look, unsigned index)
{
	const struct sync_config *config = script_config(look->script, index);
	struct err ignored = ERR_INIT;
	struct sink *sink = NULL;
	if (config->sink.kind == SINK_KAFKA && config->checkpoint_file == NULL)
		sink = look_open_sink(&config->sink, "tideway-check", &ignored);
	if (look_choose(look, index, sink, &ignored) < 0)
		selection_clear(&look->chosen);
	sink_free(sink);
}

/* Report the tables in quarantine. */
static void check_quarantines(struct report *report, const struct look *look)
{
	struct arena arena;
	arena_init(&arena, 0);
	for (unsigned i = 0; i < look->chosen.n; i++) {
		const struct chosen_table *table = &look->chosen.tables[i];
		const struct table_hold *hold = table->hold;
		if (hold == NULL || hold->code == 0)
			continue;
		check_line(report, FINDING_WARN,
			   arena_printf(&arena, "table %.*s",
					SLICE_FMT(chosen_table_print(table, &arena))),
			   arena_printf(&arena, "it is in quarantine: E-%d: %.*s", hold->code,
					SLICE_FMT(hold->text)),
			   SLICE("remove the cause, then copy the table again with tideway resync"),
			   (enum err_id)hold->code);
	}
	arena_fini(&arena);
}

static void check_sync(struct report *report, struct look *look, unsigned index)
{
	struct err err = ERR_INIT;
	struct buf found;
	unsigned failed = report->failed;
	printf("sync '%s'\n", script_config(look->script, index)->name);
	fflush(stdout);
	check_source(report, script_config(look->script, index));
	load_choices(look, index);
	if (look_connect(look, index, &err) < 0) {
		/* after a failure of the source this is most likely the same failure */
		if (err.code != ERR_SOURCE || report->failed == failed)
			check_failed(report, "tables", &err);
	} else {
		buf_init(&found);
		buf_printf(&found, "%u selected", look->bootstrap.nselected);
		check_line(report, FINDING_OK, SLICE("tables"), buf_slice(&found), SLICE(""),
			   E_NONE);
		buf_fini(&found);
		check_engines(report, look);
		check_conditions(report, look);
		check_quarantines(report, look);
		check_copy(report, look);
	}
	check_checkpoint_file(report, look);
	check_kafka(report, look);
	look_leave(look);
}

int command_check(const struct arguments *arguments, struct err *err)
{
	struct report report = {.colour = terminal_has_colour(STDOUT_FILENO)};
	struct look look;
	int rc;
	look_init(&look);
	rc = look_load(&look, arguments, err);
	for (unsigned i = 0; rc == 0 && i < script_syncs(look.script); i++)
		check_sync(&report, &look, i);
	look_fini(&look);
	if (rc < 0)
		return -1;
	printf("%u failed, %u warnings\n", report.failed, report.warned);
	if (report.failed > 0)
		return err_set(err, report.id, "check: %u points would fail; see above",
			       report.failed);
	return 0;
}
