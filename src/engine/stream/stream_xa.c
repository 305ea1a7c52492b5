/* stream_xa: prepared XA transactions (rule: xa-prepared). One with rows of captured tables stops the sync when it is prepared
 * (stream_rows.c). The others are kept with the position until they are decided. So an XA COMMIT of a transaction that was
 * prepared before the sync began is found: its rows are neither in the copy nor in the stream. */
#include "engine/stream/stream_priv.h"

#include <inttypes.h>

static int refuse_unknown(struct stream *stream, struct slice xid, struct err *err)
{
	err_set(err, E_XA_UNREAD,
		"XA COMMIT %.*s: the transaction %s prepared before this sync began. If it has "
		"rows of captured tables, they are in neither the full sync nor the stream. Start "
		"again under another sync name while no XA transaction is prepared%s",
		SLICE_FMT(xid), stream->cursor.format.mariadb ? "was" : "may have been",
		stream->cursor.format.mariadb ? " (XA RECOVER lists them)"
					      : " (XA RECOVER lists them; with XA_RECOVER_ADMIN, "
						"the start checks this itself)");
	return stream_at(stream, stream->read.offset, SLICE(""), err);
}

/* Record what happens to the xid, with the position of the transaction. */
static void note(struct stream *stream, const struct pending *pending, bool is_prepared)
{
	struct mark_xa *xa = mark_set_xa(&stream->current.durable);
	position_pending_add(&xa->pending, pending);
	xa->prepared = is_prepared;
}

static void prepared(struct stream *stream, struct slice xid)
{
	struct pending pending = {
		.id = xid,
		.file = slice_str(stream->read.file),
		.offset = stream->read.offset,
		.version = catalog_version(stream->catalog),
	};
	/* rows that were left out are in the snapshot of a round, since none is taken while a transaction is prepared; if the
	 * server could not be asked, an XA COMMIT after the snapshot is unknown, as it should be */
	if (stream->current.skipped_rows)
		return;
	position_pending_add(&stream->read, &pending);
	note(stream, &pending, true);
}

static int decided(struct stream *stream, struct slice xid, bool commit, struct err *err)
{
	const struct pending pending = {.id = xid, .file = SLICE("")};
	const struct trx_place trx = stream_place(stream);
	if (!position_pending_remove(&stream->read, false, xid)) {
		if (commit && !table_states_any_drops(&stream->lane.sync->states, &trx))
			return refuse_unknown(stream, xid, err);
		return 0;
	}
	note(stream, &pending, false);
	return 0;
}

int stream_xa_end(struct stream *stream, struct err *err)
{
	const struct trx *group = &stream->reader.trx;
	struct slice xid = buf_slice(&group->xid);
	if (stream_outcome(stream) == TRX_PREPARE)
		prepared(stream, xid);
	else if (group->decides == STATEMENT_XA_COMMIT || group->decides == STATEMENT_XA_ROLLBACK)
		return decided(stream, xid, group->decides == STATEMENT_XA_COMMIT, err);
	return 0;
}

bool stream_xa_any_left(const struct stream *stream, const struct position *prepared)
{
	for (size_t i = 0; i < prepared->npending; i++)
		if (!prepared->pending[i].is_alter &&
		    position_pending_find(&stream->read, false, prepared->pending[i].id))
			return true;
	return false;
}
