/* script_fixture: scripts from text, and tables and rows made by hand, for the tests of src/script.
 * Thread: the test's. */
#ifndef TIDEWAY_TESTS_SCRIPT_FIXTURE_H
#define TIDEWAY_TESTS_SCRIPT_FIXTURE_H

#include "unit/unit.h"

#include "base/mem.h"
#include "script/script_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char folder[64];
	char path[96];
	struct script *script;
	struct err err;
	struct arena arena;
};

static void fixture_write(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->folder, "/tmp/script-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/sync.lua", f->folder);
	arena_init(&f->arena, 0);
}

static void fixture_fini(struct fixture *f)
{
	char command[128];
	script_free(f->script);
	arena_fini(&f->arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->folder);
	assert_int_equal(system(command), 0);
}

static struct script_options fixture_options(struct fixture *f)
{
	return (struct script_options){.path = f->path};
}

static void fixture_load(struct fixture *f, const char *text, const struct script_options *options)
{
	script_free(f->script);
	f->err = (struct err)ERR_INIT;
	fixture_write(f->folder, "sync.lua", text);
	f->script = script_new(options, &f->err);
}

/* Runs the text like `tideway exec`. Returns whether it succeeded. */
static inline bool fixture_exec(struct fixture *f, const char *text)
{
	struct script_options options = fixture_options(f);
	options.exec = true;
	fixture_load(f, text, &options);
	return f->script != NULL;
}

/* Asserts that the text fails with exactly this message. */
#define assert_fails(f, lua, message)                                                              \
	do {                                                                                       \
		assert_false(fixture_exec((f), (lua)));                                            \
		assert_string_equal((f)->err.text, (message));                                     \
	} while (0)

/* Asserts that the text fails with a message that contains this part. */
#define assert_fails_with(f, lua, part)                                                            \
	do {                                                                                       \
		assert_false(fixture_exec((f), (lua)));                                            \
		if (strstr((f)->err.text, (part)) == NULL)                                         \
			fail_msg("'%s' is not in: %s", (part), (f)->err.text);                     \
	} while (0)

#define assert_runs(f, lua)                                                                        \
	do {                                                                                       \
		if (!fixture_exec((f), (lua)))                                                     \
			fail_msg("%s", (f)->err.text);                                             \
	} while (0)

/* ---- tables and rows ---- */

/* "name type [unsigned] [(length,scale)]" as a column; the first one is the key. */
struct column_spec {
	const char *name;
	enum column_type type;
	uint32_t length;
	uint8_t scale;
	bool is_unsigned;
};

static int fixture_decode(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
			  struct arena *arena, struct value *value, struct err *err)
{
	(void)layout, (void)len, (void)arena, (void)err;
	memcpy(value, ptr, sizeof(*value));
	return 0;
}

static inline struct table *fixture_table(struct arena *arena, const char *db, const char *name,
					  const struct column_spec *specs, unsigned n)
{
	struct table *table = ARENA_NEW(arena, struct table);
	struct column *columns = ARENA_ARRAY(arena, n, struct column);
	struct table_index *index = ARENA_NEW(arena, struct table_index);
	unsigned *pk = ARENA_NEW(arena, unsigned);
	for (unsigned i = 0; i < n; i++)
		columns[i] = (struct column){
			.name = slice_str(specs[i].name),
			.sql_type = slice_str(column_type_name(specs[i].type)),
			.type = specs[i].type,
			.is_unsigned = specs[i].is_unsigned,
			.nullable = i > 0,
			.length = specs[i].length,
			.scale = specs[i].scale,
		};
	*index = (struct table_index){
		.name = SLICE("PRIMARY"), .unique = true, .ncolumns = 1, .columns = pk};
	*table = (struct table){
		.db = slice_str(db),
		.name = slice_str(name),
		.full_name = arena_printf(arena, "%s.%s", db, name),
		.version = 1,
		.ncolumns = n,
		.columns = columns,
		.npk = 1,
		.pk = pk,
		.nindexes = 1,
		.indexes = index,
	};
	return table;
}

static inline struct row_layout *fixture_layout(struct arena *arena, const struct table *table)
{
	struct row_layout *layout = ARENA_NEW(arena, struct row_layout);
	layout->table = table;
	layout->ncells = table->ncolumns;
	layout->cells = ARENA_ARRAY(arena, table->ncolumns, struct cell_layout);
	for (unsigned i = 0; i < table->ncolumns; i++)
		layout->cells[i] = (struct cell_layout){.decode = fixture_decode,
							.column = &table->columns[i]};
	return layout;
}

/* Makes a row with the values; VALUE_UNSET: an absent column. */
static inline struct row *fixture_row(struct arena *arena, const struct row_layout *layout,
				      const struct value *values)
{
	struct row *row = ARENA_NEW(arena, struct row);
	row->layout = layout;
	row->base = (const uint8_t *)values;
	row->cells = ARENA_ARRAY(arena, layout->ncells, struct cell);
	row->edits = ARENA_ARRAY(arena, layout->ncells, struct value);
	for (unsigned i = 0; i < layout->ncells; i++) {
		row->cells[i].offset = (uint32_t)(i * sizeof(*values));
		row->cells[i].len = values[i].kind == VALUE_UNSET  ? CELL_ABSENT
				    : values[i].kind == VALUE_NULL ? CELL_NULL
								   : (uint32_t)sizeof(*values);
	}
	return row;
}

#define V_NULL ((struct value){.kind = VALUE_NULL})
#define V_INT(v) ((struct value){.kind = VALUE_I64, .i = (v)})
#define V_U64(v) ((struct value){.kind = VALUE_U64, .u = (v)})
#define V_BOOL(v) ((struct value){.kind = VALUE_BOOL, .i = (v)})
#define V_F64(v) ((struct value){.kind = VALUE_F64, .f = (v)})
#define V_F32(v) ((struct value){.kind = VALUE_F32, .f = (v)})
#define V_MS(v) ((struct value){.kind = VALUE_MS, .i = (v)})
#define V_TEXT(v) ((struct value){.kind = VALUE_TEXT, .text = SLICE(v)})
#define V_BYTES(v) ((struct value){.kind = VALUE_BYTES, .text = SLICE(v)})
#define V_DEC(v) ((struct value){.kind = VALUE_DECIMAL, .text = SLICE(v)})

#endif
