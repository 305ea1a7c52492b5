/* mapping: how the script maps one version of one table, computed once (stage verb `prepare`).
 * Everything that is constant for the table is data. For the rest the lane calls Lua functions for
 * each change or image.
 * Thread: the lane. Owner: the plan's arena. */
#ifndef TIDEWAY_MAPPING_H
#define TIDEWAY_MAPPING_H

#include "model/change.h"
#include "model/config.h"
#include "model/conversion.h"
#include "model/table.h"
#include "model/value.h"

/* The source of an additional field's value. For variables see docs/lua-api.md. */
enum field_source {
	/* `value`, with variables that are constant for the table already resolved */
	FIELD_CONSTANT,
	FIELD_EXECUTE_TIME, /* commit time in ms; in full sync the time of its start */
	FIELD_UPDATE_TIME,  /* time of processing in ms */
	FIELD_TOPIC,    /* the message's topic: TABLE_NAME_DEST if a function returns the topic */
	FIELD_TEMPLATE, /* `template`: text that contains some of the three variables above */
	FIELD_FUNCTION, /* result number `slot` of the image function */
};

struct out_field {
	struct slice name;
	enum field_source source;
	enum transport transport; /* declared or derived; valid if typed */
	bool typed;               /* false: a FIELD_FUNCTION whose type depends on each value */
	int scale;                /* field.decimal(scale); -1 otherwise */
	struct value value;       /* FIELD_CONSTANT */
	/* FIELD_TEMPLATE: "a-${EXECUTE_TIME}", with run-time variables only */
	struct slice template;
	unsigned slot;     /* FIELD_FUNCTION */
	const char *where; /* FIELD_FUNCTION: place in the script, "sync.lua:12" */
};

struct out_column {
	unsigned column;          /* position in the table */
	struct slice name;        /* destination name */
	enum transport transport; /* the type in schema.dataColumn */
};

enum key_kind {
	KEY_REJECT,   /* no primary key and no `key` in the script: the table is refused */
	KEY_EMPTY,    /* the empty string */
	KEY_PARTS,    /* columns and fields */
	KEY_ROW,      /* a hash of the row */
	KEY_TABLE,    /* the table's name */
	KEY_FUNCTION, /* the first results of the image function */
};

struct key_part {
	bool is_field;     /* an additional field; otherwise a column */
	unsigned index;    /* position in table.columns or in mapping.fields */
	struct slice name; /* name of the member if the key is a JSON object; empty if it is text */
};

/* The key of a message. */
struct mapping_key {
	enum key_kind kind;
	bool json; /* key_format = "json": parts become an object, a function's list an array */
	bool refuses_null; /* key_null = "error": a part must not be NULL */
	bool not_compacted; /* a compacted topic would lose rows by this key: script_compacted explains */
	unsigned nparts;
	const struct key_part *parts; /* KEY_PARTS */
};

/* What is written for the inserts, updates or deletes of the stream (option `dml`). */
enum dml_policy {
	DML_NORMAL,
	DML_IGNORE,  /* nothing */
	DML_LOGICAL, /* for a delete: an update that sets a field */
};

struct mapping_dml {
	enum dml_policy of[CHANGE_READ + 1]; /* by change_op; rows of a copy are always written */
	unsigned flag;                       /* DML_LOGICAL: index of the field that is set */
};

#define MAPPING_NO_FUNCTION (-1)

/* The functions of the script for the table. Owner: src/script. */
struct mapping_functions {
	/* Lua reference: on_row, masks, filter, on_change; called for each change */
	int event;
	/* Lua reference: the first of the functions of topic, key, fields and headers; called for
	 * each image that is written */
	int image;
	/* results of the functions of fields, then of headers, after those for topic and key */
	unsigned nslots, nfield_slots;
	/* private data of src/script for the table; NULL: no function applies to it */
	struct script_table *hooks;
};

/* What `plan` shows. */
struct mapping_shown {
	/* places of the script's functions, such as "sync.lua:12" */
	/* for each column of the table, "": no mask; NULL: no column has a mask */
	const char *const *masks;
	const char *topic, *key, *filter; /* NULL: no function */
	const char *const *on_row, *const *on_change;
	unsigned non_row, non_change;
	const char *where; /* of its rows that are copied, in SQL (full.where); NULL: all rows */
	bool skips;        /* it is not copied (full.skip) */
	const char *const *warnings; /* also for the log */
	unsigned nwarnings;
};

struct mapping {
	bool wanted; /* false: no pattern of the source selects the table; the rest is unset */
	bool topic_function;
	struct slice topic; /* empty if topic_function */
	struct mapping_key key;
	unsigned ncolumns;
	const struct out_column *columns; /* in the order of the message */
	/* for each column of the table, NULL: its default form; NULL: all have it */
	const struct conversion *const *conversions;
	unsigned nfields;
	const struct out_field *fields; /* in the order of the message, after the columns */
	unsigned nheaders;
	const struct out_field *headers; /* of each message of a row; their values are texts */
	struct mapping_functions functions;
	enum update_mode update;
	struct mapping_dml dml;
	bool tombstones; /* a null value follows each row that is deleted, or leaves its key or topic */
	bool key_change_split; /* UPDATE_ONE: a change of topic or key becomes DELETE and INSERT */
	/* `columns` names a column that no table has had so far: call script_known before
	 * the first row */
	bool unseen;
	unsigned nprimary;
	const struct slice *primary; /* destination names in schema.primaryKey; none: it is null */
	struct mapping_shown shown;
};

#endif
