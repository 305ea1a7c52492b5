#include "source/conn.h"

#include "base/clock.h"
#include "base/mem.h"
#include "source/conn_priv.h"
#include "source/flavour.h"
#include "source/refusals.h"
#include "source/server_error.h"
#include "source/server.h"

#include <errmsg.h>
#include <ma_pvio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONN_MAX_PACKET = 1 << 30,
	CONN_KEEPALIVE_IDLE_S = 30, /* detect a host that has failed within a minute, */
	CONN_KEEPALIVE_STEP_S = 10, /* whatever the connection waits for */
	CONN_KEEPALIVE_COUNT = 3,
	CONN_OPEN_DEADLINE_S = 20, /* for the answers to the queries of the connect */
};

/* Rule: long-sessions: the server does not cut off a reader that pauses, and no global setting of
 * the server changes what we read. */
#define CONN_SETTINGS                                                                              \
	"SET SESSION net_write_timeout=86400, wait_timeout=86400, net_read_timeout=600, "          \
	"time_zone='+00:00', sql_mode='', autocommit=1, sql_select_limit=18446744073709551615, "   \
	"sql_big_selects=1, sql_auto_is_null=0"

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_init(void)
{
	mysql_library_init(0, NULL, NULL);
}

/* We use structs whose layout libmariadb does not guarantee (raw.c, server_set_deadline). It has
 * changed between minor versions. decisions/0012. */
static int check_library(struct err *err)
{
	enum { PATCHES = 100 };
	unsigned long loaded = mysql_get_client_version();

	if (loaded / PATCHES == MARIADB_PACKAGE_VERSION_ID / PATCHES)
		return 0;
	return err_set(err, E_LIBRARY,
		       "tideway was built with libmariadb " MARIADB_PACKAGE_VERSION
		       ", but runs with version %s (%lu). Build tideway again on this machine",
		       mysql_get_client_info(), loaded);
}

static void describe(struct conn *conn)
{
	const struct source_config *config = source_config(conn->source);
	int host = conn->host_number;

	if (host >= 0) {
		conn->host = config->hosts[host].name;
		conn->port = config->hosts[host].port;
		source_print_host(conn->source, (unsigned)host, conn->place, sizeof(conn->place));
	} else if (config->socket) {
		snprintf(conn->place, sizeof(conn->place), "%s", config->socket);
	} else {
		conn->host = config->host ? config->host : "127.0.0.1";
		conn->port = config->port ? config->port : 3306;
		snprintf(conn->place, sizeof(conn->place), "%s:%u", conn->host, conn->port);
	}
	snprintf(conn->user, sizeof(conn->user), "%s", config->user ? config->user : "");
}

static void set_tls(MYSQL *mysql, const struct source_config *config)
{
	my_bool on = 1, verify = config->tls && config->tls_verify;

	/* set it even without TLS: libmariadb 3.4 may verify every certificate by default */
	mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	if (!config->tls)
		return;
	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	if (config->tls_ca)
		mysql_options(mysql, MYSQL_OPT_SSL_CA, config->tls_ca);
	if (config->tls_cert)
		mysql_options(mysql, MYSQL_OPT_SSL_CERT, config->tls_cert);
	if (config->tls_key)
		mysql_options(mysql, MYSQL_OPT_SSL_KEY, config->tls_key);
}

static void set_options(MYSQL *mysql, const struct source_config *config, unsigned read_timeout_s)
{
	unsigned connect_s = config->connect_timeout_s ? config->connect_timeout_s : 10;
	unsigned tcp = MYSQL_PROTOCOL_TCP;
	size_t max_packet = CONN_MAX_PACKET;

	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_timeout_s);
	mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "tideway");
	if (config->nhosts > 0) /* otherwise "localhost" means the socket, whatever the port */
		mysql_options(mysql, MYSQL_OPT_PROTOCOL, &tcp);
	set_tls(mysql, config);
}

/* Whether the host may still be found: libmariadb reports "unknown host" also when the name server
 * does not answer. */
static bool host_may_come(const char *host)
{
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(host, NULL, NULL, &list);

	if (rc == 0)
		freeaddrinfo(list);
	return rc == 0 || rc == EAI_AGAIN || rc == EAI_SYSTEM || rc == EAI_MEMORY;
}

bool conn_connect_retriable(const struct conn *conn, unsigned number)
{
	bool was_reached = source_was_reached(conn->source, conn->host_number);

	if (number == CR_UNKNOWN_HOST)
		return was_reached || host_may_come(conn->host);
	if (number == CR_SSL_CONNECTION_ERROR)
		return was_reached;
	return server_error_retriable(number);
}

static int refuse_connect(struct conn *conn, unsigned number, const char *state, const char *text,
			  struct err *err)
{
	err_set(err, E_CONNECT, "cannot connect to the source %s as user '%s': %u (%s) %s; %s",
		conn->place, conn->user, number, state, text,
		server_error_connect_remedy(number, text));
	err->retriable = conn_connect_retriable(conn, number);
	return -1;
}

static int connect_fail(struct conn *conn, struct err *err)
{
	return refuse_connect(conn, mysql_errno(conn->mysql), mysql_sqlstate(conn->mysql),
			      mysql_error(conn->mysql), err);
}

static void keep_alive(int fd)
{
	int on = 1, idle = CONN_KEEPALIVE_IDLE_S, step = CONN_KEEPALIVE_STEP_S,
	    count = CONN_KEEPALIVE_COUNT;

	/* fails on a Unix socket, which does not need it */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step, sizeof(step));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* Whether libmariadb accepted a certificate that no authority has signed. Since 3.4 it does so
 * without a ca, for servers on a loopback address and for those that prove that they know the hash
 * of the user's password. */
static bool is_untrusted(MYSQL *mysql)
{
#if MARIADB_PACKAGE_VERSION_ID >= 30400
	unsigned status = 0;

	return mariadb_get_infov(mysql, MARIADB_TLS_VERIFY_STATUS, &status) != 0 || status != 0;
#else
	(void)mysql;
	return false;
#endif
}

/* Refuse a connection without TLS: libmariadb continues unencrypted if the server has no TLS and
 * the certificate need not be verified. */
static int check_tls(struct conn *conn, struct err *err)
{
	const struct source_config *config = source_config(conn->source);

	if (!config->tls)
		return 0;
	if (!mysql_get_ssl_cipher(conn->mysql))
		return err_set(err, E_TLS,
			       "source %s does not offer TLS, and the script requires it (tls). "
			       "Give the server a certificate (ssl_cert, ssl_key), or remove tls "
			       "from the script's source",
			       conn->place);
	if (config->tls_verify && is_untrusted(conn->mysql))
		return refuse_connect(conn, CR_SSL_CONNECTION_ERROR, "HY000",
				      "TLS/SSL error: self-signed certificate or unknown authority",
				      err);
	return 0;
}

static int connect_server(struct conn *conn, struct err *err)
{
	const struct source_config *config = source_config(conn->source);
	const char *user = config->user ? config->user : "";
	const char *password = config->password ? config->password : "";

	/* without a host name libmariadb uses the socket */
	if (!mysql_real_connect(conn->mysql, conn->host, user, password, NULL, conn->port,
				conn->host ? NULL : config->socket, CLIENT_MULTI_RESULTS))
		return connect_fail(conn, err);
	conn->socket.fd = dup(mysql_get_socket(conn->mysql));
	if (conn->socket.fd < 0)
		return err_retry(err, E_SYSTEM, "cannot duplicate the socket to %s: %m",
				 conn->place);
	source_add_socket(conn->source, &conn->socket);
	keep_alive(conn->socket.fd);
	return check_tls(conn, err);
}

unsigned conn_parse_version(const char *text)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(text, "%u.%u.%u", &major, &minor, &patch) < 2)
		return 0;
	return major * 10000 + minor * 100 + (patch > 99 ? 99 : patch);
}

void conn_copy_cell(char *dst, size_t size, struct slice cell)
{
	size_t len = cell.len < size ? cell.len : size - 1;

	if (len)
		memcpy(dst, cell.ptr, len);
	dst[len] = '\0';
}

static uint64_t cell_u64(const struct result *result, unsigned row, unsigned column)
{
	struct slice cell = result_cell(result, row, column);

	return cell.ptr ? strtoull(cell.ptr, NULL, 10) : 0;
}

static int ask_server(struct conn *conn, struct err *err)
{
	struct server *server = &conn->server;
	struct result result;

	if (conn_query(conn, &result, err,
		       "SELECT VERSION(), @@GLOBAL.server_id, @@GLOBAL.lower_case_table_names"))
		return -1;
	conn_copy_cell(server->version_text, sizeof(server->version_text),
		       result_cell(&result, 0, 0));
	server->server_id = (uint32_t)cell_u64(&result, 0, 1);
	server->lower_case_table_names = (unsigned)cell_u64(&result, 0, 2);
	result_fini(&result);
	server->version = conn_parse_version(server->version_text);
	server->mariadb =
		strcasestr(server->version_text, "mariadb") || mariadb_connection(conn->mysql);
	conn->flavour = server->mariadb ? &flavour_mariadb : &flavour_mysql;
	return conn->flavour->identify(conn, err);
}

/* Ask for binlog_row_metadata. A version without this variable does not have FULL. */
static int ask_metadata(struct conn *conn, struct err *err)
{
	struct result result;

	if (conn_query(conn, &result, err, "SHOW GLOBAL VARIABLES LIKE 'binlog_row_metadata'"))
		return -1;
	conn->server.row_metadata_full =
		result.nrows > 0 && slice_equal_nocase(result_cell(&result, 0, 1), SLICE("FULL"));
	result_fini(&result);
	return 0;
}

/* Let snapshots release metadata locks. MariaDB keeps them for a session that may write to the
 * binlog. */
static int free_locks(struct conn *conn, struct err *err)
{
	if (conn->server.mariadb && conn_query_lenient(conn, err, "SET SESSION sql_log_bin=0"))
		return -1;
	conn->frees_locks = conn->last_errno == 0;
	return 0;
}

static int set_session(struct conn *conn, struct err *err)
{
	const char *const *setting;

	if (conn_query(conn, NULL, err, CONN_SETTINGS))
		return -1;
	for (setting = conn->flavour->settings; *setting; setting++)
		if (conn_query_lenient(conn, err, *setting))
			return -1;
	if (conn->role == CONN_DUMP)
		return ask_metadata(conn, err);
	if (conn->role != CONN_READER)
		return 0;
	if (conn_query(conn, NULL, err, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
		return -1;
	if (free_locks(conn, err))
		return -1;
	/* the stored bytes; our own tables convert them (rule: same-bytes) */
	return conn_query(conn, NULL, err, "SET character_set_results=NULL");
}

/* host: -1 for a source without a list of hosts. */
static struct conn *open_at(struct source *source, int host, enum conn_role role,
			    unsigned read_timeout_s, struct err *err)
{
	struct conn *conn = mem_array(1, sizeof(*conn));

	pthread_once(&library_once, library_init);
	conn->source = source;
	conn->host_number = host;
	conn->role = role;
	conn->socket = (struct source_socket){.fd = -1, .holds_lock = role == CONN_LOCK};
	describe(conn);
	if (check_library(err))
		goto fail;
	conn->mysql = mysql_init(NULL);
	if (conn->mysql == NULL) {
		err_set(err, E_SYSTEM, "mysql_init: out of memory");
		goto fail;
	}
	set_options(conn->mysql, source_config(source),
		    read_timeout_s ? read_timeout_s : CONN_OPEN_DEADLINE_S);
	if (connect_server(conn, err) || ask_server(conn, err) || set_session(conn, err))
		goto fail;
	source_set_reached(source, host);
	server_set_deadline(conn, read_timeout_s);
	return conn;
fail:
	server_close(conn);
	return NULL;
}

static struct conn *open_first(struct source *source, enum conn_role role, unsigned read_timeout_s,
			       struct err *err)
{
	struct refusals refusals;

	refusals_init(&refusals);
	for (unsigned i = 0; i < source_config(source)->nhosts; i++) {
		struct err why = ERR_INIT;
		struct conn *conn = open_at(source, (int)i, role, read_timeout_s, &why);
		if (conn) {
			source_host_select(source, (int)i);
			refusals_fini(&refusals);
			return conn;
		}
		refusals_add(&refusals, source, i, &why);
	}
	refusals_report(&refusals, err);
	return NULL;
}

struct conn *conn_open_deadline(struct source *source, enum conn_role role, unsigned read_timeout_s,
				struct err *err)
{
	int host = source_chosen_host(source);

	if (host < 0 && source_config(source)->nhosts > 0)
		return open_first(source, role, read_timeout_s, err);
	return open_at(source, host, role, read_timeout_s, err);
}

struct conn *server_connect(struct source *source, enum conn_role role, struct err *err)
{
	return conn_open_deadline(source, role, 0, err);
}

void server_close(struct conn *conn)
{
	source_remove_socket(conn->source, &conn->socket);
	if (conn->mysql)
		mysql_close(conn->mysql);
	if (conn->socket.fd >= 0)
		close(conn->socket.fd);
	free(conn);
}

const struct server *conn_server(const struct conn *conn)
{
	return &conn->server;
}

void server_shutdown(struct conn *conn)
{
	source_end_socket(&conn->socket);
}

void server_set_deadline(struct conn *conn, unsigned seconds)
{
	MARIADB_PVIO *pvio = conn->mysql->net.pvio;

	/* over TLS the library waits once more for this number of milliseconds; 0: without a
	 * limit */
	conn->mysql->options.read_timeout = seconds;
	if (pvio && pvio->methods->set_timeout)
		pvio->methods->set_timeout(pvio, PVIO_READ_TIMEOUT, (int)seconds);
}

int conn_fd(const struct conn *conn)
{
	return conn->socket.fd;
}

bool conn_frees_locks(const struct conn *conn)
{
	return conn->frees_locks;
}

const char *conn_place(const struct conn *conn)
{
	return conn->place;
}

uint64_t conn_id(const struct conn *conn)
{
	return mysql_thread_id(conn->mysql);
}

unsigned conn_errno(const struct conn *conn)
{
	return conn->last_errno;
}

int conn_fail(struct conn *conn, struct err *err, const char *format, ...)
{
	char doing[400];
	va_list args;

	va_start(args, format);
	vsnprintf(doing, sizeof(doing), format, args);
	va_end(args);
	conn->last_errno = mysql_errno(conn->mysql);
	if (conn->last_errno == 0) /* the library dropped the connection without an error */
		conn->last_errno = CR_SERVER_LOST;
	err_set(err, E_STATEMENT, "source %s, user '%s': %s: %u (%s) %s", conn->place, conn->user,
		doing, conn->last_errno, mysql_sqlstate(conn->mysql), mysql_error(conn->mysql));
	err->retriable = server_error_retriable(conn->last_errno);
	return -1;
}

/* A result in memory. The slices point into the library's copy. */
struct result_private {
	MYSQL_RES *res;
	struct slice *cells, *names;
};

static void result_fill(struct result *result, MYSQL_RES *res)
{
	struct result_private *private_data = mem_array(1, sizeof(*private_data));
	const MYSQL_FIELD *fields = mysql_fetch_fields(res);
	unsigned columns = mysql_num_fields(res), rows = (unsigned)mysql_num_rows(res);

	private_data->res = res;
	private_data->names = mem_array(columns, sizeof(struct slice));
	private_data->cells = mem_array((size_t)columns * rows, sizeof(struct slice));
	for (unsigned i = 0; i < columns; i++)
		private_data->names[i] = slice_of(fields[i].name, fields[i].name_length);
	for (unsigned r = 0; r < rows; r++) {
		MYSQL_ROW row = mysql_fetch_row(res);
		const unsigned long *lens = mysql_fetch_lengths(res);
		for (unsigned i = 0; i < columns; i++)
			private_data->cells[(size_t)r * columns + i] =
				row[i] ? slice_of(row[i], lens[i]) : (struct slice){NULL, 0};
	}
	*result = (struct result){columns, rows, private_data->cells, private_data->names,
				  private_data};
}

/* Read every result of the statement that was sent. Keep the first one that has columns. */
static int read_results(struct conn *conn, struct result *result, struct slice sql, struct err *err)
{
	bool kept = false;
	int more;

	do {
		MYSQL_RES *res = mysql_store_result(conn->mysql);
		if (res == NULL && mysql_errno(conn->mysql))
			return conn_fail(conn, err, "%.*s", (int)(sql.len > 300 ? 300 : sql.len),
					 sql.ptr);
		if (res && result && !kept) {
			result_fill(result, res);
			kept = true;
		} else if (res) {
			mysql_free_result(res);
		}
		more = mysql_next_result(conn->mysql);
	} while (more == 0);
	if (more > 0)
		return conn_fail(conn, err, "%.*s", (int)(sql.len > 300 ? 300 : sql.len), sql.ptr);
	return 0;
}

static int send_query(struct conn *conn, struct result *result, struct slice sql, struct err *err)
{
	conn->last_errno = 0;
	if (result)
		*result = (struct result){0};
	if (mysql_real_query(conn->mysql, sql.ptr, sql.len))
		return conn_fail(conn, err, "%.*s", (int)(sql.len > 300 ? 300 : sql.len), sql.ptr);
	if (read_results(conn, result, sql, err)) {
		if (result)
			result_fini(result);
		return -1;
	}
	return 0;
}

static int query_slice(struct conn *conn, struct result *result, struct slice sql, struct err *err)
{
	int rc;

	atomic_store(&conn->socket.asked_ms, clock_mono_ms());
	rc = send_query(conn, result, sql, err);
	atomic_store(&conn->socket.asked_ms, 0);
	return rc;
}

int conn_query(struct conn *conn, struct result *result, struct err *err, const char *format, ...)
{
	struct buf sql;
	va_list args;
	int rc;

	buf_init(&sql);
	va_start(args, format);
	buf_vprintf(&sql, format, args);
	va_end(args);
	rc = query_slice(conn, result, buf_slice(&sql), err);
	buf_fini(&sql);
	return rc;
}

int conn_query_lenient(struct conn *conn, struct err *err, const char *sql)
{
	if (query_slice(conn, NULL, slice_str(sql), err) == 0)
		return 0;
	if (server_error_retriable(conn->last_errno))
		return -1;
	*err = (struct err)ERR_INIT;
	return 0;
}

void result_fini(struct result *result)
{
	struct result_private *private_data = result->private_data;

	if (private_data) {
		mysql_free_result(private_data->res);
		free(private_data->cells);
		free(private_data->names);
		free(private_data);
	}
	*result = (struct result){0};
}

struct slice result_cell(const struct result *result, unsigned row, unsigned column)
{
	if (row >= result->nrows || column >= result->ncolumns)
		return (struct slice){NULL, 0};
	return result->cells[(size_t)row * result->ncolumns + column];
}

struct slice result_named(const struct result *result, unsigned row, const char *column)
{
	for (unsigned i = 0; i < result->ncolumns; i++)
		if (slice_equal_nocase(result->names[i], slice_str(column)))
			return result_cell(result, row, i);
	return (struct slice){NULL, 0};
}

void conn_quote(struct conn *conn, struct slice text, struct buf *buf)
{
	char *to = buf_reserve(buf, text.len * 2 + 3);
	size_t len;

	to[0] = '\'';
	len = mysql_real_escape_string(conn->mysql, to + 1, text.ptr ? text.ptr : "", text.len);
	to[len + 1] = '\'';
	buf->len += len + 2;
}

void conn_quote_name(struct slice name, struct buf *buf)
{
	buf_char(buf, '`');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '`')
			buf_char(buf, '`');
		buf_char(buf, name.ptr[i]);
	}
	buf_char(buf, '`');
}
