/* Any bytes as a statement: the result is a known kind, and the name is inside the text. */
#include "schema/statement.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice name, sql = slice_of(data, size);
	enum statement_kind kind = statement_parse(sql, &name);
	if (kind > STATEMENT_XA_ROLLBACK)
		abort();
	if (name.len > 0 && (name.ptr < sql.ptr || name.ptr + name.len > sql.ptr + sql.len))
		abort();
	return 0;
}
