/* supervisor_priv: what supervisor.c (its interface, checkpoint and pause), supervisor_state.c (mail, state and end), table_commands.c (commands
 * for tables) and attempt.c (the children) share.
 * Thread: the sync's own, unless stated. */
#ifndef TIDEWAY_SUPERVISOR_PRIV_H
#define TIDEWAY_SUPERVISOR_PRIV_H

#include "base/backoff.h"
#include "base/mailbox.h"
#include "engine/copy/backfill.h"
#include "engine/copy/full.h"
#include "engine/stream/stream.h"
#include "engine/sync/bootstrap.h"
#include "engine/sync/child.h"
#include "engine/sync/handover.h"
#include "engine/sync/pause.h"
#include "engine/sync/retention.h"
#include "engine/sync/supervisor.h"
#include "engine/sync/table_check.h"
#include "engine/sync/table_requests.h"

enum mail_kind {
	MAIL_STOP,   /* the sync must stop */
	MAIL_WISH,   /* a command has left a wish */
	MAIL_ENDED,  /* a child has ended */
	MAIL_POSTED, /* the checkpoint has something to save */
	MAIL_KINDS
};

/* A mailbox contains each mail at most once: posting it again has no effect. */
struct mail {
	enum mail_kind kind;
	_Atomic bool is_posted;
};

/* An attempt: what it looked up, and its result. */
struct attempt {
	struct bootstrap bootstrap;
	int64_t begun_ms;      /* monotonic */
	int64_t copy_begun_ms; /* monotonic */
	bool has_looked;       /* the source, the script and the topics fit */
	bool has_copied;       /* it has begun to read tables */
	bool has_saved;        /* data of its lanes was saved to the checkpoint */
	bool renews;           /* it ends cleanly, and the next one begins at once */
	bool has_others; /* at its end: there is a position, and captured tables besides the one that the error names */
	int rc; /* -1: it has failed, and its children must end */
	struct err err;
};

/* The failure of the sync. */
struct failure {
	struct err err;
	int64_t ms; /* monotonic */
};

/* A part of the binlog is missing, and the next attempt jumps over it. */
struct missing {
	bool is_due; /* no attempt has begun with it */
	struct err why;
};

/* The current round of the copy. */
struct round {
	struct full full;
	struct retention retention; /* of the binlog */
};

/* Tables that are copied beside the stream. */
struct backfilling {
	struct child child; /* the reader */
	struct backfill work;
	bool is_open; /* `work` is initialised */
};

/* What an attempt runs. A child of it has ended when no attempt runs. */
struct attempt_work {
	struct child copying, streaming;
	struct backfilling backfilling;
	struct round round;
	struct stream *stream; /* the running stream; NULL: none */
};

/* How far the request of a command for tables has come. */
enum command_stage {
	COMMAND_NONE,     /* there is none */
	COMMAND_CHECKING, /* against the source, in a thread of its own */
	COMMAND_ACCEPTED, /* it can take effect */
	COMMAND_POSTED,   /* its record is posted to the checkpoint */
	COMMAND_SAVED,    /* it has taken effect, but no attempt has begun with it */
};

struct table_commands {
	struct table_requests requests;
	struct table_request *current;  /* NULL: none */
	enum command_stage stage;       /* of the current one */
	struct selection before, after; /* of tables, by the current request */
	struct child checking;
	struct table_check check; /* initialised while `checking` is started */
	int64_t retry_ms;         /* monotonic: before that, no request is checked again */
};

struct supervisor {
	struct sync sync;
	const struct sync_world *world; /* NULL: the real one */
	struct script *script;          /* patterns and checks */
	struct handover handover;       /* from the earlier process, and to the next */
	struct sync_numbers numbers;
	_Atomic enum sync_state state;
	struct mailbox box;
	struct mail mails[MAIL_KINDS];

	struct attempt *attempt; /* the current one; NULL: none */
	bool checkpoint_is_open;
	bool saved; /* what the last attempt posted at its end was saved */
	struct backoff backoff;
	int64_t retry_ms; /* monotonic, when the next attempt begins */

	struct missing missing;
	struct failure failure;
	struct pause pause;
	struct attempt_work work;
	struct table_commands commands;
};

/* supervisor_state.c */
/* Post a mail. Any thread. */
void supervisor_post(struct supervisor *supervisor, enum mail_kind kind);
/* Post that a child has ended. arg: the supervisor. */
void supervisor_post_ended(void *arg);
/* Return the kind of the next mail; MAIL_KINDS: none arrived in time. */
enum mail_kind supervisor_take_mail(struct supervisor *supervisor, int64_t wait_ms);
void supervisor_enter(struct supervisor *supervisor, enum sync_state state);
bool supervisor_is_pausing(const struct supervisor *supervisor);
bool supervisor_is_stopping(const struct supervisor *supervisor);
/* End the sync. err: NULL if it has ended without an error. */
void supervisor_end(struct supervisor *supervisor, const struct err *err);
/* begun_ms: monotonic, when what has failed began. */
void supervisor_wait_for_retry(struct supervisor *supervisor, int64_t begun_ms,
			       const struct err *err);

/* table_commands.c */
void commands_init(struct supervisor *supervisor);
void commands_fini(struct supervisor *supervisor);
/* When the sync has ended: end the check that may run. */
void commands_end(struct supervisor *supervisor);
/* Publish the tables that commands have chosen, as the attempt has loaded them. */
void commands_show(struct supervisor *supervisor);
/* Check the requests of commands, while the checkpoint is open. Return whether one can take effect. */
bool commands_serve(struct supervisor *supervisor);
/* Let it take effect when the checkpoint is saved. */
void commands_post(struct supervisor *supervisor);
/* After a save: find out whether the request has taken effect. If its record could not be saved, it is checked again. */
void commands_settle(struct supervisor *supervisor);
/* An attempt has begun with the changed selection, or the sync is paused. */
void commands_done(struct supervisor *supervisor);
/* No attempt can begin, because of an error that does not pass. If a command was saved just before, undo its change. Return whether
 * another attempt may begin then. */
bool commands_withdraw(struct supervisor *supervisor, const struct err *why);

/* attempt.c */
/* Prepare the children. */
void attempt_init(struct supervisor *supervisor);
/* Look at the source and start the children, or end the attempt. */
void attempt_begin(struct supervisor *supervisor);
/* Wait for mail, and handle what has happened while children work. */
void attempt_watch(struct supervisor *supervisor);

#endif
