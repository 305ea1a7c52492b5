/* stream_ddl_policy: the option `ddl`: statements whose messages are not written, that raise an alert, or that stop the sync. The
 * catalog follows each statement all the same. */
#include "engine/stream/stream_priv.h"

enum { TEXT_MAX = 200 };

static struct slice shown_text(struct slice text)
{
	return text.len > TEXT_MAX ? slice_of(text.ptr, TEXT_MAX) : text;
}

static void emit_alert(struct stream *stream, const struct statement_kinds *statement,
		       enum ddl_kind kind)
{
	const struct ddl_effect *effect = statement->effect;
	const struct slice table =
		effect->table.len > 0
			? arena_printf(&stream->statement, "%.*s.%.*s", SLICE_FMT(effect->db),
				       SLICE_FMT(effect->table))
			: SLICE("");
	sync_events_emit(&stream->lane.sync->events,
			 (struct sync_event){.kind = SYNC_EVENT_STATEMENT_HELD_BACK,
					     .statement = {.kind = ddl_kind_name(kind),
							   .table = table,
							   .text = shown_text(statement->text),
							   .file = stream->cursor.file,
							   .offset = stream->read.offset}});
}

static int refuse(const struct statement_kinds *statement, enum ddl_kind kind, struct err *err)
{
	const struct ddl_effect *effect = statement->effect;
	const struct slice text = shown_text(statement->text);
	const char *name = ddl_kind_name(kind);
	err_set(err, E_DDL_POLICY,
		"ddl.%s = \"error\" stops the sync before this statement: %.*s%s. To continue, "
		"write "
		"ddl = { %s = \"normal\" }, or \"alert\" or \"ignore\", and start again: the sync "
		"resumes at this statement",
		name, SLICE_FMT(text), text.len < statement->text.len ? "..." : "", name);
	return effect->table.len > 0 ? err_table_of(err, effect->db, effect->table) : -1;
}

int stream_ddl_policy(struct stream *stream, const struct statement_kinds *statement, bool *silent,
		      struct err *err)
{
	const enum ddl_policy *policies = stream->lane.config->ddl;
	enum ddl_kind kind = ddl_strictest(statement->kinds, policies);
	switch (policies[kind]) {
	case DDL_POLICY_ERROR:
		return refuse(statement, kind, err);
	case DDL_POLICY_ALERT:
		emit_alert(stream, statement, kind);
		*silent = true;
		break;
	case DDL_POLICY_IGNORE:
		*silent = true;
		break;
	default:
		break;
	}
	return 0;
}
