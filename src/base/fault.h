/* fault: named points where tests make things fail: TIDEWAY_FAULT="name:n[,name:n]" fails the n-th
 * passage (1-based) of a point, "name:n:kill" kills the process there with SIGKILL.
 * One list: enum, names and the test that each has a test come from FAULT_POINTS. Thread: any. */
#ifndef TIDEWAY_FAULT_H
#define TIDEWAY_FAULT_H

#include <stdbool.h>

#define FAULT_POINTS(X)                                                                            \
	X(PRODUCE, "produce")           /* before a message is handed to the producer */           \
	X(ACK, "ack")                   /* before a delivery report is counted */                  \
	X(SAVE, "save")                 /* before a checkpoint is saved */                         \
	X(SAVED, "saved")               /* after a checkpoint was saved */                         \
	X(SNAPSHOT, "snapshot")         /* after a snapshot was opened */                          \
	X(CHUNK, "chunk")               /* after a chunk of the full sync was read */              \
	X(TABLE_DONE, "table_done")     /* after a table of the full sync was acknowledged */      \
	X(STREAM_START, "stream_start") /* before the stream begins */                             \
	X(DDL, "ddl")                   /* after a DDL statement was applied to the catalog */

enum fault_point {
#define X(id, name) FAULT_##id,
	FAULT_POINTS(X)
#undef X
		FAULT_COUNT
};

extern bool fault_armed; /* set once at start, before any thread */

/* Reads TIDEWAY_FAULT; an unknown name ends the process with a usage error. */
void fault_init(void);
bool fault_hit(enum fault_point point);

/* True when this passage is to fail. */
#define FAULT(point) (__builtin_expect(fault_armed, 0) && fault_hit(FAULT_##point))

#endif
