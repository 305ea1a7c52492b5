#include "model/types.h"

#include <stdint.h>

static const char *const transport_names[TRANSPORT_COUNT] = {
	[TRANSPORT_BOOLEAN] = "BOOLEAN", [TRANSPORT_LONG] = "LONG",
	[TRANSPORT_DOUBLE] = "DOUBLE",   [TRANSPORT_DATE] = "DATE",
	[TRANSPORT_STRING] = "STRING",   [TRANSPORT_BYTES] = "BYTES",
};

enum binlog_as { SELF, OTHER };

struct traits {
	const char *name;
	enum transport transport;
	enum type_class class;
	enum type_numbers numbers;
	uint8_t bytes;
	enum binlog_as binlog_as;
};

static const struct traits traits[COLUMN_TYPE_COUNT] = {
#define COLUMN_TYPE(id, name, transport, class, numbers, bytes, binlog_as, binlog, protocol)       \
	[COLUMN_##id] = {name,     TRANSPORT_##transport, CLASS_##class, NUMBERS_##numbers, bytes, \
			 binlog_as},
#include "model/types.def"
};

static const struct {
	const char *name;
	enum column_type type;
} aliases[] = {
#define TYPE_ALIAS(name, id) {name, COLUMN_##id},
#include "model/types.def"
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
	return traits[type].name;
}

enum type_class column_type_class(enum column_type type)
{
	return traits[type].class;
}

enum type_numbers column_type_numbers(enum column_type type)
{
	return traits[type].numbers;
}

enum transport column_type_transport(enum column_type type)
{
	return traits[type].transport;
}

unsigned column_type_bytes(enum column_type type)
{
	return traits[type].bytes;
}

bool column_type_is_disguised(enum column_type type)
{
	return traits[type].binlog_as == OTHER;
}

bool column_type_is_number(enum column_type type)
{
	enum type_class class = traits[type].class;
	return class == CLASS_INTEGER || class == CLASS_DECIMAL || class == CLASS_FLOAT;
}

bool column_type_is_text(enum column_type type)
{
	return traits[type].class == CLASS_CHAR || traits[type].class == CLASS_TEXT;
}

bool column_type_is_free_text(enum column_type type)
{
	return column_type_is_text(type) || traits[type].class == CLASS_LABELS ||
	       traits[type].class == CLASS_JSON;
}

bool column_type_is_binary(enum column_type type)
{
	return traits[type].class == CLASS_BINARY || traits[type].class == CLASS_BLOB;
}

bool column_type_is_blob(enum column_type type)
{
	return traits[type].class == CLASS_TEXT || traits[type].class == CLASS_BLOB;
}

bool column_type_has_labels(enum column_type type)
{
	return traits[type].class == CLASS_LABELS;
}

bool column_type_parse(struct slice data_type, enum column_type *type)
{
	for (unsigned i = 0; i < COLUMN_TYPE_COUNT; i++) {
		if (slice_equal_nocase(data_type, slice_str(traits[i].name))) {
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
