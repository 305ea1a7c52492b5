/* remedy: what to do, for the messages and entries of errors that share it. Each is a sentence
 * without its full stop, which a message leaves out at its end.
 * Thread: any (string literals). */
#ifndef TIDEWAY_REMEDY_H
#define TIDEWAY_REMEDY_H

/* a new start */
#define REMEDY_NEW_NAME "Start again under another sync name, which copies the tables again"
#define REMEDY_NEW_NAME_AFTER                                                                      \
	"Start again under another sync name: the new sync copies the tables, and its stream "     \
	"begins after this place"
#define REMEDY_RESTART_COPIES "Start again: a table without a definition is copied again then"
#define REMEDY_START_AFTER                                                                         \
	"Start after the statement, or copy the tables with mode = \"full_then_stream\""
#define REMEDY_OTHER_SERVER "Connect to that server again, or start under another sync name"

#define REMEDY_COPY_AGAIN                                                                          \
	"A sync that has lost its position must copy again: give it another name, or delete its "  \
	"checkpoint topic or file while it is stopped. Keep the binlog longer "                    \
	"(binlog_expire_logs_seconds, or expire_logs_days on "                                     \
	"MariaDB)"
#define REMEDY_JUMP                                                                                \
	"on_purged = \"jump\" continues without the missing changes, \"resync\" also copies all "  \
	"tables again"
#define REMEDY_TOPIC_LOST                                                                          \
	"Take its tables out of source.tables for one start and put them back, so that they are "  \
	"copied again, or start under another sync name (a new full sync)"

/* the script */
#define REMEDY_EXCLUDE "Exclude the table in source.tables"

/* the source */
#define REMEDY_ROW_METADATA "Set binlog_row_metadata = FULL on the source"
#define REMEDY_ROW_IMAGE "Set binlog_row_image = FULL on the source and reconnect its writers"
#define REMEDY_LOG_BIN_COMPRESS "Set log_bin_compress = OFF on the source"
#define REMEDY_WAIT_MIGRATION "Wait until the migration that is running has ended"

/* a defect */
#define REMEDY_REPORT "Report it, with the log and the version (tideway version)"
#define REMEDY_NONE_NEEDED "Nothing: Tideway tries again"

#endif
