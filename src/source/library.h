/* library: the version of the linked client library. Thread: any. */
#ifndef TIDEWAY_SOURCE_LIBRARY_H
#define TIDEWAY_SOURCE_LIBRARY_H

/* Returns "3.3.19". */
const char *source_library_version(void);

#endif
