/* cmd_check: `tideway check`: connects to both ends and reports, point by point with the remedy, what would fail. */
#include "control/look.h"
#include "engine/compaction.h"
#include "engine/plan.h"
#include "sink/sink.h"
#include "source/inspect.h"

#include <stdio.h>
#include <unistd.h>

struct report {
	unsigned failed, warned;
	enum err_code code; /* of the first failure */
	bool colour;
};

static void line(struct report *report, int level, struct slice what, struct slice found,
		 struct slice remedy, enum err_code code)
{
	static const char *const WORDS[] = {"ok  ", "WARN", "FAIL"};
	static const char *const COLOURS[] = {"\033[32m", "\033[33m", "\033[31m"};
	printf("%s%s%s  %.*s: %.*s\n", report->colour ? COLOURS[level] : "", WORDS[level],
	       report->colour ? "\033[0m" : "", SLICE_FMT(what), SLICE_FMT(found));
	if (level != FINDING_OK && remedy.len > 0)
		printf("      %.*s\n", SLICE_FMT(remedy));
	report->warned += level == FINDING_WARN;
	report->failed += level == FINDING_FAIL;
	if (level == FINDING_FAIL && report->code == ERR_NONE)
		report->code = code;
}

static void failed(struct report *report, const char *what, const struct err *err)
{
	line(report, FINDING_FAIL, slice_str(what), slice_str(err->text), SLICE(""), err->code);
}

static void check_source(struct report *report, const struct sync_config *config)
{
	struct err err = ERR_INIT;
	struct conn *conn = conn_open(&config->source, CONN_CONTROL, &err);
	struct finding *findings;
	struct arena arena;
	unsigned n;
	if (conn == NULL) {
		failed(report, "source", &err);
		return;
	}
	line(report, FINDING_OK, SLICE("source"), slice_str(conn_server(conn)->version_text),
	     SLICE(""), ERR_NONE);
	arena_init(&arena, 0);
	if (inspect_source(conn, &arena, &findings, &n, &err) < 0)
		failed(report, "source", &err);
	else
		for (unsigned i = 0; i < n; i++)
			line(report, (int)findings[i].level, findings[i].what, findings[i].found,
			     findings[i].remedy, ERR_SOURCE);
	arena_fini(&arena);
	conn_free(conn);
}

static void check_topic(struct report *report, struct sink *sink, const struct look *look,
			const struct plan *plan)
{
	const struct topics_config *topics = &look->sync.config->topics;
	struct err err = ERR_INIT;
	struct buf what;
	bool exists;
	int partitions;
	if (plan->mapping.topic_function)
		return;
	buf_init(&what);
	buf_printf(&what, "topic %.*s", SLICE_FMT(plan->mapping.topic));
	if (sink_topics_exist(sink, &plan->mapping.topic, 1, &exists, &partitions, &err) < 0 ||
	    (exists && plan->mapping.not_compacted &&
	     compaction_check_topic(&look->start, sink, plan->table, plan->mapping.topic, &err) <
		     0))
		failed(report, buf_cstr(&what), &err);
	else if (exists)
		line(report, FINDING_OK, buf_slice(&what), SLICE("exists"), SLICE(""), ERR_NONE);
	else if (topics->create)
		line(report, FINDING_OK, buf_slice(&what), SLICE("will be created"), SLICE(""),
		     ERR_NONE);
	else
		line(report, FINDING_FAIL, buf_slice(&what),
		     SLICE("does not exist, and topics = \"existing\""),
		     SLICE("create it, or let Tideway create it with topics = { create = true }"),
		     ERR_KAFKA);
	buf_fini(&what);
}

static void check_kafka(struct report *report, struct look *look)
{
	struct err err = ERR_INIT;
	const struct sink_config *config = &look->sync.config->sink;
	struct slice probe = SLICE("tideway.check");
	struct sink *sink;
	bool exists;
	int partitions;
	if (config->kind != SINK_KAFKA)
		return;
	sink = sink_new(config, "tideway-check", 1 << 20, NULL, NULL, &err);
	if (sink == NULL || sink_topics_exist(sink, &probe, 1, &exists, &partitions, &err) < 0) {
		failed(report, "kafka", &err);
		sink_free(sink);
		return;
	}
	line(report, FINDING_OK, SLICE("kafka"), slice_str(config->brokers), SLICE(""), ERR_NONE);
	for (unsigned i = 0; i < look->start.nselected; i++) {
		struct plan *plan = plan_new(&look->lane, look->start.selected[i], &err);
		if (plan == NULL) {
			failed(report, "script", &err);
			break;
		}
		check_topic(report, sink, look, plan);
		plan_free(&look->lane, plan);
	}
	sink_free(sink);
}

/* Tables that a start with nothing read yet would refuse. */
static void check_engines(struct report *report, const struct look *look)
{
	struct buf what, found;
	for (unsigned i = 0; i < look->start.nselected; i++) {
		const struct table *table = look->start.selected[i];
		if (table->npk > 0 || table_transactional(table) ||
		    look->sync.config->mode == MODE_STREAM)
			continue;
		buf_init(&what);
		buf_init(&found);
		buf_printf(&what, "table %.*s", SLICE_FMT(table->full_name));
		buf_printf(&found, "no primary key, and %.*s has no transactions",
			   SLICE_FMT(table->engine));
		line(report, FINDING_FAIL, buf_slice(&what), buf_slice(&found),
		     SLICE("add a primary key, ALTER TABLE ... ENGINE=InnoDB, or exclude the table "
			   "in source.tables: "
			   "rows written while it is read would come twice"),
		     ERR_SOURCE);
		buf_fini(&what);
		buf_fini(&found);
	}
}

static void check_sync(struct report *report, struct look *look, unsigned index)
{
	struct err err = ERR_INIT;
	struct buf found;
	printf("sync '%s'\n", script_config(look->script, index)->name);
	check_source(report, script_config(look->script, index));
	if (look_connect(look, index, &err) < 0) {
		if (err.code != ERR_SOURCE)
			failed(report, "tables", &err);
	} else {
		buf_init(&found);
		buf_printf(&found, "%u selected", look->start.nselected);
		line(report, FINDING_OK, SLICE("tables"), buf_slice(&found), SLICE(""), ERR_NONE);
		buf_fini(&found);
		check_engines(report, look);
	}
	check_kafka(report, look);
	look_leave(look);
}

int command_check(const struct arguments *arguments, struct err *err)
{
	struct report report = {.colour = isatty(1) == 1};
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
		return err_set(err, report.code, "check: %u points would fail; see above",
			       report.failed);
	return 0;
}
