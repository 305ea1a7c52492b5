#include "model/ddl.h"

const char *ddl_op_name(enum ddl_op op)
{
	static const char *const names[DDL_OP_COUNT] = {
#define X(id, name, policy) name,
		DDL_OPS(X)
#undef X
	};
	return names[op];
}
