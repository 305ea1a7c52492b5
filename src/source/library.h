/* library: the version of the client library that is linked. Thread: any. */
#ifndef TIDEWAY_SOURCE_LIBRARY_H
#define TIDEWAY_SOURCE_LIBRARY_H

/* "3.3.19" */
const char *source_library_version(void);

#endif
