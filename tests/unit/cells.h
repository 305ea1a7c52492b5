/* cells: reads tests/data/cells.txt (made by scripts/dev/capture-cells) for the tests that need real cells.
 * Every slice of bytes has its own allocation of exactly its size, so that ASan sees each over-read. */
#ifndef TIDEWAY_TEST_CELLS_H
#define TIDEWAY_TEST_CELLS_H

#include "base/arena.h"
#include "decode/binrow.h"
#include "decode/table_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_FILE "tests/data/cells.txt"

struct cells_case {
	char *sql;
	struct slice rows;   /* body of the rows event */
	struct slice packet; /* row of the binary protocol */
	char *want;          /* "i64 5" */
};

struct cells_group {
	char *title; /* the line that starts with "column" */
	bool mariadb;
	struct column columns[2]; /* c and id */
	struct table table;
	struct slice map, full; /* TABLE_MAP bodies */
	struct binrow_field fields[2];
	struct cells_case *cases;
	unsigned ncases;
};

struct cells {
	struct arena arena;
	struct cells_group *groups;
	unsigned ngroups;
	char **lines;
	unsigned nlines;
};

static inline struct slice cells_bytes(const char *hex, size_t len)
{
	uint8_t *bytes = malloc(len / 2 ? len / 2 : 1);
	for (size_t i = 0; i < len / 2; i++) {
		unsigned v = 0;
		sscanf(hex + 2 * i, "%2x", &v);
		bytes[i] = (uint8_t)v;
	}
	return slice_of(bytes, len / 2);
}

static inline void cells_labels(struct cells *cells, struct column *column, char *text)
{
	static struct slice labels[1000];
	unsigned n = 0;
	char *save = NULL;
	for (char *at = strtok_r(text, ",", &save); at; at = strtok_r(NULL, ",", &save)) {
		struct slice label = strcmp(at, "-") == 0 ? SLICE("") : cells_bytes(at, strlen(at));
		labels[n++] = arena_copy(&cells->arena, label);
		if (label.len)
			free((void *)label.ptr);
	}
	struct slice *copy = ARENA_ARRAY(&cells->arena, n, struct slice);
	memcpy(copy, labels, n * sizeof(*copy));
	column->nlabels = n;
	column->labels = copy;
}

static inline void cells_column(struct cells *cells, struct cells_group *group, const char *line)
{
	char server[16], type[32], charset[32], *copy = strdup(line);
	int is_unsigned, length, scale, at = 0;
	struct column *c = &group->columns[0];
	group->title = strdup(line);
	if (sscanf(line, "column %15s %31s charset=%31s unsigned=%d length=%d scale=%d labels=%n",
		   server, type, charset, &is_unsigned, &length, &scale, &at) < 6)
		abort();
	group->mariadb = strcmp(server, "mariadb") == 0;
	char *end = strchr(copy + at, ' ');
	*end = '\0';
	*c = (struct column){.name = SLICE("c"),
			     .is_unsigned = is_unsigned,
			     .nullable = true,
			     .length = (uint32_t)length,
			     .scale = (uint8_t)scale};
	c->sql_type = arena_copy(&cells->arena, slice_str(end + 1));
	if (!column_type_parse(slice_str(type), &c->type) ||
	    !charset_parse(slice_str(charset), &c->charset))
		abort();
	cells_labels(cells, c, copy + at);
	group->columns[1] = (struct column){.name = SLICE("id"),
					    .sql_type = SLICE("int"),
					    .type = COLUMN_INT,
					    .charset = CHARSET_BINARY};
	static const unsigned pk[] = {1};
	group->table = (struct table){.db = SLICE("capture"),
				      .name = SLICE("t"),
				      .full_name = SLICE("capture.t"),
				      .ncolumns = 2,
				      .npk = 1,
				      .pk = pk};
	free(copy);
}

static inline void cells_field(struct binrow_field *field, struct slice name, const char *line)
{
	unsigned wire, charset, flags, length, decimals;
	if (sscanf(line, "field %u %u %u %u %u", &wire, &charset, &flags, &length, &decimals) != 5)
		abort();
	*field = (struct binrow_field){name,   (uint8_t)wire,    (uint16_t)charset, (uint16_t)flags,
				       length, (uint8_t)decimals};
}

static inline void cells_lines(struct cells *cells)
{
	FILE *file = fopen(CELLS_FILE, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	if (file == NULL)
		return;
	while ((len = getline(&line, &cap, file)) >= 0) {
		if (len > 0 && line[len - 1] == '\n')
			line[len - 1] = '\0';
		cells->lines = realloc(cells->lines, (cells->nlines + 1) * sizeof(char *));
		cells->lines[cells->nlines++] = strdup(line);
	}
	free(line);
	fclose(file);
}

static inline bool cells_is(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

static inline void cells_add_case(struct cells_group *group, char **lines)
{
	group->cases = realloc(group->cases, (group->ncases + 1) * sizeof(*group->cases));
	struct cells_case *c = &group->cases[group->ncases++];
	const char *blank = strchr(lines[1], ' ');
	c->sql = lines[0];
	c->rows = cells_bytes(lines[1], (size_t)(blank - lines[1]));
	c->packet = cells_bytes(blank + 1, strlen(blank + 1));
	c->want = lines[2];
}

static inline void cells_load(struct cells *cells)
{
	struct cells_group *group = NULL;
	unsigned field = 0;
	*cells = (struct cells){0};
	arena_init(&cells->arena, 0);
	cells_lines(cells);
	for (unsigned i = 0; i < cells->nlines; i++) {
		char *line = cells->lines[i];
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (cells_is(line, "column ")) {
			cells->groups =
				realloc(cells->groups, (cells->ngroups + 1) * sizeof(*group));
			group = &cells->groups[cells->ngroups++];
			memset(group, 0, sizeof(*group));
			field = 0;
			cells_column(cells, group, line);
		} else if (cells_is(line, "map FULL ")) {
			group->full = cells_bytes(line + 9, strlen(line + 9));
		} else if (cells_is(line, "map ")) {
			const char *hex = strchr(line + 4, ' ') + 1;
			group->map = cells_bytes(hex, strlen(hex));
		} else if (cells_is(line, "field ")) {
			cells_field(&group->fields[field], field ? SLICE("id") : SLICE("c"), line);
			field++;
		} else {
			cells_add_case(group, &cells->lines[i]);
			i += 2;
		}
	}
	for (unsigned i = 0; i < cells->ngroups; i++)
		cells->groups[i].table.columns = cells->groups[i].columns;
}

static inline void cells_free(struct cells *cells)
{
	for (unsigned i = 0; i < cells->ngroups; i++) {
		struct cells_group *group = &cells->groups[i];
		for (unsigned k = 0; k < group->ncases; k++) {
			free((void *)group->cases[k].rows.ptr);
			free((void *)group->cases[k].packet.ptr);
		}
		free((void *)group->map.ptr);
		free((void *)group->full.ptr);
		free(group->cases);
		free(group->title);
	}
	for (unsigned i = 0; i < cells->nlines; i++)
		free(cells->lines[i]);
	free(cells->lines);
	free(cells->groups);
	arena_fini(&cells->arena);
}

static inline struct event cells_event(uint8_t type, struct slice body)
{
	return (struct event){
		.type = type, .size = (uint32_t)(EVENT_HEADER_SIZE + body.len), .body = body};
}

#endif
