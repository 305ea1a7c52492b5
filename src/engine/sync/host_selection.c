#include "engine/sync/host_selection_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/state/checkpoint.h"
#include "engine/state/identity.h"
#include "engine/state/records.h"
#include "source/dump.h"
#include "source/refusals.h"
#include "source/inspect.h"
#include "source/standby.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PLACE = 300,
	ANSWER_S = 30, /* a host that accepts the connection and does not answer is skipped */
};

/* ---- what is needed ---- */

void selection_need(struct host_selection *selection, const struct gtid_set *gtids)
{
	struct gtid_set *set;
	if (selection->nneeded == selection->cap) {
		selection->cap = selection->cap ? 2 * selection->cap : 16;
		selection->needed = mem_resize(selection->needed, selection->cap, sizeof(*set));
	}
	set = &selection->needed[selection->nneeded++];
	gtid_set_init(set, gtids->flavour);
	gtid_set_copy(set, gtids);
}

static bool is_needed(const struct host_selection *selection, const struct gtid_set *gtids)
{
	for (size_t i = 0; i < selection->nneeded; i++)
		if (gtid_set_equal(&selection->needed[i], gtids))
			return true;
	return false;
}

/* The stream's position contains what the stream has passed, and every host is checked for the
 * position anyway. */
static void need_position(struct host_selection *selection, const struct position *position)
{
	if (position_is_set(position) &&
	    position->gtids.flavour == selection->position->gtids.flavour &&
	    !gtid_set_subset(&position->gtids, &selection->position->gtids) &&
	    !is_needed(selection, &position->gtids))
		selection_need(selection, &position->gtids);
}

int selection_need_tables(struct host_selection *selection, struct err *err)
{
	struct slice name, value;
	struct arena arena;
	size_t at = 0;
	int rc = 0;
	arena_init(&arena, 0);
	while (rc == 0 &&
	       checkpoint_next(&selection->sync->checkpoint, &at, SLICE("full/"), &name, &value)) {
		struct table_record record;
		table_record_init(&record, TABLE_NEW);
		rc = table_record_read(&record, name, value, &arena, err);
		if (rc == 0) {
			need_position(selection, &record.start);
			need_position(selection, &record.read_at);
		}
		table_record_fini(&record);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return rc;
}

static int need_of_databases(struct host_selection *selection, struct err *err)
{
	struct slice name, value;
	size_t at = 0;
	int rc = 0;
	while (rc == 0 && checkpoint_next(&selection->sync->checkpoint, &at, SLICE("adopted/"),
					  &name, &value)) {
		struct position start;
		position_init(&start);
		rc = database_record_read(&start, name, value, err);
		if (rc == 0)
			need_position(selection, &start);
		position_fini(&start);
	}
	return rc;
}

static int find_needed(struct host_selection *selection, struct err *err)
{
	if (selection->position == NULL)
		return 0;
	selection_need(selection, &selection->position->gtids);
	return selection_need_tables(selection, err) < 0 ? -1 : need_of_databases(selection, err);
}

/* ---- one host ---- */

static enum gtid_flavour flavour_of(const struct server *server)
{
	return server->mariadb ? GTID_MARIADB : GTID_MYSQL;
}

static int refuse_behind(struct host_selection *selection, struct conn *conn, struct err *err)
{
	struct gtid_set all;
	struct buf text;
	gtid_set_init(&all, selection->position->gtids.flavour);
	for (size_t i = 0; i < selection->nneeded; i++)
		gtid_set_merge(&all, &selection->needed[i]);
	buf_init(&text);
	gtid_set_print(&all, &text);
	gtid_set_fini(&all);
	err_set(err, E_HOST_LAGS,
		"source %s (server %s) does not have everything that sync '%s' has read from "
		"server %s (GTID %.300s): it lags, lost its last writes, or belongs to another "
		"replication set",
		conn_place(conn), conn_server(conn)->identity, selection->sync->config->name,
		selection->position->server, buf_cstr(&text));
	buf_fini(&text);
	return -1;
}

/* Check the GTIDs of a position of another server. */
static int check_other(struct host_selection *selection, struct conn *conn, struct err *err)
{
	const struct server *server = conn_server(conn);
	int rc;
	if (!server->gtid || selection->position->gtids.flavour != flavour_of(server) ||
	    gtid_set_empty(&selection->position->gtids))
		return sync_check_server(selection->sync, selection->position, server->identity,
					 err);
	rc = standby_has(conn, selection->needed, selection->nneeded, err);
	if (rc == 0)
		return refuse_behind(selection, conn, err);
	return rc < 0 ? -1 : standby_check_domains(conn, &selection->position->gtids, err);
}

/* Ask the server itself for what is after the position: only the server knows what its binlog contains. */
static int try_position(struct host_selection *selection, const struct position *position,
			struct conn *conn, struct err *err)
{
	const struct sync_config *config = selection->sync->config;
	char name[100];
	if (config->mode == MODE_FULL)
		return 0;
	if (source_has_position(conn, position, err) < 0) {
		if (!selection->jumps || err->id != E_BINLOG_PURGED)
			return -1;
		*err = (struct err)ERR_INIT;
	}
	if (identity_check(selection->sync, position, err) < 0)
		return -1;
	if (selection->jumps)
		return 0;
	/* it must neither end the dump of another process of the name nor be ended by it */
	snprintf(name, sizeof(name), "%s/try-%d-%" PRId64, config->name, (int)getpid(),
		 clock_wall_ms());
	return dump_try(selection->sync->source, position, name, err);
}

static int check_position(struct host_selection *selection, struct conn *conn, struct err *err)
{
	struct position there;
	int rc;
	if (strcmp(selection->position->server, conn_server(conn)->identity) == 0)
		return try_position(selection, selection->position, conn, err);
	if (check_other(selection, conn, err) < 0)
		return -1;
	position_init(&there);
	position_copy(&there, selection->position);
	host_move_position(&there, conn);
	rc = try_position(selection, &there, conn, err);
	position_fini(&there);
	return rc;
}

/* Return whether the host is a replica, which may still receive what it lacks. */
static bool may_catch_up(struct host_selection *selection, struct conn *conn)
{
	struct err ignored = ERR_INIT;
	return selection->position &&
	       selection->position->gtids.flavour == flavour_of(conn_server(conn)) &&
	       standby_has(conn, selection->needed, selection->nneeded, &ignored) == 0 &&
	       standby_replicates(conn, &ignored) == 1;
}

static int check_host(struct host_selection *selection, struct conn *conn, struct err *err)
{
	if (inspect_required(conn, err) < 0 || standby_check_logs(conn, err) < 0)
		return -1;
	if (selection->position == NULL || check_position(selection, conn, err) == 0)
		return 0;
	if (err->code == ERR_POSITION)
		err->retriable = may_catch_up(selection, conn);
	return -1;
}

/* ---- all of them ---- */

static struct conn *try_host(struct host_selection *selection, unsigned host, struct err *err)
{
	struct source *source = selection->sync->source;
	struct conn *conn;
	source_host_select(source, (int)host);
	conn = conn_open(source, CONN_CONTROL, err);
	if (conn) {
		conn_set_deadline(conn, ANSWER_S);
		if (check_host(selection, conn, err) == 0) {
			conn_set_deadline(conn, 0);
			return conn;
		}
	}
	conn_free(conn);
	source_host_select(source, -1);
	return NULL;
}

/* Return NULL with an error if no other host should be tried; without one if each host is among the
 * refusals. */
static struct conn *first_host(struct host_selection *selection, bool blamed,
			       struct refusals *refusals, struct err *err)
{
	struct source *source = selection->sync->source;
	for (unsigned i = 0; i < source_config(source)->nhosts; i++) {
		struct err why = ERR_INIT;
		struct conn *conn;
		if (source_host_blamed(source, i) != blamed)
			continue;
		conn = try_host(selection, i, &why);
		if (conn)
			return conn;
		if (why.code == ERR_DISPLACED) {
			*err = why;
			return NULL;
		}
		if (atomic_load(&selection->sync->flags.halt)) {
			err_retry(err, E_STOPPED_READING, "stopped while the hosts were tried");
			return NULL;
		}
		refusals_add(refusals, source, i, &why);
	}
	return NULL;
}

static void report_host(struct sync *sync)
{
	char host[PLACE], before[PLACE];
	int before_host;
	if (!source_host_changed(sync->source, &before_host))
		return;
	source_print_host(sync->source, (unsigned)source_chosen_host(sync->source), host,
			  sizeof(host));
	if (before_host >= 0)
		source_print_host(sync->source, (unsigned)before_host, before, sizeof(before));
	sync_events_emit(&sync->events, (struct sync_event){
						.kind = SYNC_EVENT_HOST_CHANGED,
						.host = {host, before_host >= 0 ? before : NULL},
					});
}

static struct conn *try_hosts(struct host_selection *selection, struct err *err)
{
	struct refusals refusals;
	struct conn *conn;
	refusals_init(&refusals);
	conn = first_host(selection, false, &refusals, err);
	if (conn == NULL && err->code == ERR_NONE) {
		/* blamed hosts are tried last, and for good if no other host may become
		 * available */
		source_set_last_host(selection->sync->source, !refusals.may_pass);
		conn = first_host(selection, true, &refusals, err);
	} else {
		source_set_last_host(selection->sync->source, false);
	}
	if (conn)
		report_host(selection->sync);
	else if (err->code == ERR_NONE)
		refusals_report(&refusals, err);
	refusals_fini(&refusals);
	return conn;
}

/* Connect to the only server. The position is checked where that is needed. */
static struct conn *only_host(struct source *source, struct err *err)
{
	struct conn *conn = conn_open(source, CONN_CONTROL, err);
	if (conn == NULL || inspect_required(conn, err) == 0)
		return conn;
	conn_free(conn);
	return NULL;
}

static struct conn *select_host(struct host_selection *selection, struct err *err)
{
	struct sync *sync = selection->sync;
	struct conn *conn = NULL;
	if (sync->config->source.nhosts == 0)
		return only_host(sync->source, err);
	if (find_needed(selection, err) == 0)
		conn = try_hosts(selection, err);
	for (size_t i = 0; i < selection->nneeded; i++)
		gtid_set_fini(&selection->needed[i]);
	free(selection->needed);
	return conn;
}

struct conn *host_select(struct sync *sync, const struct position *position, struct err *err)
{
	struct host_selection selection = {.sync = sync, .position = position};
	return select_host(&selection, err);
}

struct conn *host_select_jump(struct sync *sync, const struct position *position, struct err *err)
{
	struct host_selection selection = {.sync = sync, .position = position, .jumps = true};
	return select_host(&selection, err);
}

uint64_t host_sequence_beyond(uint64_t sequence)
{
	uint64_t now = (uint64_t)clock_wall_ms() * 1000000, beyond = sequence + UNSAVED;
	return beyond > now ? beyond : now;
}

void host_move_position(struct position *position, const struct conn *conn)
{
	snprintf(position->server, sizeof(position->server), "%s", conn_server(conn)->identity);
	position->file[0] = '\0';
	position->offset = 0;
	position->row_offset = 0;
	position->identity = (struct binlog_identity){.offset = 0};
	position->sequence = host_sequence_beyond(position->sequence);
}
