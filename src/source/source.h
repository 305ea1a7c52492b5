/* source: a server that rows are read from, or several servers (hosts) of one replication set: the
 * configuration, the host in use, which hosts have failed, and the open connections.
 * The functions of hosts have no effect for a source without a list of hosts.
 * Thread: source_shutdown and source_chosen_host: any. The other functions that change the source:
 * the sync's thread, while no other thread opens connections.
 * Owner: source_new / source_free, after the last connection is closed. */
#ifndef TIDEWAY_SOURCE_H
#define TIDEWAY_SOURCE_H

#include "model/config.h"

#include <stddef.h>

struct source;
struct source_ops;

/* config is borrowed as long as the source exists. */
struct source *source_new(const struct source_config *config);
/* The same with other functions than those of a server (source_ops.h). arg: theirs. */
struct source *source_new_with(const struct source_config *config, const struct source_ops *ops,
			       void *arg);
void source_free(struct source *source);
const struct source_config *source_config(const struct source *source);
const struct source_ops *source_ops(const struct source *source);
void *source_arg(const struct source *source);
/* Ends the blocked reads of every open connection, for a stop: nobody needs the answers any more. A
 * connection that holds a lock (CONN_LOCK) is left alone, unless it has waited for an answer for a
 * second. Call it again until all have ended, because a thread may just be opening another
 * connection. */
void source_shutdown(struct source *source);

/* Makes all new connections go to this host. -1: conn_open tries the hosts in order and chooses the
 * first that answers. */
void source_host_select(struct source *source, int host);
/* Returns the chosen host; -1: none. */
int source_chosen_host(const struct source *source);
/* Writes "db1:3306". */
void source_print_host(const struct source *source, unsigned host, char *text, size_t size);
/* Returns whether the chosen host is another one than at the last such change. *before: that one; -1:
 * there was none. */
bool source_host_changed(struct source *source, int *before);
/* Blames the chosen host: its stream ended with a permanent error. The other hosts come first from
 * now on. Returns false if all hosts are blamed, or source_set_last_host has set that none is left
 * to try. */
bool source_blame_host(struct source *source);
/* Sets whether the chosen host is the last one to try, because the others are refused for good. */
void source_set_last_host(struct source *source, bool is_last);
bool source_host_blamed(const struct source *source, unsigned host);
/* Forgives all hosts, because the stream has continued past the places for which they were
 * blamed. */
void source_forgive_hosts(struct source *source);

#endif
