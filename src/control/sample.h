/* sample: measures what the copy of a row costs. It reads rows of a table, maps them as the sync does, and sends their messages to
 * a broker inside this process, with the sync's own settings of batches and compression. Nothing leaves the process.
 * Thread: main. Owner: sampler_open / sampler_close. */
#ifndef TIDEWAY_SAMPLE_H
#define TIDEWAY_SAMPLE_H

#include "control/look.h"
#include "source/row_estimate.h"

struct broker;
struct sink;
struct topic;

struct sampler {
	struct look *look;
	struct conn *conn;     /* NULL: not open, or lost with a result that was left */
	struct broker *broker; /* NULL: messages are made, not sent */
	struct sink *sink;     /* to the broker; NULL: none */
	struct topic *topic;   /* all messages go there */
	int64_t spent_ns;      /* of all samples */
	uint64_t busy_ms;      /* of the machine's cores meanwhile */
};

/* What a sample has measured. */
struct sample {
	uint64_t rows;
	uint64_t topic_bytes; /* of their messages, before compression */
	int64_t spent_ns;
	bool whole;        /* it has read every row of the table */
	struct err failed; /* why it has ended early; code ERR_NONE: it did not */
};

int sampler_open(struct sampler *sampler, struct look *look, struct err *err) MUST_CHECK;
void sampler_close(struct sampler *sampler);
/* Read rows from several places of the key, or without its ends from the start of the table, for at most ms. row_bytes: about how
 * large a row is. The messages of the sample are acknowledged when it returns. */
void sampler_take(struct sampler *sampler, const struct table *table, const struct key_ends *ends,
		  uint64_t row_bytes, int64_t ms, struct sample *sample);

#endif
