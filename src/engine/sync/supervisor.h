/* supervisor: runs one sync: opens the checkpoint, starts the copy and the stream as children,
 * saves what they post, and starts another attempt after a failure. It is an actor: requests arrive
 * in its mailbox, and only the supervisor changes the state of the sync. It emits what happens as
 * events (engine/state/sync_events.h).
 * Thread: supervisor_run in the sync's own; supervisor_stop, supervisor_wake, supervisor_status and
 * supervisor_events any; the others before supervisor_run. Owner: supervisor_new / supervisor_free. */
#ifndef TIDEWAY_SUPERVISOR_H
#define TIDEWAY_SUPERVISOR_H

#include "base/err.h"
#include "engine/state/sync.h"
#include "engine/state/sync_events.h"
#include "engine/sync/sync_status.h"
#include "engine/sync/table_requests.h"
#include "model/config.h"
#include "script/script.h"

struct source_ops;
struct sink_opener;
struct store;
struct supervisor;
struct watermarks;

/* What a simulated sync uses in place of a server, brokers and a store. */
struct sync_world {
	const struct source_ops *source;
	const struct sink_opener *sink;
	struct store *(*open_store)(void *arg, struct err *err);
	void *arg; /* of source and open_store */
};

struct supervisor_options {
	const struct script_options *script; /* borrowed until supervisor_free */
	unsigned index;                      /* index of the sync.run call in the script */
	bool several; /* there are other syncs: log lines begin with the sync's name */
	struct sync_output output;
	const struct sync_world *world; /* borrowed likewise; NULL: the real world */
};

struct supervisor *supervisor_new(const struct supervisor_options *options, struct err *err);
void supervisor_free(struct supervisor *supervisor);
const struct sync_config *supervisor_config(const struct supervisor *supervisor);
/* Set the watermarks that the syncs of a list of sources share. Borrowed. */
void supervisor_share(struct supervisor *supervisor, struct watermarks *watermarks);
/* Return the prefix of the sync's log lines; NULL: none, because there is no other sync. */
const char *supervisor_label(const struct supervisor *supervisor);
struct sync_events *supervisor_events(struct supervisor *supervisor);
/* Return 0 once the sync has stopped as asked, or has done everything that it was started for. */
int supervisor_run(struct supervisor *supervisor, struct err *err) MUST_CHECK;
/* Return the monotonic time of the failure, once supervisor_run has returned -1. */
int64_t supervisor_failed_ms(const struct supervisor *supervisor);
/* Ask the sync to stop. After a second call it no longer waits for acknowledgements. */
void supervisor_stop(struct supervisor *supervisor);
/* Ask the sync to read nothing until supervisor_resume, also after a restart. supervisor_status shows the wish until it is
 * fulfilled. Any thread. */
void supervisor_pause(struct supervisor *supervisor);
void supervisor_resume(struct supervisor *supervisor);
/* Ask the sync to do something with tables. Set the number of the request. Any thread. */
int supervisor_request(struct supervisor *supervisor, const struct table_order *order, int64_t *id,
		       struct err *err) MUST_CHECK;
/* Return the requests, for table_requests_visit, _waiting and _chosen. Any thread. */
struct table_requests *supervisor_requests(struct supervisor *supervisor);
/* End every wait for the source. Call this repeatedly between supervisor_stop and the end of
 * supervisor_run, because a call does not shut down connections that are opened after it. */
void supervisor_wake(struct supervisor *supervisor);
void supervisor_status(struct supervisor *supervisor, struct sync_status *status);
/* Returns how many rows the sync has sent since the start of the process. Any thread. */
uint64_t supervisor_rows(const struct supervisor *supervisor);
/* The same as sync_numbers_tables and sync_numbers_position. Any thread. */
void supervisor_tables(struct supervisor *supervisor,
		       void (*each)(void *arg, const struct table_progress *table), void *arg);
void supervisor_position(struct supervisor *supervisor, struct buf *out, int64_t *saved_ms);
/* Append the JSON of the record of the last jump over a missing part of the binlog, or nothing. */
void supervisor_jump(struct supervisor *supervisor, struct buf *out);

#endif
