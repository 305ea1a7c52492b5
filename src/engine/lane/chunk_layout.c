#include "engine/lane/chunk_layout.h"

#include "decode/binrow.h"

int chunk_layout(const struct chunk *chunk, const struct table *table, struct arena *arena,
		 struct row_layout **layout, struct err *err)
{
	struct binrow_field *fields = ARENA_ARRAY(arena, chunk->nfields + 1, struct binrow_field);
	for (unsigned i = 0; i < chunk->nfields; i++) {
		const struct chunk_field *from = &chunk->fields[i];
		fields[i] = (struct binrow_field){
			.name = from->name,
			.wire = from->wire,
			.charset = from->charset,
			.flags = from->flags,
			.length = from->length,
			.decimals = from->decimals,
		};
	}
	return binrow_layout(fields, chunk->nfields, table, arena, layout, err);
}
