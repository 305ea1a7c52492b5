#include "decode/cell.h"

#include <stdio.h>

/* Decoders of MariaDB's uuid, inet4 and inet6. The binlog contains them as BINARY(16), BINARY(4)
 * and BINARY(16); messages contain text. */

/* Converts a uuid from the order of storage to the order of the text. MariaDB stores the five parts
 * of a uuid of version 1 to 5 in reverse order, so that it sorts by time. It stores other uuids (6,
 * 7, and those not of RFC 4122) unchanged. Tables created before MariaDB 10.11.5 and 10.6.15 store
 * all uuids in reverse order; their type in the catalog is "uuid_old". `always`: the column is of
 * such a table. */
static void uuid_order(const uint8_t *stored, bool always, uint8_t *uuid)
{
	bool reversed = (stored[6] & 0x80) && stored[8] > 0 && stored[8] < 0x60;
	if (!always && !reversed) {
		memcpy(uuid, stored, CELL_UUID_SIZE);
		return;
	}
	memcpy(uuid, stored + 12, 4);
	memcpy(uuid + 4, stored + 10, 2);
	memcpy(uuid + 6, stored + 8, 2);
	memcpy(uuid + 8, stored + 6, 2);
	memcpy(uuid + 10, stored, 6);
}

static bool is_old_uuid(const struct column *column)
{
	return column->sql_type.len > 4 &&
	       memmem(column->sql_type.ptr, column->sql_type.len, "old", 3);
}

int cell_uuid(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	      struct arena *arena, struct value *value, struct err *err)
{
	uint8_t u[CELL_UUID_SIZE];
	(void)err;
	uuid_order(cell_pad(ptr, len, CELL_UUID_SIZE, arena), is_old_uuid(layout->column), u);
	value->kind = VALUE_TEXT;
	value->text = arena_printf(arena,
				   "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
				   "%02x%02x%02x%02x%02x%02x",
				   u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9],
				   u[10], u[11], u[12], u[13], u[14], u[15]);
	return 0;
}

int cell_inet4(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	       struct arena *arena, struct value *value, struct err *err)
{
	const uint8_t *ip = cell_pad(ptr, len, CELL_INET4_SIZE, arena);
	(void)layout, (void)err;
	value->kind = VALUE_TEXT;
	value->text = arena_printf(arena, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
	return 0;
}

/* Returns the start of the first longest run of zero groups, which "::" replaces. Sets *length to
 * its length, which may be 1; 0: no group is zero. */
static unsigned zero_run(const unsigned *groups, unsigned *length)
{
	unsigned best = 0;
	*length = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;
		while (i + n < 8 && groups[i + n] == 0)
			n++;
		if (n > *length) {
			*length = n;
			best = i;
		}
	}
	return best;
}

int cell_inet6(const struct cell_layout *layout, const uint8_t *ptr, uint32_t len,
	       struct arena *arena, struct value *value, struct err *err)
{
	const uint8_t *ip = cell_pad(ptr, len, CELL_INET6_SIZE, arena);
	unsigned groups[8], run;
	char text[sizeof("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")];
	size_t n = 0;
	(void)layout, (void)err;
	for (unsigned i = 0; i < 8; i++)
		groups[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
	unsigned from = zero_run(groups, &run);
	if (run == 0)
		from = 8;
	for (unsigned i = 0; i < 8; i++) {
		if (i == from) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "::");
			i += run - 1;
			continue;
		}
		if (i == 6 && from == 0 && (run == 6 || (run == 5 && groups[5] == 0xffff))) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u.%u.%u.%u",
					      run == 5 ? ":" : "", ip[12], ip[13], ip[14], ip[15]);
			break;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%x",
				      i == 0 || i == from + run ? "" : ":", groups[i]);
	}
	value->kind = VALUE_TEXT;
	value->text = arena_copy(arena, slice_of(text, n));
	return 0;
}
