#include "model/change.h"

const char *change_op_name(enum change_op op)
{
	static const char *const names[] = {
		[CHANGE_INSERT] = "insert",
		[CHANGE_UPDATE] = "update",
		[CHANGE_DELETE] = "delete",
		[CHANGE_READ] = "read",
	};
	return names[op];
}
