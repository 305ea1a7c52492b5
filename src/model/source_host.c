#include "model/source_host.h"

#include "base/num.h"

#include <stdio.h>

enum { PORT_MAX = 65535 };

static const char *parse_port(struct slice text, unsigned *port)
{
	uint64_t number;
	if (!num_parse_u64(text, &number) || number < 1 || number > PORT_MAX)
		return "the port after ':' must be a number from 1 to 65535";
	*port = (unsigned)number;
	return NULL;
}

/* Parses the text after the host: nothing, or ':' and the port. */
static const char *parse_rest(struct slice rest, unsigned *port)
{
	if (rest.len == 0)
		return NULL;
	if (rest.ptr[0] != ':')
		return "after ']' only a port may follow, as in \"[::1]:3306\"";
	return parse_port(slice_of(rest.ptr + 1, rest.len - 1), port);
}

/* Parses "[::1]" or "[::1]:3306". */
static const char *parse_brackets(struct slice text, struct slice *name, unsigned *port)
{
	const char *end = memchr(text.ptr, ']', text.len);
	size_t len;
	if (end == NULL)
		return "the ']' is missing";
	len = (size_t)(end - text.ptr);
	*name = slice_of(text.ptr + 1, len - 1);
	return parse_rest(slice_of(end + 1, text.len - len - 1), port);
}

static const char *check_name(struct slice name)
{
	if (name.len == 0)
		return "the host's name is missing";
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == '/')
			return "a host's name has no spaces, slashes or control characters";
	return NULL;
}

const char *source_host_parse(struct slice text, struct slice *name, unsigned *port)
{
	const char *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
	const char *wrong = NULL;
	size_t len = colon ? (size_t)(colon - text.ptr) : text.len;
	if (text.len > 0 && text.ptr[0] == '[') {
		wrong = parse_brackets(text, name, port);
	} else {
		*name = slice_of(text.ptr, len);
		if (colon && memchr(colon + 1, ':', text.len - len - 1))
			return "an IPv6 address is written in brackets, as in \"[::1]:3306\"";
		wrong = parse_rest(slice_of(text.ptr + len, text.len - len), port);
	}
	return wrong ? wrong : check_name(*name);
}

void source_host_print(const struct source_host *host, char *text, size_t size)
{
	bool brackets = strchr(host->name, ':') != NULL;
	snprintf(text, size, "%s%s%s:%u", brackets ? "[" : "", host->name, brackets ? "]" : "",
		 host->port);
}
