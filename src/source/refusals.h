/* refusals: why the hosts of a source that were tried cannot be used.
 * Thread: any. Owner: the caller; refusals_fini or refusals_report releases them. */
#ifndef TIDEWAY_REFUSALS_H
#define TIDEWAY_REFUSALS_H

#include "base/buf.h"
#include "base/err.h"
#include "source/source.h"

struct refusals {
	struct buf texts;
	unsigned n;
	bool may_pass; /* one of the hosts may be usable later */
	/* the first reason other than a lost position; that: all hosts have lost it */
	enum err_id id;
	enum err_code code; /* of the same error */
};

void refusals_init(struct refusals *refusals);
void refusals_fini(struct refusals *refusals);
/* Adds a host that cannot be used, with the reason. Logs that it is skipped. */
void refusals_add(struct refusals *refusals, const struct source *source, unsigned host,
		  const struct err *why);
/* Reports that no host can be used; retriable if one of them may be usable later. Releases the
 * refusals. Returns -1. */
int refusals_report(struct refusals *refusals, struct err *err);

#endif
