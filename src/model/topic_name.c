#include "model/topic_name.h"

static bool legal(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

enum topic_name_fault topic_name_check(struct slice name, size_t *at)
{
	if (name.len == 0)
		return TOPIC_NAME_EMPTY;
	if (slice_equal(name, SLICE(".")) || slice_equal(name, SLICE("..")))
		return TOPIC_NAME_DOTS;
	if (name.len > TOPIC_NAME_MAX)
		return TOPIC_NAME_LONG;
	for (size_t i = 0; i < name.len; i++) {
		if (legal(name.ptr[i]))
			continue;
		if (at)
			*at = i;
		return TOPIC_NAME_CHARACTER;
	}
	return TOPIC_NAME_LEGAL;
}
