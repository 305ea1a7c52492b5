/* sim_world: what a simulated sync has outside of itself: a MariaDB server with two tables, brokers and a checkpoint, in memory.
 * They outlive the process: when that is killed, what it does from then on has no effect.
 * The tables are `d`.`t` and `d`.`u`, or `e`.`u` (id INT PRIMARY KEY, n INT NOT NULL); u has the higher keys. Statements exchange the
 * columns of a table, which no TABLE_MAP shows. A transaction is in the binlog before a snapshot shows it. Each change gives n the number of its transaction, so that messages can be
 * compared with the binlog.
 * Thread: the one that has the turn (sim_sched.h). */
#ifndef TIDEWAY_TESTS_SIM_WORLD_H
#define TIDEWAY_TESTS_SIM_WORLD_H

#include "unit/events.h"
#include "unit/sim_sched.h"

#include "base/clock.h"
#include "base/num.h"
#include "decode/crc32.h"
#include "engine/state/table_record.h"
#include "engine/sync/supervisor.h"
#include "schema/catalog.h"
#include "schema/ddl.h"
#include "sink/sink_priv.h"
#include "sink/store/store_priv.h"
#include "source/capacity.h"
#include "source/catalog_load.h"
#include "source/conn_priv.h"
#include "source/dump_priv.h"
#include "source/source_ops.h"

enum {
	WORLD_TABLES = 2,
	TABLE_KEYS = 12, /* of each table */
	WORLD_KEYS = WORLD_TABLES * TABLE_KEYS,
	WORLD_TRXS = 400,
	WORLD_EVENTS = 8 * WORLD_TRXS,
	WORLD_MESSAGES = 20000,
	WORLD_SERVER = 1,
	HEARTBEAT_LAG_MS = 500,
};

struct world_event {
	struct slice packet; /* heap */
	uint64_t end;        /* offset after it */
};

struct world_change {
	unsigned trx; /* that made it, from 1 */
	int key;
	bool is_delete;
};

struct world_message {
	int key;
	unsigned n; /* of the row; of a delete, that of the row before */
	bool is_delete;
};

struct world {
	/* the server */
	char file[64];
	struct slice format; /* FORMAT_DESCRIPTION; heap */
	struct world_event events[WORLD_EVENTS];
	unsigned nevents;
	size_t first_of[WORLD_TRXS + 2]; /* event with which a transaction begins; from 1 */
	uint64_t begin_of[WORLD_TRXS + 2];
	unsigned ntrxs;
	unsigned rows[WORLD_KEYS]; /* n of each key; 0: there is no such row */
	struct world_view {
		unsigned rows[WORLD_KEYS]; /* that a SELECT shows now */
		unsigned ntrxs;            /* the same as a position */
		uint64_t end;
	} visible;
	struct world_change changes[4 * WORLD_TRXS];
	unsigned nchanges;
	struct catalog *catalog;
	bool is_apart;              /* u is in a database of its own */
	bool swapped[WORLD_TABLES]; /* n is the first column */
	unsigned nswaps;
	uint64_t end;
	unsigned lose_one_in; /* a connection is lost at one packet or row in so many; 0: none */
	/* the brokers */
	struct world_message messages[WORLD_MESSAGES];
	unsigned nmessages;
	int64_t away_until_ms;
	unsigned fail_one_in; /* a poll in so many gives a delivery error; 0: none */
	/* the checkpoint */
	struct store store; /* the durable records; each process has a copy */
	bool selects[WORLD_TABLES];
	unsigned since[WORLD_TABLES]; /* the transaction after which the stream sends each change */
	bool has_saved;
	unsigned saved; /* of the last position */
	unsigned saves;
	unsigned continued; /* ranges that were read of a table with finished ones */
	/* the process */
	bool is_dead;
	char wrong[200]; /* what must not be; "": nothing */
	struct sync_world sync;
	struct sink_opener opener;
};

static struct world world;

__attribute__((format(printf, 1, 2))) static void world_blame(const char *format, ...)
{
	va_list args;
	if (world.wrong[0])
		return;
	va_start(args, format);
	vsnprintf(world.wrong, sizeof(world.wrong), format, args);
	va_end(args);
}

/* ---- binlog ---- */

static void put_number(struct buf *buf, uint64_t number, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		buf_char(buf, (char)(number >> (8 * i)));
}

/* A whole event with header and checksum; heap. at: where it ends. */
static struct slice make_event(uint8_t type, uint16_t flags, struct slice body, uint64_t at)
{
	struct buf buf;
	struct slice packet;
	buf_init(&buf);
	put_number(&buf, (uint64_t)clock_wall_ms() / 1000, 4);
	put_number(&buf, type, 1);
	put_number(&buf, WORLD_SERVER, 4);
	put_number(&buf, EVENT_HEADER_SIZE + body.len + 4, 4);
	put_number(&buf, at, 4);
	put_number(&buf, flags, 2);
	buf_put(&buf, body);
	put_number(&buf, crc32_update(0, buf.ptr, buf.len), 4);
	packet = slice_of(buf.ptr, buf.len); /* taken over */
	return packet;
}

static void append_event(uint8_t type, struct buf *body)
{
	assert_true(world.nevents < WORLD_EVENTS);
	world.end += EVENT_HEADER_SIZE + body->len + 4;
	world.events[world.nevents++] =
		(struct world_event){make_event(type, 0, buf_slice(body), world.end), world.end};
	buf_clear(body);
}

static void begin_trx(struct buf *body, unsigned flags)
{
	unsigned trx = ++world.ntrxs;
	world.first_of[trx] = world.nevents;
	world.begin_of[trx] = world.end;
	put_number(body, trx, 8);
	put_number(body, 0, 4);     /* domain */
	put_number(body, flags, 7); /* and room */
	append_event(EVENT_GTID_MARIADB, body);
}

static unsigned table_of(int key)
{
	return (unsigned)key / TABLE_KEYS;
}

static char database_of(unsigned table)
{
	return table > 0 && world.is_apart ? 'e' : 'd';
}

static void append_table_map(struct buf *body, int key)
{
	put_number(body, 7 + table_of(key), 6);
	put_number(body, 1, 2);
	buf_char(body, 1);
	buf_char(body, database_of(table_of(key)));
	buf_put(body, slice_of("\0\1", 2));
	buf_char(body, (char)('t' + (char)table_of(key)));
	buf_put(body, slice_of("\0\2\3\3\0\0", 6)); /* two LONGs, no metadata, no NULLs */
	append_event(EVENT_TABLE_MAP, body);
}

static void put_row(struct buf *body, int key, unsigned n)
{
	bool is_swapped = world.swapped[table_of(key)];
	put_number(body, 0xfc, 1);
	put_number(body, is_swapped ? n : (uint64_t)key, 4);
	put_number(body, is_swapped ? (uint64_t)key : n, 4);
}

/* n 0: there is none before, or after. */
static void append_change(struct buf *body, int key, unsigned before, unsigned after)
{
	put_number(body, 7 + table_of(key), 6);
	put_number(body, 1, 2); /* end of the statement */
	buf_put(body, SLICE("\2\xff"));
	if (before && after)
		put_number(body, 0xff, 1);
	if (before)
		put_row(body, key, before);
	if (after)
		put_row(body, key, after);
	append_event(before && after ? 24 : before ? 25 : 23, body);
	world.rows[key] = after;
	world.changes[world.nchanges++] = (struct world_change){world.ntrxs, key, after == 0};
}

/* What was committed last becomes visible. */
static void show_all(void)
{
	memcpy(world.visible.rows, world.rows, sizeof(world.rows));
	world.visible.ntrxs = world.ntrxs;
	world.visible.end = world.end;
}

/* A transaction that changes one to three keys. Some are held between the binlog and the engine. */
static void world_commit(void)
{
	unsigned first = sim_below(WORLD_KEYS), n = 1 + sim_below(3);
	struct buf body;
	buf_init(&body);
	begin_trx(&body, 0);
	for (unsigned i = 0; i < n; i++) {
		int key = (int)((first + i) % WORLD_KEYS);
		bool deletes = world.rows[key] && sim_once_in(4);
		append_table_map(&body, key);
		append_change(&body, key, world.rows[key], deletes ? 0 : world.ntrxs);
	}
	put_number(&body, world.ntrxs, 8);
	append_event(EVENT_XID, &body);
	buf_fini(&body);
	if (sim_once_in(4))
		clock_pause(sim_below(300));
	show_all();
}

static void run_ddl(char database, const char *sql)
{
	const struct ddl_context context = {.db = slice_of(&database, 1)};
	const struct ddl_effect *effects;
	const struct ddl_step *steps;
	struct err err = ERR_INIT;
	struct arena arena;
	unsigned n;
	arena_init(&arena, 0);
	if (ddl_parse(slice_str(sql), &context, &arena, &steps, &n, &err) < 0 ||
	    catalog_apply(world.catalog, &context, steps, n, &effects, &n, &err) < 0)
		fail_msg("%s: %s", sql, err.text);
	arena_fini(&arena);
}

/* A statement that exchanges the columns of a table. */
static void world_swap(void)
{
	unsigned table = sim_below(WORLD_TABLES);
	char sql[80], database = database_of(table);
	struct buf body;
	world.swapped[table] = !world.swapped[table];
	world.nswaps++;
	snprintf(sql, sizeof(sql), "ALTER TABLE %c MODIFY n INT NOT NULL %s", (char)('t' + table),
		 world.swapped[table] ? "FIRST" : "AFTER id");
	buf_init(&body);
	begin_trx(&body, 1);     /* of one statement */
	put_number(&body, 0, 8); /* thread, time */
	put_number(&body, 1, 1);
	put_number(&body, 0, 4); /* no error, no status */
	buf_char(&body, database);
	buf_char(&body, '\0');
	buf_put(&body, slice_str(sql));
	append_event(EVENT_QUERY, &body);
	buf_fini(&body);
	run_ddl(database, sql);
	show_all();
}

/* ---- connections ---- */

struct world_conn {
	struct conn conn; /* first */
	bool is_shut;
	unsigned rows[WORLD_KEYS]; /* of a snapshot */
};

static struct world_conn *conn_of(struct conn *conn)
{
	return (struct world_conn *)conn;
}

static void shut(struct source_socket *socket)
{
	struct conn *conn = (struct conn *)((char *)socket - offsetof(struct conn, socket));
	conn_of(conn)->is_shut = true;
}

static int lose(struct conn *conn, struct err *err)
{
	conn->last_errno = 2013;
	return err_retry(err, E_STATEMENT, "the connection to the simulated server is lost");
}

/* Whether the connection is lost now, by chance or for ever. */
static bool is_lost(struct conn *conn)
{
	if (world.lose_one_in && sim_once_in(world.lose_one_in))
		conn_of(conn)->is_shut = true;
	return world.is_dead || conn_of(conn)->is_shut;
}

/* A question takes a while. */
static int ask(struct conn *conn, struct err *err)
{
	clock_pause(1 + sim_below(3));
	return is_lost(conn) ? lose(conn, err) : 0;
}

static struct conn *world_connect(struct source *source, enum conn_role role, struct err *err)
{
	struct world_conn *made = mem_array(1, sizeof(*made));
	made->conn = (struct conn){
		.source = source,
		.host_number = -1,
		.role = role,
		.frees_locks = true,
		.server = {.mariadb = true,
			   .version = 101119,
			   .version_text = "10.11.19-MariaDB",
			   .identity = "1",
			   .server_id = WORLD_SERVER,
			   .gtid = true,
			   .row_metadata_full = false},
		.place = "memory",
		.socket = {.end = shut, .fd = -1},
	};
	source_add_socket(source, &made->conn.socket);
	if (ask(&made->conn, err) == 0)
		return &made->conn;
	source_remove_socket(source, &made->conn.socket);
	free(made);
	return NULL;
}

static void world_close(struct conn *conn)
{
	source_remove_socket(conn->source, &conn->socket);
	free(conn);
}

static void world_shutdown(struct conn *conn)
{
	conn_of(conn)->is_shut = true;
}

static void world_set_deadline(struct conn *conn, unsigned seconds)
{
	(void)conn, (void)seconds;
}

static int world_has_position(struct conn *conn, const struct position *position, struct err *err)
{
	(void)position;
	return ask(conn, err);
}

static void set_position(struct position *position, unsigned ntrxs, uint64_t end)
{
	const struct gtid last = {.flavour = GTID_MARIADB, .server_id = WORLD_SERVER, .seq = ntrxs};
	position_fini(position);
	position_init(position);
	strcpy(position->server, "1");
	strcpy(position->file, world.file);
	position->offset = end;
	gtid_set_init(&position->gtids, GTID_MARIADB);
	if (ntrxs > 0)
		gtid_set_add(&position->gtids, &last);
}

/* The position of a snapshot of now. */
static void set_visible_end(struct position *position)
{
	set_position(position, world.visible.ntrxs, world.visible.end);
}

static int world_binlog_end(struct conn *conn, struct position *position, struct err *err)
{
	set_position(position, world.ntrxs, world.end);
	return ask(conn, err);
}

static int world_clock(struct conn *conn, int64_t *clock_ms, struct position *end, struct err *err)
{
	*clock_ms = clock_wall_ms();
	return world_binlog_end(conn, end, err);
}

static int world_oldest(struct conn *conn, struct buf *file, struct err *err)
{
	buf_put(file, slice_str(world.file));
	return ask(conn, err);
}

static int world_between(struct conn *conn, const char *from, const char *to, uint64_t *bytes,
			 struct err *err)
{
	(void)to;
	*bytes = 0;
	return ask(conn, err) < 0 ? -1 : strcmp(from, world.file) == 0;
}

static int world_retention(struct conn *conn, uint64_t *seconds, struct err *err)
{
	*seconds = 0;
	return ask(conn, err);
}

static int world_spare(struct conn *conn, unsigned *spare, struct err *err)
{
	*spare = 100;
	return ask(conn, err);
}

static int world_table_size(struct conn *conn, const struct table *table, struct table_size *size,
			    struct err *err)
{
	(void)table;
	*size = (struct table_size){WORLD_KEYS, WORLD_KEYS * 8};
	return ask(conn, err);
}

static int world_take_lock(struct conn *conn, const char *name, unsigned wait_s, struct buf *holder,
			   struct err *err)
{
	(void)name, (void)wait_s, (void)holder;
	return ask(conn, err) < 0 ? -1 : 1;
}

static int world_has_lock(struct conn *conn, const char *name, struct err *err)
{
	(void)name;
	return ask(conn, err) < 0 ? -1 : 1;
}

static int world_started(struct conn *conn, int64_t *started_s, struct err *err)
{
	*started_s = 1;
	return ask(conn, err);
}

/* names: a letter each. */
static int list_names(struct conn *conn, const char *names, struct name_list *list, struct err *err)
{
	if (ask(conn, err) < 0)
		return -1;
	arena_init(&list->arena, 0);
	list->n = (unsigned)strlen(names);
	list->names = ARENA_ARRAY(&list->arena, list->n, struct slice);
	for (unsigned i = 0; i < list->n; i++)
		list->names[i] = slice_of(names + i, 1);
	return 0;
}

static int world_list_databases(struct conn *conn, bool system, struct name_list *list,
				struct err *err)
{
	(void)system;
	return list_names(conn, world.is_apart ? "de" : "d", list, err);
}

static int world_list_tables(struct conn *conn, struct slice db, struct name_list *list,
			     struct err *err)
{
	return list_names(conn,
			  !world.is_apart               ? "tu"
			  : slice_equal(db, SLICE("d")) ? "t"
							: "u",
			  list, err);
}

static int world_load_variables(struct catalog *catalog, struct conn *conn, struct err *err)
{
	(void)catalog;
	return ask(conn, err);
}

static int world_load_database(struct catalog *catalog, struct conn *conn, struct slice db,
			       struct err *err)
{
	const struct table *table, *there;
	size_t at = 0;
	if (!catalog_has_database(catalog, db))
		catalog_copy_database(catalog, world.catalog, db);
	while ((table = catalog_next(world.catalog, &at))) {
		there = catalog_find(catalog, table->db, table->name);
		if (there && slice_equal(table->db, db) && !table_same(table, there))
			catalog_put(catalog, table);
	}
	return ask(conn, err);
}

/* ---- dump ---- */

struct world_dump {
	struct dump dump; /* first */
	unsigned given;   /* of ROTATE and FORMAT_DESCRIPTION */
	size_t at;        /* next event */
	int64_t beat_ms;  /* when the next heartbeat comes */
	bool non_block;
	struct slice rotate; /* its first packet; heap */
	struct slice beat;   /* the last heartbeat; heap */
};

static bool has_more(const struct world_dump *dump)
{
	return dump->given < 2 || dump->at < world.nevents;
}

static int dump_ready(struct packet_source *source, struct wait *wait, struct err *err)
{
	struct world_dump *dump = (struct world_dump *)source;
	(void)err;
	if (has_more(dump) || dump->non_block || conn_of(dump->dump.conn)->is_shut ||
	    clock_mono_ms() >= dump->beat_ms)
		return 1;
	*wait = (struct wait){-1, dump->beat_ms};
	return 0;
}

static struct slice make_heartbeat(struct world_dump *dump)
{
	free((void *)(uintptr_t)dump->beat.ptr);
	dump->beat = make_event(EVENT_HEARTBEAT, EVENT_FLAG_ARTIFICIAL, slice_str(world.file),
				world.end);
	return dump->beat;
}

static int dump_next(struct packet_source *source, struct slice *packet, struct err *err)
{
	struct world_dump *dump = (struct world_dump *)source;
	if (!has_more(dump) && dump->non_block)
		return 0;
	while (!has_more(dump) && clock_mono_ms() < dump->beat_ms &&
	       !conn_of(dump->dump.conn)->is_shut)
		clock_pause(10);
	if (is_lost(dump->dump.conn))
		return lose(dump->dump.conn, err);
	if (dump->given < 2)
		*packet = dump->given++ == 0 ? dump->rotate : world.format;
	else if (dump->at < world.nevents)
		*packet = world.events[dump->at++].packet;
	else
		*packet = make_heartbeat(dump);
	dump->beat_ms = clock_mono_ms() + HEARTBEAT_LAG_MS;
	return 1;
}

static void dump_close(struct packet_source *source)
{
	struct world_dump *dump = (struct world_dump *)source;
	conn_free(dump->dump.conn);
	free((void *)(uintptr_t)dump->rotate.ptr);
	free((void *)(uintptr_t)dump->beat.ptr);
	free(dump);
}

/* The first event after a position. */
static size_t find_event(const struct position *position)
{
	for (unsigned trx = 1; trx <= world.ntrxs; trx++) {
		const struct gtid gtid = {
			.flavour = GTID_MARIADB, .server_id = WORLD_SERVER, .seq = trx};
		bool is_passed = position->gtids.flavour == GTID_NONE
					 ? world.begin_of[trx] < position->offset
					 : gtid_set_contains(&position->gtids, &gtid);
		if (!is_passed)
			return world.first_of[trx];
	}
	return world.nevents;
}

static struct slice make_rotate(uint64_t offset)
{
	struct slice packet;
	struct buf body;
	buf_init(&body);
	put_number(&body, offset, 8);
	buf_put(&body, slice_str(world.file));
	packet = make_event(EVENT_ROTATE, EVENT_FLAG_ARTIFICIAL, buf_slice(&body), 0);
	buf_fini(&body);
	return packet;
}

static struct dump *world_dump_open(struct source *source, const struct position *position,
				    const struct dump_options *options, struct err *err)
{
	struct world_dump *dump;
	struct conn *conn = world_connect(source, CONN_DUMP, err);
	if (conn == NULL)
		return NULL;
	dump = mem_array(1, sizeof(*dump));
	dump->dump = (struct dump){{dump_next, dump_close, dump_ready}, conn};
	dump->at = find_event(position);
	dump->rotate = make_rotate(dump->at > 0 ? world.events[dump->at - 1].end : 4);
	dump->beat_ms = clock_mono_ms() + HEARTBEAT_LAG_MS;
	dump->non_block = options->from_now_end;
	return &dump->dump;
}

/* ---- snapshot and chunks ---- */

/* Tables that were added count from here on. The first table keeps its start position. */
static void begin_added_tables(void)
{
	for (unsigned i = 1; i < WORLD_TABLES; i++)
		if (world.selects[i])
			world.since[i] = world.visible.ntrxs;
}

/* Once the stream has sent something, every table is copied beside it (docs/decisions/0033). */
static void check_round(void)
{
	struct slice first = store_get(&world.store, SLICE("s/full/d.t"));
	struct slice position = store_get(&world.store, SLICE("s/position"));
	if (first.ptr && memmem(first.ptr, first.len, "\"done\"", 6) &&
	    memmem(position.ptr, position.len, "\"commitMs\":\"0\"", 14) == NULL)
		world_blame("a round stops the stream; the position was %.*s", SLICE_FMT(position));
}

/* Let all connections see the rows of now, with the definitions of now. */
static int see_now(struct snapshot *snapshot, int (*between)(void *arg, struct err *err), void *arg,
		   struct err *err)
{
	int rc;
	do {
		set_visible_end(&snapshot->position);
		begin_added_tables();
		for (unsigned i = 0; i < snapshot->nconns; i++) {
			position_copy(&snapshot->positions[i], &snapshot->position);
			memcpy(conn_of(snapshot->conns[i])->rows, world.visible.rows,
			       sizeof(world.rows));
		}
		rc = between(arg, err);
	} while (rc > 0);
	return rc;
}

static int world_snapshot(struct source *source, unsigned nconns, struct snapshot *snapshot,
			  int (*between)(void *arg, struct err *err), void *arg, struct err *err)
{
	int rc = 0;
	*snapshot = (struct snapshot){
		.way = SNAPSHOT_LOCK, .exact = true, .how = "memory", .nconns = nconns};
	check_round();
	position_init(&snapshot->position);
	snapshot->conns = mem_array(nconns, sizeof(struct conn *));
	snapshot->positions = mem_array(nconns, sizeof(struct position));
	for (unsigned i = 0; i < nconns; i++)
		position_init(&snapshot->positions[i]);
	for (unsigned i = 0; rc == 0 && i < nconns; i++) {
		snapshot->conns[i] = world_connect(source, CONN_READER, err);
		rc = snapshot->conns[i] ? 0 : -1;
	}
	if (rc == 0)
		rc = see_now(snapshot, between, arg, err);
	if (rc < 0)
		snapshot_fini(snapshot);
	return rc;
}

static int world_position_now(struct source *source, struct position *position, struct err *err)
{
	(void)source, (void)err;
	set_visible_end(position);
	begin_added_tables();
	return 0;
}

static int world_renew_snapshot(struct conn *conn, struct position *low, struct err *err)
{
	set_visible_end(low);
	memcpy(conn_of(conn)->rows, world.visible.rows, sizeof(world.rows));
	return ask(conn, err);
}

static int world_end_snapshot(struct conn *conn, struct err *err)
{
	return ask(conn, err);
}

static int world_locks(struct conn *conn, struct err *err)
{
	return ask(conn, err);
}

/* Report more rows than there are, as else no table is divided. */
static int world_has_more(struct conn *conn, const struct chunk_query *query, uint64_t rows,
			  bool *more, struct err *err)
{
	(void)query, (void)rows;
	*more = true;
	return ask(conn, err);
}

static int world_load_key(struct conn *conn, const struct chunk_query *query, struct arena *arena,
			  struct chunk_key *key, struct err *err)
{
	struct chunk_part *id = ARENA_NEW(arena, struct chunk_part);
	*id = (struct chunk_part){.column = query->table->pk[0], .literal = CHUNK_LITERAL_NUMBER};
	*key = (struct chunk_key){SLICE("PRIMARY"), 1, 1, id};
	return ask(conn, err);
}

static int key_of(const struct key_bound *bound, int open)
{
	uint64_t key;
	if (bound->n == 0)
		return open;
	assert_true(num_parse_u64(bound->parts[0], &key));
	return (int)key;
}

/* The key before the first one of a range of the table, and the last one. */
static int low_of(const struct table *table, const struct key_range *range)
{
	return key_of(&range->low, (table->name.ptr[0] - 't') * TABLE_KEYS - 1);
}

static int high_of(const struct table *table, const struct key_range *range)
{
	return key_of(&range->high, (table->name.ptr[0] - 't' + 1) * TABLE_KEYS - 1);
}

/* Cut after one to four keys. */
static int world_next_bound(struct conn *conn, const struct chunk_query *query, uint64_t rows,
			    struct arena *arena, struct key_bound *bound, struct err *err)
{
	int last = low_of(query->table, query->range) + 1 + (int)sim_below(4);
	struct slice *part = ARENA_NEW(arena, struct slice);
	(void)rows;
	*part = arena_printf(arena, "%d", last);
	*bound = (struct key_bound){last < high_of(query->table, query->range), part};
	return ask(conn, err);
}

struct world_chunk {
	int at, end;     /* keys */
	bool is_swapped; /* n is the first column */
	char row[10];
};

static int chunk_next(struct chunk *chunk, struct slice *packet, struct err *err)
{
	struct world_chunk *rows = chunk->private_data;
	const unsigned *all = conn_of(chunk->conn)->rows;
	if (is_lost(chunk->conn))
		return lose(chunk->conn, err);
	while (rows->at < rows->end && all[rows->at] == 0)
		rows->at++;
	chunk->done = rows->at == rows->end;
	if (chunk->done)
		return 0;
	if (sim_once_in(3))
		clock_pause(1);
	for (unsigned i = 0; i < 4; i++) {
		rows->row[(rows->is_swapped ? 6 : 2) + i] = (char)(rows->at >> (8 * i));
		rows->row[(rows->is_swapped ? 2 : 6) + i] = (char)(all[rows->at] >> (8 * i));
	}
	rows->at++;
	*packet = slice_of(rows->row, sizeof(rows->row));
	return 1;
}

/* No key of a range that is read may be in a finished range of the durable record (docs/decisions/0034). */
static void check_unfinished(const struct table *table, const struct key_range *range)
{
	char name[] = "s/full/d.t";
	struct slice json;
	int low = low_of(table, range), high = high_of(table, range);
	struct table_record record;
	struct err err = ERR_INIT;
	struct key_range missing;
	struct arena arena;
	bool is_missing = false;
	name[7] = table->db.ptr[0];
	name[9] = table->name.ptr[0];
	json = store_get(&world.store, slice_str(name));
	arena_init(&arena, 0);
	table_record_init(&record, TABLE_NEW);
	if (table_record_read(&record, table->full_name, json, &arena, &err) < 0)
		world_blame("%.150s", err.text);
	for (size_t at = 0; key_ranges_next_missing(&record.ranges, &at, &missing);)
		is_missing |= low_of(table, &missing) <= low && high <= high_of(table, &missing);
	if ((record.phase != TABLE_COPYING && record.again.id == 0) || !is_missing)
		world_blame("keys %d to %d are read again; the record was %.*s", low + 1, high,
			    SLICE_FMT(json));
	world.continued += key_ranges_any(&record.ranges);
	table_record_fini(&record);
	arena_fini(&arena);
}

static int world_open_chunk(struct chunk *chunk, struct conn *conn, const struct chunk_query *query,
			    struct err *err)
{
	/* id, n, id: two of them, from the first or the second on */
	static struct chunk_field fields[] = {
		{.name = SLICE("id"), .wire = 3, .charset = 63, .flags = 3, .length = 11},
		{.name = SLICE("n"), .wire = 3, .charset = 63, .flags = 1, .length = 11},
		{.name = SLICE("id"), .wire = 3, .charset = 63, .flags = 3, .length = 11},
	};
	struct world_chunk *rows = mem_array(1, sizeof(*rows));
	check_unfinished(query->table, query->range);
	rows->at = low_of(query->table, query->range) + 1;
	rows->end = high_of(query->table, query->range) + 1;
	rows->is_swapped = world.swapped[query->table->name.ptr[0] - 't'];
	*chunk = (struct chunk){.conn = conn,
				.nfields = 2,
				.fields = fields + rows->is_swapped,
				.next = chunk_next,
				.private_data = rows};
	if (ask(conn, err) == 0)
		return 0;
	free(rows);
	*chunk = (struct chunk){.done = true};
	return -1;
}

static void world_close_chunk(struct chunk *chunk)
{
	free(chunk->private_data);
	*chunk = (struct chunk){.done = true};
}

static const struct source_ops world_source = {
	.connect = world_connect,
	.dump = world_dump_open,
	.snapshot = world_snapshot,
	.position_now = world_position_now,
	.conn = {world_close, world_shutdown, world_set_deadline, ask, world_has_position,
		 world_binlog_end, world_clock, world_oldest, world_between, world_retention,
		 world_spare},
	.lock = {world_take_lock, world_has_lock, world_started},
	.catalog = {world_list_databases, world_list_tables, world_load_variables,
		    world_load_database, world_table_size},
	.chunk = {world_renew_snapshot, world_end_snapshot, world_locks, world_locks,
		  world_has_more, world_load_key, world_next_bound, world_open_chunk,
		  world_close_chunk},
};

/* ---- brokers ---- */

struct world_sink {
	struct sink sink;            /* first */
	unsigned newest[WORLD_KEYS]; /* n that this producer has sent last of each key */
	struct world_pending {
		struct world_message message;
		uint64_t token;
		int64_t due_ms;
	} pending[1000];
	unsigned first, n; /* in flight, as a ring */
};

static unsigned number_after(struct slice text, const char *name)
{
	char copy[400];
	const char *at;
	snprintf(copy, sizeof(copy), "%.*s", (int)text.len, text.ptr);
	at = strstr(copy, name);
	if (at == NULL)
		world_blame("a message without %s: %s", name, copy);
	return at ? (unsigned)atoi(at + strlen(name)) : 0;
}

static void deliver_first(struct world_sink *sink)
{
	assert_true(world.nmessages < WORLD_MESSAGES);
	if (sink->pending[sink->first].message.key >= 0)
		world.messages[world.nmessages++] = sink->pending[sink->first].message;
	sink->first = (sink->first + 1) % 1000;
	sink->n--;
}

/* Rule: key-order. A producer sends the changes of a key in the order of their commits. */
static void check_order(struct world_sink *sink, const struct world_message *message)
{
	if (message->n < sink->newest[message->key])
		world_blame("key %d: %u is sent after %u", message->key, message->n,
			    sink->newest[message->key]);
	sink->newest[message->key] = message->n;
}

static struct world_message read_message(struct world_sink *sink, const struct message *message)
{
	struct slice value = message->value;
	struct world_message read = {.key = (int)number_after(message->key, "\"id\":")};
	if (read.key < 0 || read.key >= WORLD_KEYS) {
		world_blame("there is no key %d", read.key);
		read.key = 0;
	}
	read.is_delete = value.ptr == NULL || memmem(value.ptr, value.len, "\"op\":\"d\"", 8);
	read.n = value.ptr ? number_after(value, "\"n\":") : sink->newest[read.key];
	if (value.ptr && !read.is_delete) {
		const char *after = memmem(value.ptr, value.len, "\"after\":", 8);
		read.n = number_after(slice_of(after, (size_t)(value.ptr + value.len - after)),
				      "\"n\":");
	}
	check_order(sink, &read);
	return read;
}

static int world_send(struct sink *base, const struct outgoing *outgoing, struct err *err)
{
	struct world_sink *sink = (struct world_sink *)base;
	struct world_message message;
	(void)err;
	if (slice_equal(outgoing->message->topic, SLICE("s"))) /* a statement */
		message = (struct world_message){.key = -1};
	else
		message = read_message(sink, outgoing->message);
	assert_true(sink->n < 1000);
	sink->pending[(sink->first + sink->n++) % 1000] = (struct world_pending){
		message, outgoing->token, clock_mono_ms() + 1 + sim_below(40)};
	base->in_flight++;
	return 0;
}

/* A delivery error: what had reached the brokers stays there. */
static void fail_delivery(struct world_sink *sink)
{
	struct err err = ERR_INIT;
	for (unsigned n = sim_below(sink->n + 1); n > 0; n--)
		deliver_first(sink);
	err_retry(&err, E_KAFKA_FAULT, "the simulated brokers refuse messages");
	sink_set_poison(&sink->sink, &err);
}

static void serve_reports(struct world_sink *sink)
{
	while (sink->n > 0 && !world.is_dead && clock_mono_ms() >= world.away_until_ms &&
	       sink->pending[sink->first].due_ms <= clock_mono_ms()) {
		sink_count_acked(&sink->sink, sink->pending[sink->first].token);
		deliver_first(sink);
		sink->sink.in_flight--;
	}
	sink_tell(&sink->sink);
	if (sink->n > 0 && world.fail_one_in && sim_once_in(world.fail_one_in))
		fail_delivery(sink);
}

static void world_poll(struct sink *base, int timeout_ms)
{
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	unsigned before = base->in_flight;
	serve_reports((struct world_sink *)base);
	while (base->in_flight == before && clock_mono_ms() < until_ms &&
	       base->poison.code == ERR_NONE) {
		clock_pause(1 + sim_below(10));
		serve_reports((struct world_sink *)base);
	}
}

static bool world_is_full(struct sink *base)
{
	return ((struct world_sink *)base)->n > 50;
}

static void world_purge(struct sink *base)
{
	struct world_sink *sink = (struct world_sink *)base;
	/* what was sent may have reached the brokers */
	for (unsigned n = sim_below(sink->n + 1); n > 0; n--)
		deliver_first(sink);
	sink->n = 0;
	base->in_flight = 0;
}

static void world_sink_free(struct sink *base)
{
	world_purge(base);
	free(base);
}

static const struct sink_ops world_sink_ops = {
	.topic = sink_local_topic,
	.exist = sink_local_exist,
	.send = world_send,
	.full = world_is_full,
	.poll = world_poll,
	.flush = world_poll,
	.purge = world_purge,
	.forget = sink_local_forget,
	.free = world_sink_free,
};

static struct sink *world_open_sink(void *arg, const char *client_id, struct err *err)
{
	struct world_sink *sink = mem_array(1, sizeof(*sink));
	(void)arg, (void)client_id, (void)err;
	sink->sink.ops = &world_sink_ops;
	map_init(&sink->sink.topics);
	return &sink->sink;
}

/* ---- checkpoint ---- */

/* A saved position must not be after a change that the brokers do not have. */
static void check_saved(unsigned trx)
{
	unsigned last[WORLD_KEYS] = {0}, n[WORLD_KEYS] = {0};
	bool deletes[WORLD_KEYS] = {false}, gone[WORLD_KEYS] = {false};
	for (unsigned i = 0; i < world.nchanges && world.changes[i].trx <= trx; i++) {
		last[world.changes[i].key] = world.changes[i].trx;
		deletes[world.changes[i].key] = world.changes[i].is_delete;
	}
	for (unsigned i = 0; i < world.nmessages; i++) {
		n[world.messages[i].key] = world.messages[i].n;
		gone[world.messages[i].key] = world.messages[i].is_delete;
	}
	for (int key = 0; key < WORLD_KEYS; key++) {
		if (!world.selects[table_of(key)] || last[key] <= world.since[table_of(key)] ||
		    n[key] >= last[key] || (deletes[key] && gone[key]))
			continue;
		world_blame("transaction %u is saved; key %d of transaction %u is not in Kafka",
			    trx, key, last[key]);
	}
}

static void note_position(struct slice json)
{
	char text[2000];
	const char *gtid;
	unsigned trx;
	snprintf(text, sizeof(text), "%.*s", (int)json.len, json.ptr);
	gtid = strstr(text, "0-1-");
	trx = gtid ? (unsigned)atoi(gtid + 4) : 0;
	if (!world.has_saved)
		for (unsigned i = 0; i < WORLD_TABLES; i++)
			world.since[i] = trx;
	else if (trx < world.saved)
		world_blame("position %u is saved after %u", trx, world.saved);
	world.has_saved = true;
	world.saved = trx;
	check_saved(trx);
}

/* Dead or not, all of the records are written or none. */
static int world_write(struct store *store, const struct store_record *records, unsigned n,
		       struct err *err)
{
	(void)store;
	clock_pause(5 + sim_below(30));
	if (world.is_dead)
		return err_retry(err, E_KAFKA_FAULT, "the process is dead");
	for (unsigned i = 0; i < n; i++)
		if (slice_equal(records[i].name, SLICE("s/position")))
			note_position(records[i].value);
	for (unsigned i = 0; i < n; i++)
		store_apply(&world.store, &records[i]);
	world.saves++;
	return 0;
}

static void world_close_store(struct store *store)
{
	free(store);
}

static const struct store_ops world_store_ops = {.write = world_write, .free = world_close_store};

static struct store *world_open_store(void *arg, struct err *err)
{
	struct store *store = mem_array(1, sizeof(*store));
	struct store_record record;
	size_t at = 0;
	(void)arg, (void)err;
	store->ops = &world_store_ops;
	while (store_next(&world.store, &at, &record))
		store_apply(store, &record);
	return store;
}

/* ---- all of it ---- */

/* The preamble is that of a real server. */
static void world_begin(void)
{
	const struct captured *event;
	unsigned at = 0;
	world = (struct world){.sync = {&world_source, &world.opener, world_open_store, NULL},
			       .opener = {world_open_sink, NULL}};
	event = events_next(true, "rows", -1, &at);
	snprintf(world.file, sizeof(world.file), "%.*s",
		 (int)(event->packet.len - EVENT_HEADER_SIZE - 12),
		 event->packet.ptr + EVENT_HEADER_SIZE + 8);
	event = events_next(true, "rows", -1, &at);
	world.end = 4 + event->packet.len;
	world.format = make_event(EVENT_FORMAT_DESCRIPTION, 0,
				  slice_of(event->packet.ptr + EVENT_HEADER_SIZE,
					   event->packet.len - EVENT_HEADER_SIZE - 4),
				  0);
	world.catalog = catalog_new(0);
	world.is_apart = sim_once_in(2);
	run_ddl('d', "CREATE DATABASE d CHARACTER SET utf8mb4");
	if (world.is_apart)
		run_ddl('e', "CREATE DATABASE e CHARACTER SET utf8mb4");
	run_ddl('d', "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)");
	run_ddl(database_of(1), "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)");
}

static void world_end(void)
{
	for (unsigned i = 0; i < world.nevents; i++)
		free((void *)(uintptr_t)world.events[i].packet.ptr);
	for (size_t i = 0; i < world.store.nentries; i++)
		free((void *)(uintptr_t)world.store.entries[i].name.ptr);
	free(world.store.entries);
	free((void *)(uintptr_t)world.format.ptr);
	catalog_free(world.catalog);
}

/* Whether the topics, read by key, are the rows of the selected tables. */
static bool world_agrees(void)
{
	unsigned n[WORLD_KEYS] = {0};
	for (unsigned i = 0; i < world.nmessages; i++)
		n[world.messages[i].key] = world.messages[i].is_delete ? 0 : world.messages[i].n;
	for (int key = 0; key < WORLD_KEYS; key++)
		if (world.selects[table_of(key)] && n[key] != world.rows[key])
			return false;
	return true;
}

/* The script selects the table from the next process on. */
static void world_select(unsigned table)
{
	world.selects[table] = true;
	world.since[table] = world.saved;
}

/* A command has added the table. */
static void world_select_now(unsigned table)
{
	world.selects[table] = true;
	world.since[table] = world.visible.ntrxs;
}

#endif
