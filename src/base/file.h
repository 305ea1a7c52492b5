/* file: reads and replaces whole files. Thread: any. */
#ifndef TIDEWAY_FILE_H
#define TIDEWAY_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the content of the file to buf. On failure buf is unchanged. */
int file_read(const char *path, struct buf *buf, struct err *err) MUST_CHECK;
/* Replaces the file's content so that a crash leaves either the old content or the new content:
 * writes a new file beside it, syncs that file, renames it over the old file, syncs the
 * directory. */
int file_replace(const char *path, struct slice content, struct err *err) MUST_CHECK;

#endif
