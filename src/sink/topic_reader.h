/* topic_reader: reads the partitions of a topic that the sync writes to. While no broker can be reached, it waits until *halt is true.
 * Thread: one. Owner: topic_reader_open / topic_reader_close. */
#ifndef TIDEWAY_TOPIC_READER_H
#define TIDEWAY_TOPIC_READER_H

#include "base/err.h"
#include "model/config.h"
#include "model/message.h"

#include <stdatomic.h>

struct topic_reader;

/* config and halt must outlive the reader. purpose: what the caller does, for messages, "find deleted rows"; a constant. */
struct topic_reader *topic_reader_open(const struct sink_config *config, struct slice topic,
				       const char *purpose, const _Atomic bool *halt,
				       struct err *err);
void topic_reader_close(struct topic_reader *reader);
/* Set where the partition begins and ends now: at its first message, and after the last acknowledged one. */
int topic_reader_range(struct topic_reader *reader, int partition, int64_t *begin, int64_t *end,
		       struct err *err) MUST_CHECK;
/* Takes a message, which has an offset, a key, a value and headers, and lives until it returns. Returns whether it wants another one. */
typedef bool topic_take_fn(void *arg, const struct message *message);
/* Read the messages of a partition with the offsets from `from` to before `until`. Those that the brokers have removed are passed
 * over, and so are those of transactions that were aborted. */
int topic_reader_read(struct topic_reader *reader, int partition, int64_t from, int64_t until,
		      topic_take_fn *take, void *arg, struct err *err) MUST_CHECK;

#endif
