/* plan: everything worked out about one definition of one table, for one lane. Made once, used for
 * every row.
 * Thread: the lane. Owner: the lane; plan_new / plan_free. Everything in a plan is in its own
 * arena, including a copy of the definition. */
#ifndef TIDEWAY_PLAN_H
#define TIDEWAY_PLAN_H

#include "decode/converted.h"
#include "format/format.h"
#include "engine/lane/lane.h"
#include "model/change.h"
#include "model/mapping.h"

/* One image of a change, while it is made into messages. */
struct image {
	struct row row;
	struct value *values;    /* the values to write: columns, then fields */
	struct value *key_parts; /* values of the key's parts */
	struct value *edits;     /* ncells; values from the script that replace cells */
	struct slice topic;      /* the topic that a function returned */
	struct format_image out; /* input of the format */
};

struct plan {
	struct arena arena;
	const struct table *table; /* a copy in the arena */
	struct slice identity;     /* the TABLE_MAP body that the layout was made from (stream) */
	const struct row_layout *layout;
	struct converted_layout *converted_layout; /* NULL: no column is converted */
	struct mapping mapping;
	const struct format *format;
	const void *prepared; /* made by the format, in the arena */
	struct format_sync format_sync;
	enum transport *field_types;     /* of each field that is `typed` */
	bool *typed;                     /* of each field: its type is known */
	const unsigned *key_values;      /* of each key part: index in values, or UINT_MAX */
	unsigned nconverted;             /* columns that are not written in their default form */
	const unsigned *converted;       /* the index of each in values */
	struct destination *destination; /* of a constant topic */
	struct destination *last;        /* of the last record; NULL: none yet */
	struct image before, after;
	struct change change;            /* reused */
	const struct table_state *state; /* decides which events are dropped; NULL: none */
};

/* Return what the messages of the lane contain about the sync. */
struct format_sync lane_format_sync(const struct lane *lane);
/* Work out the plan from the script, and open a constant topic. If plan->mapping.wanted is false,
 * nothing else is set. The table is copied. */
struct plan *plan_new(struct lane *lane, const struct table *table, struct err *err);
void plan_free(struct lane *lane, struct plan *plan);
/* Return whether the table's key may be sent to the topic under the topic's actual policy (rule:
 * compacted-keys). */
int plan_check_topic(struct lane *lane, const struct plan *plan,
		     const struct destination *destination, struct err *err) MUST_CHECK;
/* Return the next topic that the table writes to: the constant one, or those that its function has returned. *at is 0 at first. */
struct destination *plan_next_destination(const struct lane *lane, const struct plan *plan,
					  size_t *at);
/* Set the layout of the plan's rows, which must be in plan->arena, and make their cell arrays. */
void plan_set_layout(struct plan *plan, const struct row_layout *layout);
/* Record the type of the first value of a field without a declared type. The messages contain it
 * from then on. */
void plan_set_field_type(struct plan *plan, unsigned field, enum transport transport);

#endif
