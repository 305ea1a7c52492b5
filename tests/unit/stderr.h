/* stderr: captures what a function writes to stderr. Thread: the test's. */
#ifndef TIDEWAY_TESTS_STDERR_H
#define TIDEWAY_TESTS_STDERR_H

#include <stdio.h>
#include <unistd.h>

#include "unit.h"

/* Runs `body` with stderr in a file and returns what it wrote, valid until the next call. */
static inline const char *stderr_of(void (*body)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stderr);
	int saved = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	body();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return text;
}

#endif
