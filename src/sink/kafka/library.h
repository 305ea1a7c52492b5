/* library: the version of the linked Kafka client library. Thread: any. */
#ifndef TIDEWAY_SINK_LIBRARY_H
#define TIDEWAY_SINK_LIBRARY_H

/* "2.0.2" */
const char *sink_library_version(void);

#endif
