/* alert: something about a sync that a person should know. control/alerts makes alerts from the
 * events of the sync; the script's on_alert gets them.
 * Thread: any; plain data. Owner: whoever holds the struct. */
#ifndef TIDEWAY_ALERT_H
#define TIDEWAY_ALERT_H

#include "base/err.h"

enum alert_severity { ALERT_WARNING, ALERT_CRITICAL };

/* Of a kind that holds for a time: how long the condition must hold before it is an alert, and how
 * long it must be over before its end is one. ONCE: the kind has no end. */
enum alert_pace {
	ALERT_ONCE,
	ALERT_AT_ONCE,       /* begins at once, ends at once */
	ALERT_AFTER_MINUTE,  /* begins after a minute, ends at once */
	ALERT_UNTIL_SETTLED, /* begins at once, ends after a minute */
};

/* X(id, name, severity, pace, text of its end). docs/operations.md explains each. */
#define ALERT_KINDS(X)                                                                             \
	/* an attempt has failed, and another follows */                                           \
	X(RETRYING, "retrying", WARNING, UNTIL_SETTLED, "the sync works again")                    \
	/* the copy takes so long that the binlog it needs may be purged */                        \
	X(RETENTION, "retention", WARNING, AT_ONCE, "the full sync is done")                       \
	/* no connection to the source */                                                          \
	X(SOURCE_AWAY, "source_away", WARNING, AFTER_MINUTE, "the source can be reached again")    \
	/* no broker can be reached */                                                             \
	X(KAFKA_AWAY, "kafka_away", WARNING, AFTER_MINUTE, "Kafka can be reached again")           \
	/* another host of the source is used */                                                   \
	X(FAILOVER, "failover", WARNING, ONCE, "")                                                 \
	/* statements that the script wants to know of */                                          \
	X(DDL, "ddl", WARNING, ONCE, "")                                                           \
	/* the stream continues without a part of the binlog that is missing */                    \
	X(JUMP, "jump", CRITICAL, ONCE, "")                                                        \
	/* nothing of a table is sent any more */                                                  \
	X(QUARANTINE, "quarantine", CRITICAL, ONCE, "")                                            \
	/* the sync has ended with an error; the last of its alerts */                             \
	X(FAILED, "failed", CRITICAL, ONCE, "")

enum alert_kind {
#define X(id, name, severity, pace, end) ALERT_##id,
	ALERT_KINDS(X)
#undef X
		ALERT_KIND_COUNT
};

struct alert {
	enum alert_kind kind;
	bool is_resolved; /* the condition is over */
	const char *sync; /* name of the sync; lives as long as its supervisor */
	enum err_id code; /* of the error that caused it; E_NONE: no error did */
	int64_t time_ms;  /* wall time of the alert */
	int64_t since_ms; /* wall time of the event that began it */
	char text[ERR_TEXT_SIZE];
	char table[ERR_TABLE_SIZE]; /* db.table; "": it is not about a table */
};

/* Returns the name of the kind: "source_away". */
const char *alert_name(enum alert_kind kind);
/* Returns "warning" or "critical". */
const char *alert_severity_name(enum alert_kind kind);
enum alert_pace alert_pace(enum alert_kind kind);
/* Returns the text that begins the alert of the kind's end. */
const char *alert_end_text(enum alert_kind kind);

#endif
