/* stream_backfill_priv: the stream's part in a backfill, for stream_backfill.c, stream_chunk.c and stream_deletes.c only.
 * Thread: the stream lane. */
#ifndef TIDEWAY_STREAM_BACKFILL_PRIV_H
#define TIDEWAY_STREAM_BACKFILL_PRIV_H

#include "base/bounded_set.h"
#include "engine/lane/backfill_link.h"
#include "engine/lane/backfill_pace.h"
#include "engine/lane/sent_rows.h"
#include "engine/stream/stream_priv.h"

struct stream_backfill {
	struct backfill_link *link;
	struct backfill_chunk *chunk; /* NULL: the reader has it */
	struct backfill_table
		*recorded;     /* rows of this table that are sent are recorded; NULL: of none */
	struct sent_rows sent; /* those rows */
	bool compares; /* keys are compared: `keys` has those that are sent for that table */
	struct bounded_set keys;
	bool awaits, is_acked; /* AWAIT waits for a mark; the mark is reached */
	bool is_spoiled;       /* the chunk must be read again */
	struct plan *plan;     /* for the rows of the chunk; NULL: not made */
	size_t at;             /* of the next row in the chunk */
	uint64_t left;         /* rows in the chunk that are not sent */
	bool is_sent;          /* all of them are; the answer waits until they are acknowledged */
	int64_t slice_ms;      /* monotonic, the last slice */
	/* pending: the XA transactions that were prepared when the first rows of a table were asked for */
	struct position prepared;
	const struct backfill_table *prepared_of; /* that table */
	struct backfill_pace pace;
};

/* stream_chunk.c */
void stream_chunk_drop_plan(struct stream *stream);
/* Forget what was recorded, and record nothing. */
void stream_chunk_stop_recording(struct stream_backfill *backfill);
/* Pass the chunk back to the reader. */
void stream_chunk_answer(struct stream_backfill *backfill, enum backfill_message message);
/* Make the plan for the table of the chunk, if it is not the present one. */
int stream_chunk_plan(struct stream *stream, struct err *err) MUST_CHECK;
/* Return whether the definition is still that of the chunk. Each statement that concerns the table gives it another version. */
bool stream_chunk_is_current(const struct stream *stream);
/* End the copy of the table: all of its rows are sent, in the slot of the mark. */
int stream_chunk_end_copy(struct stream *stream, struct table_state *state, struct mark *mark,
			  struct err *err) MUST_CHECK;

/* stream_deletes.c: rows that are only in the topic are deleted there (docs/decisions/0040). */
/* Return whether the begin marker must wait until the stream has sent what was in the binlog when the sync began: an older change that
 * came after the marker would hide that its row was deleted unnoticed. */
bool stream_deletes_must_wait(const struct stream *stream, const struct table_state *state);
/* Before another copy begins or continues: begin it from its first row if the rows that are in Kafka may have other keys now. */
int stream_deletes_check_rule(struct stream *stream, struct table_state *state,
			      struct err *err) MUST_CHECK;
/* Return whether all rows of the copy are sent, and keys are to be compared now. */
bool stream_deletes_are_due(const struct table_state *state);
/* Answer BEGIN then. */
int stream_deletes_begin(struct stream *stream, struct table_state *state,
			 struct err *err) MUST_CHECK;
/* Serve AWAIT and FINISH. Return 1 if something was done, 0 if there was nothing to do, or -1. */
int stream_deletes_serve(struct stream *stream, struct err *err) MUST_CHECK;
/* Send the next DELETE of the chunk, unless its key was recorded. */
int stream_deletes_send(struct stream *stream, struct err *err) MUST_CHECK;

#endif
