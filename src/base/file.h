/* file: whole files. Thread: any. */
#ifndef TIDEWAY_FILE_H
#define TIDEWAY_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the content of the file to buf. */
int file_read(const char *path, struct buf *buf, struct err *err) MUST_CHECK;
/* Writes beside it, syncs, renames over it, syncs the directory: the old content or the new one. */
int file_replace(const char *path, struct slice content, struct err *err) MUST_CHECK;

#endif
