#include "model/types.h"

static const char *const transport_names[TRANSPORT_COUNT] = {
	[TRANSPORT_BOOLEAN] = "BOOLEAN", [TRANSPORT_LONG] = "LONG",
	[TRANSPORT_DOUBLE] = "DOUBLE",   [TRANSPORT_DATE] = "DATE",
	[TRANSPORT_STRING] = "STRING",   [TRANSPORT_BYTES] = "BYTES",
};

static const char *const type_names[COLUMN_TYPE_COUNT] = {
#define X(id, name, transport) name,
	COLUMN_TYPES(X)
#undef X
};

/* Other names of types in information_schema of MySQL or MariaDB. */
static const struct {
	const char *name;
	enum column_type type;
} aliases[] = {
	{"point", COLUMN_GEOMETRY},
	{"linestring", COLUMN_GEOMETRY},
	{"polygon", COLUMN_GEOMETRY},
	{"multipoint", COLUMN_GEOMETRY},
	{"multilinestring", COLUMN_GEOMETRY},
	{"multipolygon", COLUMN_GEOMETRY},
	{"geometrycollection", COLUMN_GEOMETRY},
	{"geomcollection", COLUMN_GEOMETRY},
	{"integer", COLUMN_INT},
	{"numeric", COLUMN_DECIMAL},
};

const char *transport_name(enum transport transport)
{
	return transport_names[transport];
}

bool transport_parse(struct slice name, enum transport *transport)
{
	for (unsigned i = 0; i < TRANSPORT_COUNT; i++) {
		if (slice_equal(name, slice_str(transport_names[i]))) {
			*transport = (enum transport)i;
			return true;
		}
	}
	return false;
}

const char *column_type_name(enum column_type type)
{
	return type_names[type];
}

bool column_type_is_number(enum column_type type)
{
	return type <= COLUMN_DOUBLE;
}

bool column_type_has_labels(enum column_type type)
{
	return type == COLUMN_ENUM || type == COLUMN_SET;
}

bool column_type_parse(struct slice data_type, enum column_type *type)
{
	for (unsigned i = 0; i < COLUMN_TYPE_COUNT; i++) {
		if (slice_equal_nocase(data_type, slice_str(type_names[i]))) {
			*type = (enum column_type)i;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (slice_equal_nocase(data_type, slice_str(aliases[i].name))) {
			*type = aliases[i].type;
			return true;
		}
	}
	return false;
}
