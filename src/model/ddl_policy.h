/* ddl_policy: what becomes of the message of a statement, by the kinds of the statement (option `ddl`).
 * Pure. Thread: any. */
#ifndef TIDEWAY_DDL_POLICY_H
#define TIDEWAY_DDL_POLICY_H

#include "model/ddl.h"

/* X(id, name in the option) */
#define DDL_KINDS(X)                                                                               \
	X(CREATE_TABLE, "create_table")                                                            \
	X(DROP_TABLE, "drop_table")                                                                \
	X(ADD_COLUMN, "add_column")                                                                \
	X(DROP_COLUMN, "drop_column")                                                              \
	X(RENAME_COLUMN, "rename_column")                                                          \
	X(MODIFY_COLUMN, "modify_column")                                                          \
	X(RENAME_TABLE, "rename_table")                                                            \
	X(TRUNCATE, "truncate")                                                                    \
	X(CREATE_INDEX, "create_index")                                                            \
	X(DROP_INDEX, "drop_index")                                                                \
	X(OTHER, "other")

enum ddl_kind {
#define X(id, name) DDL_KIND_##id,
	DDL_KINDS(X)
#undef X
		DDL_KIND_COUNT
};

/* In ascending order: of the policies of its kinds, a statement has the last one. */
enum ddl_policy {
	DDL_POLICY_NORMAL, /* the message is written */
	DDL_POLICY_IGNORE, /* it is not written */
	DDL_POLICY_ALERT,  /* it is not written, and an alert is raised */
	DDL_POLICY_ERROR,  /* the sync stops before the statement */
	DDL_POLICY_COUNT
};

/* Returns "create_table". */
const char *ddl_kind_name(enum ddl_kind kind);
/* Returns "normal". */
const char *ddl_policy_name(enum ddl_policy policy);
/* Returns the kinds of an effect as bits, 1 << enum ddl_kind. steps: of its statement. */
unsigned ddl_kinds(const struct ddl_effect *effect, const struct ddl_step *steps, unsigned n);
/* Returns the kind whose policy holds for a statement of these kinds. */
enum ddl_kind ddl_strictest(unsigned kinds, const enum ddl_policy policies[DDL_KIND_COUNT]);

#endif
