/* format: the message formats. Each is one table of functions: the engine maps rows to values, and
 * the format makes keys and messages of them.
 * prepare runs once for each plan and may allocate from its arena; what runs for each change only
 * appends to buffers that are reused.
 * Pure: no I/O. Thread: any. Owner: prepared tables live in the plan's arena, messages in the
 * batch. */
#ifndef TIDEWAY_FORMAT_H
#define TIDEWAY_FORMAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/change.h"
#include "model/ddl.h"
#include "model/mapping.h"
#include "model/message.h"

/* What messages contain about the sync. */
struct format_sync {
	struct slice name;
	bool mariadb; /* the source is MariaDB, not MySQL */
	enum op_names op_names;
};

/* What is prepared: one definition of one table, and what the script makes of it. */
struct format_table {
	const struct format_sync *sync;
	const struct table *table;
	const struct mapping *mapping;
	const enum transport *field_types; /* of each field, as far as they are known */
};

/* What a key is made from. */
struct format_key {
	const struct value *values;  /* of the image: columns, then fields */
	const struct value *parts;   /* KEY_PARTS: mapping.key.nparts values */
	const struct value *results; /* KEY_FUNCTION: what the function returned */
	unsigned nresults;
	bool is_list; /* KEY_FUNCTION: it returned a list */
};

/* One image of a row, ready to be written. */
struct format_image {
	const struct value *values; /* columns, then fields, in the order of the mapping */
	const struct value
		*key_parts; /* KEY_PARTS: mapping.key.nparts values; NULL: the script set the key */
	struct slice key;   /* ptr NULL: null */
	const struct slice *topics;
	unsigned ntopics;
	const struct header *headers; /* of its messages */
	unsigned nheaders;
};

/* One change of a row. */
struct format_change {
	const struct change *change; /* time and place */
	/* what is written: a filter turns an update into an insert or a delete */
	enum change_op op;
	const struct format_image *before, *after; /* those that `op` has; otherwise NULL */
	/* The change is written as one message. A script's emit takes from it the parts that
	 * the script does not give. `before` may be NULL (needs_before). */
	bool single;
	bool mapped_key;     /* keys are made by `key`, not by the script */
	int64_t now_ms;      /* time of processing */
	struct arena *arena; /* for headers; lives as long as the batch */
};

/* One statement, as it affects one table or database. */
struct format_ddl {
	const struct format_sync *sync;
	const struct ddl_effect *effect;
	/* the table as it is after the statement, or before it if it is gone; NULL: the statement
	 * concerns the database, or no definition is known */
	const void *prepared;
	struct slice text; /* the statement, or of a marker: "copy 5 begins" */
	const char *
		marker; /* "begin" or "end", of another copy of the table; NULL: it is a statement */
	const char *file; /* place in the binlog */
	uint64_t offset;
	const struct gtid *gtid;
	uint32_t server_id;
	uint64_t sequence;
	int64_t commit_ms;
	int64_t now_ms;
};

/* What a message says about the key of a table's row. */
enum seen_kind {
	SEEN_OTHER, /* it is not a row of the table */
	SEEN_ROW,   /* a row has the key */
	SEEN_GONE,  /* no row has it any more */
	SEEN_BEGIN, /* the begin marker of a copy */
};

/* The texts by which the messages of a table are recognised, as JSON. */
struct format_names {
	struct slice db, table;
};

/* How the key of a row is made of the values in its message. The names are JSON texts without quotes. */
struct format_key_rule {
	const struct slice *names;
	unsigned n;
	bool json;
};

/* The DELETE of a row that is known from its last message alone. */
struct format_delete {
	struct slice last; /* the value of that message; SEEN_ROW */
	/* as JSON texts without quotes, the columns whose values may be repeated. The others become null, unless they are in
	 * schema.primaryKey of the message */
	const struct slice *columns;
	unsigned ncolumns;
	int64_t now_ms;
};

struct format {
	const char *name; /* as the option `format` has it */

	/* Returns what is the same for each row of the table. */
	const void *(*prepare)(const struct format_table *in, struct arena *arena);
	/* Returns the name of the type that column or field i of the messages has. */
	const char *(*type_name)(const void *prepared, unsigned i);
	/* Appends the key of an image. Returns false for a null key. KEY_REJECT has none. */
	bool (*key)(const void *prepared, const struct format_key *in, struct buf *out);
	/* Returns whether the messages of an update, or its single message, contain the image before
	 * it. */
	bool (*needs_before)(const void *prepared, bool single);
	/* Adds the messages of one change to the batch. */
	void (*write)(const void *prepared, const struct format_change *change,
		      struct message_batch *batch);

	/* All messages about statements go to the topic that has the sync's name, not to those of
	 * the tables, which contain only rows: there are no markers of copies. */
	bool ddl_to_sync_topic;
	/* Returns the operation that the message of a statement has. */
	struct slice (*ddl_op)(const struct format_ddl *ddl);
	/* Appends the key of a message about a statement. Returns false for a null key, which a
	 * compacted topic does not take. */
	bool (*ddl_key)(const struct format_ddl *ddl, bool compacted, struct buf *out);
	void (*ddl)(const struct format_ddl *ddl, struct buf *out);

	/* Returns what a message that was read says. NULL: messages of this format cannot be compared. */
	enum seen_kind (*see)(const struct format_names *names, struct slice value);
	/* Returns whether a message, which is SEEN_ROW, has the key that its own row gets by the rule. NULL: likewise. */
	bool (*has_key)(const struct format_key_rule *rule, struct slice value, struct slice key);
	/* Appends a DELETE. NULL: likewise. */
	void (*write_delete)(const struct format_delete *row, struct buf *out);

	struct slice heartbeat_op;
	/* Appends the key of a heartbeat, as ddl_key does. */
	bool (*heartbeat_key)(const struct format_sync *sync, bool compacted, struct buf *out);
	/* Appends a heartbeat whose watermark is event_ms. */
	void (*heartbeat)(int64_t event_ms, struct buf *out);
};

/* Returns the format of that name; NULL: there is none. */
const struct format *format_find(const char *name);
/* Puts a header before those of the image. */
void format_put_header(struct format_image *image, struct header header, struct arena *arena);
/* Adds one message of the change to the topics of an image, with its headers. */
void format_add(const struct format_change *change, const struct format_image *route,
		const struct message *message, struct message_batch *batch);

#endif
