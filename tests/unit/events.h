/* events: reads tests/data/events.txt (made by scripts/dev/capture-events): whole events of real servers, each
 * in an allocation of exactly its size, so that ASan sees each over-read. */
#ifndef TIDEWAY_TEST_EVENTS_H
#define TIDEWAY_TEST_EVENTS_H

#include "decode/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_FILE "tests/data/events.txt"
#define EVENTS_MAX 600

struct captured {
	bool mariadb;
	char label[32];
	struct slice packet; /* header and checksum included; heap */
};

static struct captured captured[EVENTS_MAX];
static unsigned ncaptured;

static inline struct slice events_bytes(const char *hex)
{
	size_t n = strspn(hex, "0123456789abcdef") / 2;
	uint8_t *bytes = malloc(n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		unsigned v = 0;
		sscanf(hex + 2 * i, "%2x", &v);
		bytes[i] = (uint8_t)v;
	}
	return slice_of(bytes, n);
}

static inline int events_load(void **state)
{
	FILE *file = fopen(EVENTS_FILE, "r");
	char *line = NULL, server[16];
	size_t cap = 0;
	(void)state;
	if (file == NULL)
		return -1;
	while (getline(&line, &cap, file) >= 0 && ncaptured < EVENTS_MAX) {
		struct captured *c = &captured[ncaptured];
		int at = 0;
		if (line[0] == '#' || sscanf(line, "%15s %31s %n", server, c->label, &at) < 2)
			continue;
		c->mariadb = strcmp(server, "mariadb") == 0;
		c->packet = events_bytes(line + at);
		ncaptured++;
	}
	free(line);
	fclose(file);
	return ncaptured > 0 ? 0 : -1;
}

static inline int events_free(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ncaptured; i++)
		free((void *)captured[i].packet.ptr);
	ncaptured = 0;
	return 0;
}

static inline uint8_t events_type(const struct captured *c)
{
	return (uint8_t)c->packet.ptr[4];
}

/* Walks the events of one scene in order: starts with *at = 0, and each call continues. */
static inline const struct captured *events_next(bool mariadb, const char *label, int type,
						 unsigned *at)
{
	while (*at < ncaptured) {
		const struct captured *c = &captured[(*at)++];
		if (c->mariadb == mariadb && strcmp(c->label, label) == 0 &&
		    (type < 0 || events_type(c) == type))
			return c;
	}
	return NULL;
}

/* The format of a scene: both servers were dumped with checksums. */
static inline struct event_format events_format(bool mariadb)
{
	struct event_format format;
	struct err err = ERR_INIT;
	unsigned at = 0;
	const struct captured *c = events_next(mariadb, "rows", EVENT_FORMAT_DESCRIPTION, &at);
	if (c == NULL || event_format_parse(c->packet, &format, &err) < 0)
		abort();
	return format;
}

/* A copy of the first n bytes in an allocation of its own. */
static inline struct slice events_cut(struct slice s, size_t n)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, s.ptr, n);
	return slice_of(copy, n);
}

#endif
