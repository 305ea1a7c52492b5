#include "model/ddl.h"

const struct ddl_variable ddl_variables[] = {
#define X(name, from, decides) {#name, DDL_FROM_##from, decides},
	DDL_VARIABLES(X)
#undef X
};

const unsigned ddl_nvariables = sizeof(ddl_variables) / sizeof(ddl_variables[0]);

const char *ddl_op_name(enum ddl_op op)
{
	static const char *const names[DDL_OP_COUNT] = {
#define X(id, name) name,
		DDL_OPS(X)
#undef X
	};
	return names[op];
}
