/* sync: what the parts of one sync share.
 * Thread: struct sync names the threads of each group of its members; sync_stop, sync_abort and sync_stop_part any.
 * Owner: the supervisor; sync_init / sync_fini. */
#ifndef TIDEWAY_SYNC_H
#define TIDEWAY_SYNC_H

#include "engine/state/checkpoint.h"
#include "engine/state/pins.h"
#include "engine/state/selection.h"
#include "engine/state/sync_events.h"
#include "engine/state/table_state.h"
#include "model/config.h"
#include "source/source.h"

#include <stdatomic.h>

struct script_options;
struct watermarks;

/* The parts of a sync, which run and end independently. */
enum sync_part { SYNC_COPY, SYNC_STREAM, SYNC_PARTS };

/* What ends the threads of a sync. Any thread sets them, with sync_stop, sync_abort and
 * sync_stop_part. */
struct sync_flags {
	_Atomic bool stop;  /* end cleanly, now */
	_Atomic bool abort; /* another lane failed: stop without draining */
	_Atomic bool halt;  /* stop or abort: every wait must end */
	_Atomic bool parts
		[SYNC_PARTS]; /* halt, or the end of this part alone: the lanes of the part check it */
};

/* What happens to the messages of a run. */
struct sync_output {
	bool dry_run; /* creates no topics, writes nothing, and neither reads nor saves a checkpoint */
	bool prints; /* a dry run writes its messages to stdout */
	bool raw;    /* messages on a terminal are written as JSON */
};

struct sync_tables {
	const struct table *const *captured; /* of the source, as loaded last; NULL: unknown */
	unsigned ncaptured;
	struct selection chosen; /* by commands, as the attempt has loaded them */
};

struct sync {
	/* Set before the supervisor runs. */
	const struct script_options *script; /* from which each lane loads its own Lua state */
	unsigned index;                      /* number of the sync.run call */
	const struct sync_config *config;
	struct sink_config sink; /* a copy of config's; its outages become events */
	struct sync_output output;
	const char *label;             /* in the log; NULL: this sync is the only one */
	struct watermarks *watermarks; /* of the list of sources; NULL: one source */
	size_t queue_bytes;            /* memory.queue, which all producers share */
	int64_t start_ms;              /* wall time of the start: EXECUTE_TIME in full sync */

	/* Of the sync's own thread: lanes read them. */
	struct source *source; /* NULL: an offline lane, which has none */
	bool mariadb;          /* false until the source is connected */
	struct sync_tables tables;

	/* Of the sync's own thread while no lane runs, then of the stream lane. */
	struct table_states states;

	/* Of all threads. */
	struct sync_flags flags;
	struct checkpoint checkpoint; /* lanes post to it */
	struct pins pins;             /* topics */
	struct sync_events events;
	struct kafka_outage_reader outages; /* emits outages as events */
	_Atomic int64_t thrown_ms; /* by clock_boot_ms, when a lane last threw away what Kafka had
	                              not acknowledged; 0: never */
};

/* The caller initialises and frees the checkpoint. The log reads the events. config: NULL for an
 * offline lane. */
void sync_init(struct sync *sync, const struct script_options *script, unsigned index,
	       const struct sync_config *config);
void sync_fini(struct sync *sync);
/* Fail with ERR_POSITION unless the position belongs to this server (identity of struct server). */
int sync_check_server(const struct sync *sync, const struct position *position,
		      const char *identity, struct err *err) MUST_CHECK;
/* Any thread. */
void sync_stop(struct sync *sync);
void sync_abort(struct sync *sync);
/* End this part alone. Any thread. */
void sync_stop_part(struct sync *sync, enum sync_part part);
/* Return whether the part was ended alone, and neither by a stop nor by an abort. */
bool sync_part_is_stopped(const struct sync *sync, enum sync_part part);
/* Allow the part to run again, unless the sync must end. */
void sync_start_part(struct sync *sync, enum sync_part part);
/* Clear the abort before the lanes start again. A stop remains. */
void sync_again(struct sync *sync);

#endif
