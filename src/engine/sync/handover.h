/* handover: whether the process that ran this sync before may still be sending (docs/decisions/0019). The checkpoint's
 * record `process` has the id of the process that took it over last; `process/lock`, which is written by one that sends, where
 * that holds the lock of the sync's name, and whether it has ended with nothing on its way. A new process waits until
 * the lease of the one before is over, unless this record, or the lock, shows that it has ended.
 *   process/lock  {"server":"1","started":1764600000}    it runs, or was killed
 *                 {}                                     the same, and it does not hold the lock
 *                 {"ended":true}                         it has ended
 * Thread: the sync's own. Owner: the supervisor. */
#ifndef TIDEWAY_HANDOVER_H
#define TIDEWAY_HANDOVER_H

#include "engine/sync/instance_lock.h"

#include <stdatomic.h>

struct checkpoint;

struct handover {
	struct checkpoint *checkpoint; /* NULL: it is one that nobody can take over */
	struct lock_place before;      /* of the process before */
	bool over;                     /* no process before this one can be sending */
	bool begun;                    /* this one may have sent something */
	int64_t until_ms;        /* by clock_boot_ms: then the lease of the one before is over */
	struct lock_place noted; /* where the record says that this process holds the lock */
};

/* After the opening of the checkpoint, which has fenced the process before: writes this one's id. */
int handover_begin(struct handover *handover, struct checkpoint *checkpoint,
		   struct err *err) MUST_CHECK;
/* Waits for the end of the lease of the process before, where that is needed. */
int handover_wait(struct handover *handover, const struct instance_lock *lock, const char *sync,
		  const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Posts where a process that sends holds the lock; it must be saved before the first message. */
void handover_note(struct handover *handover, const struct instance_lock *lock);
/* The same, when the lock is not where it was. */
void handover_keep(struct handover *handover, const struct instance_lock *lock);
/* At the end of the process, when nothing that it sent is on its way: saves that. */
void handover_end(struct handover *handover);

#endif
