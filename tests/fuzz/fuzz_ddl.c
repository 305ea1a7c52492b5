/* Any bytes as a statement: the result is steps, or one unplaced step, and every name is in readable memory. The
 * first two bytes choose sql_mode, server and character set. */
#include "schema/ddl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t total; /* so that the compiler keeps the reads */

static void touch(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		total += (unsigned char)s.ptr[i];
}

static void touch_spec(const struct ddl_spec *spec)
{
	touch(spec->old);
	touch(spec->name);
	touch(spec->column.name);
	touch(spec->column.type.spatial);
	touch(spec->column.after);
	touch(spec->key.name);
	touch(spec->key.period);
	touch(spec->to.db);
	touch(spec->to.table);
	for (unsigned i = 0; i < spec->column.type.nlabels; i++)
		touch(spec->column.type.labels[i]);
	for (unsigned i = 0; i < spec->key.nparts; i++)
		touch(spec->key.parts[i].column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t charsets[] = {0, 8, 13, 28, 33, 45, 63, 255};
	static const uint64_t modes[] = {0, 1 << 2, 1 << 20, (1 << 9) | (1 << 2)};
	struct err err = ERR_INIT;
	struct arena arena;
	const struct ddl_step *steps;
	unsigned n;
	if (size < 2)
		return 0;
	struct ddl_context context = {
		.db = SLICE("d"),
		.charset_client = charsets[data[0] & 7],
		.sql_mode = modes[data[1] & 3],
		.mariadb = data[1] & 4,
		.version = data[1] & 8    ? 101119
			   : data[1] & 16 ? 90704
					  : 0,
	};
	arena_init(&arena, 0);
	if (ddl_parse(slice_of(data + 2, size - 2), &context, &arena, &steps, &n, &err) == 0) {
		if (n == 0)
			abort();
		for (unsigned i = 0; i < n; i++) {
			touch(steps[i].name.db);
			touch(steps[i].name.table);
			touch(steps[i].other.db);
			touch(steps[i].other.table);
			touch(steps[i].reason);
			if (steps[i].kind == DDL_STEP_UNPLACED &&
			    (n != 1 || steps[i].reason.len == 0))
				abort();
			for (unsigned j = 0; j < steps[i].nspecs; j++)
				touch_spec(&steps[i].specs[j]);
		}
	}
	arena_fini(&arena);
	return 0;
}
