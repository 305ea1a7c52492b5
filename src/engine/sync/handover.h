/* handover: whether the process that ran this sync before may still be sending (docs/decisions/0019). Two records of the
 * checkpoint answer that. `process` has the id of the process that took over last. A process that sends writes `process/lock`:
 *   {"server":"1","started":1764600000}    it runs or was killed; it holds the lock of the sync's name on that server
 *   {}                                     the same, without the lock
 *   {"ended":true}                         it has ended, and nothing that it sent is in flight
 * A new process waits until the lease of the earlier one is over, unless this record or the lock shows that it has ended.
 * Thread: the sync's own. Owner: the supervisor. */
#ifndef TIDEWAY_HANDOVER_H
#define TIDEWAY_HANDOVER_H

#include "engine/sync/instance_lock.h"

#include <stdatomic.h>

struct checkpoint;

struct handover {
	struct checkpoint *checkpoint; /* NULL: no other process can take it over */
	struct lock_place before;      /* of the earlier process */
	bool over;                     /* no earlier process can be sending */
	bool begun;                    /* this process may have sent something */
	int64_t until_ms;              /* by clock_boot_ms: the lease of the earlier process ends */
	struct lock_place noted; /* where this process holds the lock, according to the record */
};

/* Write the id of this process, after the checkpoint was opened, which has fenced the earlier
 * process. */
int handover_begin(struct handover *handover, struct checkpoint *checkpoint,
		   struct err *err) MUST_CHECK;
/* Wait for the end of the lease of the earlier process if necessary. */
int handover_wait(struct handover *handover, const struct instance_lock *lock, const char *sync,
		  const _Atomic bool *stop, struct err *err) MUST_CHECK;
/* Post where this process holds the lock. It must be saved before the first message. */
void handover_note(struct handover *handover, const struct instance_lock *lock);
/* Post it again if the lock has moved. */
void handover_keep(struct handover *handover, const struct instance_lock *lock);
/* Save that this process has ended, when nothing that it sent is in flight. */
void handover_end(struct handover *handover);

#endif
