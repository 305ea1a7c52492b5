/* hosts: several servers of one replication set, source.mysql { hosts = {...} }: connections go to one of them at a time.
 * Nothing here does anything for a configuration without hosts.
 * Thread: hosts_choose the one that owns the sync, while no other opens connections; the rest any.
 * Owner: refusals_fini, or hosts_none. */
#ifndef TIDEWAY_HOSTS_H
#define TIDEWAY_HOSTS_H

#include "base/buf.h"
#include "base/err.h"
#include "model/config.h"

/* What the hosts that were tried have said. */
struct refusals {
	struct buf texts;
	unsigned n;
	bool may_pass;      /* one of them may serve later */
	enum err_code code; /* ERR_POSITION: all have lost the position; else the first other one */
};

/* Every connection from now on goes to this host; -1: conn_open tries them in order, and keeps to the first that
 * answers. */
void hosts_choose(const struct source_config *config, int host);
/* -1: none is chosen. */
int hosts_chosen(const struct source_config *config);
/* "db1:3306" */
void hosts_print(const struct source_config *config, unsigned host, char *text, size_t size);
/* Says in the log, of the host that is chosen, that it is used now; once until it is another one. */
void hosts_tell(const struct source_config *config);

/* The stream from the host that is chosen has ended with what does not pass there: the others come first from now on. false:
 * they have all been blamed, or cannot serve. */
bool hosts_blame(const struct source_config *config);
/* Whether the host that is chosen now is the last one: the others are refused for good, and no blame is left to share. */
void hosts_end(const struct source_config *config, bool end);
bool hosts_blamed(const struct source_config *config, unsigned host);
/* The stream has gone on: what was said of the hosts was about places that lie behind. */
void hosts_forgive(const struct source_config *config);

void refusals_init(struct refusals *refusals);
void refusals_fini(struct refusals *refusals);
/* Says in the log that this host is passed over, and why. */
void hosts_refuse(struct refusals *refusals, const struct source_config *config, unsigned host,
		  const struct err *why);
/* No host is left: retriable when one of them may serve later. Ends the refusals; -1. */
int hosts_none(struct refusals *refusals, struct err *err);

#endif
