/* plan: everything worked out about one version of one table, for one lane; made once, reused for every row.
 * Thread: the lane. Owner: the lane; plan_free. Everything in it lives in its own arena, the definition
 * of the table too. */
#ifndef TIDEWAY_PLAN_H
#define TIDEWAY_PLAN_H

#include "format/format.h"
#include "engine/lane/lane.h"
#include "model/change.h"
#include "model/mapping.h"

/* One image of a change on its way into messages. */
struct image {
	struct row row;
	struct value *values;    /* what is written: columns, then fields */
	struct value *key_parts; /* values of the key's parts */
	struct value *edits;     /* ncells; what the script put in place of cells */
	struct slice topic;      /* the one that a function gave */
	struct format_image out; /* for the format */
};

struct plan {
	struct arena arena;
	const struct table *table; /* a copy in the arena */
	struct slice identity;     /* TABLE_MAP body the layout came from (stream) */
	const struct row_layout *layout;
	struct mapping mapping;
	const struct format *format;
	const void *prepared; /* of the format, in the arena */
	struct format_sync format_sync;
	enum transport *field_types;     /* of each field, where `typed` */
	bool *typed;                     /* of each field: its type is known */
	const unsigned *key_values;      /* of each key part: index in values, or UINT_MAX */
	struct destination *destination; /* of a constant topic */
	struct destination *last;        /* where the last record went; NULL: none yet */
	struct image before, after;
	struct change change;            /* reused */
	const struct table_state *state; /* which events are dropped; NULL: none */
};

/* Return what messages of the lane contain about the sync. */
struct format_sync lane_format_sync(const struct lane *lane);
/* What the script says, worked out; opens a constant topic. plan->mapping.wanted may be false: then nothing else
 * is set. The table is copied. */
struct plan *plan_new(struct lane *lane, const struct table *table, struct err *err);
void plan_free(struct lane *lane, struct plan *plan);
/* Whether the table's key may go to that topic, by the policy the topic really has (rule: compacted-keys). */
int plan_check_topic(struct lane *lane, const struct plan *plan,
		     const struct destination *destination, struct err *err) MUST_CHECK;
/* Gives the rows of the plan their layout (in plan->arena) and cell arrays. */
void plan_set_layout(struct plan *plan, const struct row_layout *layout);
/* A field without a declared type got its first value: the messages have it from here on. */
void plan_set_field_type(struct plan *plan, unsigned field, enum transport transport);

#endif
