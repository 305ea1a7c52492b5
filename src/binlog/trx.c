#include "binlog/trx.h"

#include "base/mem.h"
#include "base/reader.h"
#include "decode/rows.h"
#include "model/ident.h"
#include "schema/statement.h"

#include <stdlib.h>

void trx_init(struct trx *trx)
{
	*trx = (struct trx){.open = false};
	buf_init(&trx->xid);
	buf_init(&trx->names);
}

void trx_fini(struct trx *trx)
{
	buf_fini(&trx->xid);
	buf_fini(&trx->names);
	free(trx->savepoints);
	free(trx->undone);
}

void trx_reset(struct trx *trx)
{
	trx->open = trx->begun = trx->has_rows = false;
	trx->decides = STATEMENT_OTHER;
	trx->end = TRX_OPEN;
	trx->logged_ms = 0;
	trx->query.thread = 0;
	trx->nevents = 0;
	trx->statement = NULL;
	trx->nsavepoints = trx->nundone = 0;
	buf_clear(&trx->names);
	buf_clear(&trx->xid);
}

static bool printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '\'')
			return false;
	return true;
}

/* Writes a part of an xid as 'text' or X'hex', like XA RECOVER and XA COMMIT. */
static void print_part(struct buf *out, struct slice part)
{
	if (printable(part)) {
		buf_printf(out, "'%.*s'", SLICE_FMT(part));
		return;
	}
	buf_put(out, SLICE("X'"));
	for (size_t i = 0; i < part.len; i++)
		buf_printf(out, "%02x", (unsigned char)part.ptr[i]);
	buf_char(out, '\'');
}

/* Writes the xid of MariaDB's GTID event: formatID(4) gtrid_len(1) bqual_len(1) data. */
static void print_xid(struct buf *out, struct slice xid)
{
	struct reader r;
	uint32_t format;
	unsigned gtrid, bqual;
	reader_init(&r, xid.ptr, xid.len);
	format = reader_u32(&r);
	gtrid = reader_u8(&r);
	bqual = reader_u8(&r);
	print_part(out, reader_slice(&r, gtrid));
	buf_char(out, ',');
	print_part(out, reader_slice(&r, bqual));
	buf_printf(out, ",%u", format);
}

void trx_open(struct trx *trx, const struct event_gtid *gtid)
{
	trx_reset(trx);
	trx->open = true;
	trx->gtid = *gtid;
	trx->gtid.xid = SLICE("");
	if (gtid->xid.len > 0)
		print_xid(&trx->xid, gtid->xid);
}

/* Returns the name of a savepoint, which is stored as offset and length because the buffer may move. */
static struct slice savepoint_name(const struct trx *trx, const struct savepoint *savepoint)
{
	return slice_of(trx->names.ptr + (size_t)savepoint->name.ptr, savepoint->name.len);
}

static struct savepoint *savepoint_find(struct trx *trx, enum ident_rules rules, struct slice name)
{
	for (size_t i = trx->nsavepoints; i-- > 0;)
		if (ident_equal(rules, savepoint_name(trx, &trx->savepoints[i]), name))
			return &trx->savepoints[i];
	return NULL;
}

/* Sets a savepoint. Deletes an older one of the same name. */
static void savepoint_set(struct trx *trx, enum ident_rules rules, struct slice name)
{
	struct savepoint *old = savepoint_find(trx, rules, name);
	if (old) {
		size_t after = (size_t)(trx->savepoints + trx->nsavepoints - (old + 1));
		memmove(old, old + 1, after * sizeof(*old));
		trx->nsavepoints--;
	}
	if (trx->nsavepoints == trx->savepoints_cap) {
		trx->savepoints_cap = trx->savepoints_cap ? 2 * trx->savepoints_cap : 8;
		trx->savepoints =
			mem_resize(trx->savepoints, trx->savepoints_cap, sizeof(*trx->savepoints));
	}
	trx->savepoints[trx->nsavepoints++] = (struct savepoint){
		.name = slice_of((const char *)trx->names.len, name.len), .event = trx->nevents};
	buf_put(&trx->names, name);
}

static void undo_add(struct trx *trx, uint32_t first, uint32_t last)
{
	while (trx->nundone > 0 && trx->undone[trx->nundone - 1].first >= first)
		trx->nundone--;
	if (trx->nundone == trx->undone_cap) {
		trx->undone_cap = trx->undone_cap ? 2 * trx->undone_cap : 8;
		trx->undone = mem_resize(trx->undone, trx->undone_cap, sizeof(*trx->undone));
	}
	trx->undone[trx->nundone++] = (struct undone){first, last};
}

/* Marks the events since the savepoint as rolled back. Removes later savepoints; the savepoint itself stays. */
static int rollback_to(struct trx *trx, enum ident_rules rules, struct slice name, struct err *err)
{
	struct savepoint *savepoint = savepoint_find(trx, rules, name);
	if (savepoint == NULL)
		return err_set(err, E_TRANSACTION,
			       "ROLLBACK TO SAVEPOINT %.*s, which this transaction has not set",
			       SLICE_FMT(name));
	undo_add(trx, savepoint->event, trx->nevents);
	trx->nsavepoints = (size_t)(savepoint - trx->savepoints) + 1;
	return 0;
}

/* Sets the xid, unless MariaDB's GTID event has set it already. */
static void name_xid(struct trx *trx, struct slice xid)
{
	if (trx->xid.len == 0)
		buf_put(&trx->xid, xid);
}

static void trx_decide(struct trx *trx, enum statement_kind kind, struct slice xid,
		       enum trx_end end)
{
	name_xid(trx, xid);
	trx->decides = kind;
	trx->end = end;
}

static enum ident_rules name_rules(const struct event_format *format)
{
	return ident_rules_of(format->mariadb, event_format_version(format));
}

static int trx_query(struct trx *trx, const struct event *event, const struct event_format *format,
		     struct err *err)
{
	struct slice name;
	if (event_query_parse(event, format, &trx->query, err) < 0)
		return -1;
	trx->logged_ms = (int64_t)trx->query.logged_s * 1000;
	switch (statement_parse(trx->query.sql, &name)) {
	case STATEMENT_XA_START:
		name_xid(trx, name);
		trx->begun = true;
		return 0;
	case STATEMENT_BEGIN:
		trx->begun = true;
		return 0;
	case STATEMENT_COMMIT:
		trx->end = TRX_COMMIT;
		return 0;
	case STATEMENT_ROLLBACK:
		trx->end = TRX_ROLLBACK;
		return 0;
	case STATEMENT_SAVEPOINT:
		savepoint_set(trx, name_rules(format), name);
		return 0;
	case STATEMENT_ROLLBACK_TO:
		return rollback_to(trx, name_rules(format), name, err);
	case STATEMENT_RELEASE:
	case STATEMENT_XA_END:
		return 0;
	case STATEMENT_XA_PREPARE:
		trx->end = TRX_PREPARE;
		return 0;
	case STATEMENT_XA_COMMIT:
		trx_decide(trx, STATEMENT_XA_COMMIT, name, TRX_COMMIT);
		return 0;
	case STATEMENT_XA_ROLLBACK:
		trx_decide(trx, STATEMENT_XA_ROLLBACK, name, TRX_ROLLBACK);
		return 0;
	case STATEMENT_OTHER:
		break;
	}
	trx->statement = &trx->query;
	/* MariaDB writes no BEGIN: its GTID event contains whether an end event follows. */
	if (!trx->begun && (trx->gtid.standalone || trx->gtid.gtid.flavour != GTID_MARIADB))
		trx->end = TRX_COMMIT;
	return 0;
}

/* Ends the transaction at a prepare event, which is a commit for XA COMMIT ... ONE PHASE. */
static int trx_prepare(struct trx *trx, const struct event *event, struct err *err)
{
	struct event_xa_prepare xa;
	if (event_xa_prepare_parse(event, &xa, err) < 0)
		return -1;
	trx->end = xa.one_phase ? TRX_COMMIT : TRX_PREPARE;
	return 0;
}

int trx_event(struct trx *trx, const struct event *event, const struct event_format *format,
	      struct err *err)
{
	int rc = 0;
	trx->statement = NULL;
	switch (event->type) {
	case EVENT_QUERY:
	case EVENT_EXECUTE_LOAD_QUERY:
		rc = trx_query(trx, event, format, err);
		break;
	case EVENT_XID:
		trx->end = TRX_COMMIT;
		break;
	case EVENT_XA_PREPARE:
		rc = trx_prepare(trx, event, err);
		break;
	default:
		trx->has_rows |= rows_in_event(event->type);
		break;
	}
	if (trx->end == TRX_OPEN)
		trx->logged_ms = 0;
	trx->nevents++;
	return rc;
}

bool trx_undone(const struct trx *trx, uint32_t n)
{
	for (size_t i = 0; i < trx->nundone; i++)
		if (n >= trx->undone[i].first && n < trx->undone[i].last)
			return true;
	return false;
}
