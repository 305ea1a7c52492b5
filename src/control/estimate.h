/* estimate: what the copy of a sync will take: rows and bytes, time, room in the topics, and how much of the binlog's retention.
 * estimate.c has the arithmetic, estimate_make.c reads the input (docs/decisions/0031).
 * Thread: main. Owner: estimate_init / estimate_fini. */
#ifndef TIDEWAY_ESTIMATE_H
#define TIDEWAY_ESTIMATE_H

#include "control/look.h"
#include "model/table.h"

enum {
	ESTIMATE_TABLES = 8, /* the largest ones are sampled */
	ESTIMATE_MS = 900,   /* the longest time for all samples */
	ESTIMATE_TABLE_MS = 300,
	ESTIMATE_WARN_PERCENT = 50, /* of the retention */
};

/* before table_estimate.problem */
#define ESTIMATE_PROBLEM "its rows could not all be sampled: "

struct table_estimate {
	const struct table *table;
	uint64_t rows;
	uint64_t bytes;       /* of its rows in the source */
	uint64_t topic_bytes; /* of its messages, before compression, in one replica */
	double seconds;       /* of a copy with one lane */
	uint64_t sampled; /* rows that were read; 0: the figures come from those of other tables */
	bool exact;       /* all rows were read, and `rows` is exact */
	const char *problem; /* why the sample ended early; NULL: it did not */
};

struct estimate {
	bool copies; /* false: the sync has no copy, and only rows and bytes are known */
	struct arena texts;
	struct table_estimate *tables; /* those of the bootstrap, in its order; heap */
	unsigned ntables;
	unsigned lanes;
	double speedup;         /* how much faster the lanes together are than one */
	double rows_per_second; /* the limit of the script; 0: none */
	double seconds;         /* of the whole copy */
	uint64_t rows, bytes, topic_bytes;
	unsigned unsampled; /* tables with rows but without a sample */
	uint64_t kept_s;    /* how long the server keeps its binlog; 0: not known, or not by age */
};

void estimate_init(struct estimate *estimate);
void estimate_fini(struct estimate *estimate);
/* Make the estimate of a sync that look_connect has connected. Takes about a second at most for all samples. */
int estimate_make(struct estimate *estimate, struct look *look, struct err *err) MUST_CHECK;

/* Scale what was measured for `rows` of the table's rows: their time and their bytes in the topic. */
void table_estimate_scale(struct table_estimate *table, uint64_t rows, double seconds,
			  uint64_t topic_bytes);
/* Fill in the tables without a sample, from the costs of a byte in the others, and the sums. */
void estimate_sum(struct estimate *estimate);
/* Return the tables, the largest first; heap. */
const struct table_estimate **estimate_by_bytes(const struct estimate *estimate);
/* Return how much faster `lanes` are than one that keeps `busy` of the cores busy. */
double estimate_speedup(unsigned lanes, unsigned cores, double busy);
/* Return the copy in percent of the retention; 0: there is none. */
unsigned estimate_percent(const struct estimate *estimate);
/* Return whether the copy may take longer than the server keeps the binlog. */
bool estimate_is_late(const struct estimate *estimate);

/* Append "about 1203000 rows, 412 MB". */
void table_estimate_put_size(const struct table_estimate *table, struct buf *out);
/* Append "about 12 s with one lane, 1.5 GB in its topic before compression". */
void table_estimate_put_cost(const struct table_estimate *table, struct buf *out);
/* Append "about 3 h 10 min with 2 lanes, ...; binlogs kept 4 h: 79 %". */
void estimate_put(const struct estimate *estimate, struct buf *out);
/* Append the remedy for a copy that takes too long. */
void estimate_put_remedy(struct buf *out);

#endif
