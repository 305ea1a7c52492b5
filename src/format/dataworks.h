/* dataworks: the message format of docs/messages.md, from fragments worked out once for a table.
 * Pure. Thread: any. Owner: fragments live in the plan's arena, messages in the caller's buf. */
#ifndef TIDEWAY_DATAWORKS_H
#define TIDEWAY_DATAWORKS_H

#include "format/format.h"

/* The format as a table of functions. */
extern const struct format format_dataworks;

/* X(id, text of `op`) for data records. The image before an update has two spellings (op_names). */
#define RECORD_OPS(X)                                                                              \
	X(INSERT, "INSERT")                                                                        \
	X(UPDATE_BEFOR, "UPDATE_BEFOR")                                                            \
	X(UPDATE_BEFORE, "UPDATE_BEFORE")                                                          \
	X(UPDATE_AFTER, "UPDATE_AFTER")                                                            \
	X(DELETE, "DELETE")

enum record_op {
#define X(id, text) RECORD_##id,
	RECORD_OPS(X)
#undef X
		RECORD_OP_COUNT
};

struct slice record_op_name(enum record_op op);

/* One entry of schema.dataColumn. */
struct schema_column {
	struct slice name;
	enum transport transport;
};

struct schema {
	struct slice db, table;              /* table ptr NULL: tableName null (QUERY) */
	const struct schema_column *columns; /* NULL: dataColumn null */
	unsigned ncolumns;
	const struct slice *primary; /* n 0: primaryKey null */
	unsigned nprimary;
};

/* What is the same for each row of one table version. */
struct envelope {
	struct slice head;         /* {"schema":{...},"payload":{"before": */
	unsigned nvalues;          /* values of an image */
	const struct slice *names; /* nvalues of: {"dataColumn":{"id": and ,"name": */
};

void envelope_init(struct envelope *envelope, const struct schema *schema, struct arena *arena);

/* A data record. */
struct record {
	const struct value *before, *after; /* nvalues each; NULL: null */
	enum record_op op;
	int64_t sequence;  /* -1 in full sync */
	int64_t event_ms;  /* commit time; -1 in full sync */
	int64_t system_ms; /* time of processing */
};

/* Appends the message. */
void envelope_write(struct buf *out, const struct envelope *envelope, const struct record *record);
/* Appends a heartbeat whose watermark is event_ms. */
void heartbeat_write(struct buf *out, int64_t event_ms);

/* A DDL message. */
struct ddl_record {
	const char *op;    /* "ALTER" */
	struct slice text; /* the statement */
	struct slice meta; /* JSON; base64 when written */
	int64_t sequence, event_ms, system_ms;
};
void ddl_write(struct buf *out, const struct schema *schema, const struct ddl_record *record);
/* The JSON that ddlMeta carries: type, names, columns added, dropped, changed, renamed, schema before and
 * after, position. */
void ddl_meta_write(struct buf *out, const struct ddl_effect *effect, const char *file,
		    uint64_t offset, struct slice gtid);

#endif
