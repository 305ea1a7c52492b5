/* hosts: several servers of one replication set, source.mysql { hosts = {...} }. Connections go to
 * one of them at a time. These functions have no effect for a configuration without hosts.
 * Thread: hosts_choose: the sync's thread, while no other thread opens connections; the others:
 * any. Owner: the caller owns refusals; refusals_fini or hosts_none releases them. */
#ifndef TIDEWAY_HOSTS_H
#define TIDEWAY_HOSTS_H

#include "base/buf.h"
#include "base/err.h"
#include "model/config.h"

/* Why the hosts that were tried cannot be used. */
struct refusals {
	struct buf texts;
	unsigned n;
	bool may_pass; /* one of the hosts may be usable later */
	/* the first reason other than a lost position; that: all hosts have lost it */
	enum err_id id;
	enum err_code code; /* of the same error */
};

/* Makes all new connections go to this host. -1: conn_open tries the hosts in order and chooses the
 * first that answers. */
void hosts_choose(const struct source_config *config, int host);
/* Returns the chosen host; -1: none. */
int hosts_chosen(const struct source_config *config);
/* Writes "db1:3306". */
void hosts_print(const struct source_config *config, unsigned host, char *text, size_t size);
/* Logs the chosen host if it has changed since the last call. */
void hosts_tell(const struct source_config *config);

/* Blames the chosen host: its stream ended with an error that does not pass. The other hosts come
 * first from now on. Returns false if all hosts are blamed, or hosts_end has set that none is left
 * to try. */
bool hosts_blame(const struct source_config *config);
/* Sets whether the chosen host is the last one to try, because the others are refused for good. */
void hosts_end(const struct source_config *config, bool end);
bool hosts_blamed(const struct source_config *config, unsigned host);
/* Forgives all hosts, because the stream has continued past the places for which they were
 * blamed. */
void hosts_forgive(const struct source_config *config);

void refusals_init(struct refusals *refusals);
void refusals_fini(struct refusals *refusals);
/* Adds a host that cannot be used, with the reason. Logs that it is skipped. */
void hosts_refuse(struct refusals *refusals, const struct source_config *config, unsigned host,
		  const struct err *why);
/* Reports that no host can be used; retriable if one of them may be usable later. Releases the
 * refusals. Returns -1. */
int hosts_none(struct refusals *refusals, struct err *err);

#endif
