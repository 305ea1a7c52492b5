/* mapping: what the script says about one version of one table, worked out once (stage verb
 * `prepare`). What is constant for the table stands here as data; what depends on the event is asked of
 * Lua, for each image. Thread: the lane. Owner: the plan's arena. */
#ifndef TIDEWAY_MAPPING_H
#define TIDEWAY_MAPPING_H

#include "model/config.h"
#include "model/table.h"
#include "model/value.h"

/* Variables of additional fields and topics (lua-api.md, "Topics"). */
enum field_source {
	FIELD_CONSTANT, /* value; variables that are constant for the table are resolved already */
	FIELD_EXECUTE_TIME, /* commit time, ms; in full sync its start */
	FIELD_UPDATE_TIME,  /* time of processing, ms */
	FIELD_TOPIC,    /* TABLE_NAME_DEST where the topic is a function's: the record's topic */
	FIELD_TEMPLATE, /* template: text with the three above between constant pieces */
	FIELD_FUNCTION, /* result number `slot` of the image function */
};

struct out_field {
	struct slice name;
	enum field_source source;
	enum transport transport; /* declared or worked out; FIELD_FUNCTION undeclared: see typed */
	bool typed;               /* false: FIELD_FUNCTION by value */
	int scale;                /* field.decimal(scale); -1 otherwise */
	struct value value;       /* FIELD_CONSTANT */
	struct slice template; /* FIELD_TEMPLATE: "a-${EXECUTE_TIME}" with only run-time variables left */
	unsigned slot;         /* FIELD_FUNCTION */
	const char *where; /* FIELD_FUNCTION: "sync.lua:12" */
};

struct out_column {
	unsigned column;          /* position in the table */
	struct slice name;        /* destination name */
	enum transport transport; /* what schema.dataColumn says */
};

enum key_kind {
	KEY_REJECT,   /* no primary key and nothing said: the table is refused */
	KEY_EMPTY,    /* empty string */
	KEY_PARTS,    /* columns and fields */
	KEY_ROW,      /* hash of the row */
	KEY_TABLE,    /* the table's name */
	KEY_FUNCTION, /* first results of the image function */
};

struct key_part {
	bool is_field;     /* else a column */
	unsigned index;    /* position in table.columns, or in mapping.fields */
	struct slice name; /* of the member in a key that is a JSON object; empty in text */
};

/* What `plan` shows of the script's functions: where each is, "sync.lua:12". */
struct mapping_shown {
	const char *const *
		masks; /* by column of the table, "" where there is none; NULL: no column has one */
	const char *topic, *key, *filter; /* NULL: no function */
	const char *const *on_row, *const *on_change;
	unsigned non_row, non_change;
};

#define MAPPING_NO_FUNCTION (-1)

struct mapping {
	bool wanted;        /* false: no pattern of the source selects the table; rest unset */
	struct slice topic; /* len 0 when topic_function */
	bool topic_function;
	enum key_kind key_kind;
	unsigned nkey;
	const struct key_part *key; /* KEY_PARTS */
	bool key_json; /* key_format = "json": parts make an object, a function's list an array */
	unsigned nprimary;
	const struct slice *primary; /* schema.primaryKey: destination names; none: null */
	unsigned ncolumns;
	const struct out_column *columns; /* as written, in order */
	unsigned nfields;
	const struct out_field *fields; /* behind the columns, in order */
	enum update_mode update;
	bool key_change_split; /* one-record mode: a change of topic or key becomes DELETE + INSERT */
	int event_function; /* Lua reference: on_row, masks, filter, on_change; once for each change */
	int image_function; /* likewise: the first of the topic, key and field functions; once for each image written */
	unsigned nslots; /* results of field functions behind topic and key */
	struct script_table
		*hooks; /* what src/script keeps for the table; NULL: no function concerns it */
	bool unseen; /* `columns` names a column that no table had so far: script_known, before the first row */
	bool not_compacted; /* the key loses rows in a compacted topic: script_compacted says why */
	struct mapping_shown shown;
	const char *const *warnings; /* for `plan` and the log */
	unsigned nwarnings;
};

#endif
