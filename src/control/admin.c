#include "control/admin.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "control/admin_options.h"
#include "control/admin_routes.h"
#include "control/admin_socket.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 32,         /* of a door */
	IDLE_S = 10,                  /* a connection on which nothing arrives is closed */
	REQUEST_MS = 30000,           /* and one on which a request takes longer to arrive */
	CONNECTION_BYTES = 16 * 1024, /* of memory */
	DOORS_MAX = 2,
	READ_MAX = 1024 *
		   1024, /* a body is read to its end before it is refused, unless it is larger: a
	                           client may not see an answer that arrives while it is sending */
};

/* An open connection. */
struct link {
	int fd;           /* -1: none */
	int64_t since_ms; /* monotonic, when it was opened, or its last request was answered */
};

/* A listening socket. */
struct door {
	struct admin *admin;
	const char *token; /* NULL: none */
	bool is_local;     /* the Unix socket, whose mode protects it */
	struct MHD_Daemon *daemon;
	struct link links[CONNECTIONS_MAX];
};

struct admin {
	const struct watched_process *process;
	struct admin_socket socket;
	struct door doors[DOORS_MAX];
	unsigned ndoors;
	int stop_fd;
	pthread_t thread;
};

/* One request and its reply. */
struct exchange {
	struct buf body;
	uint64_t size; /* of the body, all of it */
	struct admin_reply reply;
};

/* ---- access ---- */

/* Compare in a time that does not depend on where the texts differ. */
static bool is_equal(const char *given, const char *token)
{
	size_t ngiven = strlen(given), n = strlen(token);
	unsigned char difference = ngiven == n ? 0 : 1;
	for (size_t i = 0; i < n; i++)
		difference |= (unsigned char)(token[i] ^ (ngiven == n ? given[i] : 0));
	return difference == 0;
}

static bool has_token(const struct door *door, struct MHD_Connection *connection)
{
	static const char scheme[] = "Bearer ";
	const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							MHD_HTTP_HEADER_AUTHORIZATION);
	return given && strncmp(given, scheme, strlen(scheme)) == 0 &&
	       is_equal(given + strlen(scheme), door->token);
}

static int check_access(const struct door *door, struct MHD_Connection *connection,
			const char *method, struct err *err)
{
	if (door->is_local)
		return 0;
	if (door->token && !has_token(door, connection))
		return err_set(err, E_ADMIN_TOKEN,
			       "the token is missing or wrong. Send the header Authorization: "
			       "Bearer TOKEN");
	if (!door->token && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return err_set(err, E_ADMIN_NO_TOKEN,
			       "without a token this port only reads. Set admin.token, or use the "
			       "Unix socket");
	return 0;
}

/* ---- slow clients ---- */

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct door *door = arg;
	struct link *link = *context;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (link)
			link->fd = -1;
		return;
	}
	for (link = door->links; link < door->links + CONNECTIONS_MAX; link++)
		if (link->fd < 0)
			break;
	if (link == door->links + CONNECTIONS_MAX)
		return;
	link->fd =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	link->since_ms = clock_mono_ms();
	*context = link;
}

static void note_answer(struct MHD_Connection *connection)
{
	struct link *link = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				    ->socket_context;
	if (link)
		link->since_ms = clock_mono_ms();
}

/* A client that sends a byte now and then must not keep its place. */
static void shut_slow_links(struct door *door)
{
	int64_t now_ms = clock_mono_ms();
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		if (door->links[i].fd >= 0 && now_ms - door->links[i].since_ms > REQUEST_MS)
			(void)shutdown(door->links[i].fd, SHUT_RDWR);
}

/* ---- requests ---- */

static struct exchange *exchange_new(void)
{
	struct exchange *exchange = mem_array(1, sizeof(*exchange));
	buf_init(&exchange->body);
	buf_init(&exchange->reply.body);
	return exchange;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode how)
{
	struct exchange *exchange = *state;
	(void)arg;
	(void)how;
	note_answer(connection);
	if (exchange == NULL)
		return;
	buf_fini(&exchange->body);
	buf_fini(&exchange->reply.body);
	free(exchange);
	*state = NULL;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection,
				  const struct admin_reply *reply)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		reply->body.len, reply->body.ptr, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	rc = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, struct exchange *exchange,
			      const struct err *err)
{
	admin_refuse(err, &exchange->reply);
	return send_reply(connection, &exchange->reply);
}

/* The length that the header announces; 0: none. */
static uint64_t announced(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_LENGTH);
	return text ? strtoull(text, NULL, 10) : 0;
}

/* Refuse by the header what need not be read. */
static enum MHD_Result begin(const struct door *door, struct MHD_Connection *connection,
			     const char *method, struct exchange *exchange)
{
	struct err err = ERR_INIT;
	if (check_access(door, connection, method, &err) < 0 ||
	    (announced(connection) > READ_MAX && admin_check_size(announced(connection), &err) < 0))
		return refuse(connection, exchange, &err);
	return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	const struct door *door = arg;
	struct exchange *exchange = *state;
	struct err err = ERR_INIT;
	(void)version;
	if (exchange == NULL) {
		*state = exchange = exchange_new();
		return begin(door, connection, method, exchange);
	}
	if (*size > 0) {
		exchange->size += *size;
		if (exchange->size <= ADMIN_BODY_MAX)
			buf_append(&exchange->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (admin_check_size(exchange->size, &err) < 0)
		return refuse(connection, exchange, &err);
	admin_answer(door->admin->process,
		     &(struct admin_request){method, path, buf_slice(&exchange->body)},
		     &exchange->reply);
	return send_reply(connection, &exchange->reply);
}

/* ---- the thread ---- */

static int epoll_of(const struct door *door)
{
	return MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

/* Return how long to wait for requests: -1 unless a connection is open. */
static int wait_ms(const struct admin *admin)
{
	int shortest = -1;
	for (unsigned i = 0; i < admin->ndoors; i++) {
		MHD_UNSIGNED_LONG_LONG ms;
		if (MHD_get_timeout(admin->doors[i].daemon, &ms) == MHD_YES &&
		    (shortest < 0 || ms < (MHD_UNSIGNED_LONG_LONG)shortest))
			shortest = ms > INT_MAX ? INT_MAX : (int)ms;
	}
	return shortest;
}

static unsigned connections_of(const struct door *door)
{
	return MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
		->num_connections;
}

/* At its limit of connections, libmicrohttpd no longer watches the listening socket. It watches it again at the run after the
 * one that has closed connections, and nothing else would cause that run. */
static void serve(struct door *door)
{
	unsigned before;
	do {
		before = connections_of(door);
		(void)MHD_run(door->daemon);
	} while (connections_of(door) != before);
	shut_slow_links(door);
}

static void *admin_main(void *arg)
{
	struct admin *admin = arg;
	struct pollfd fds[DOORS_MAX + 1] = {{.fd = admin->stop_fd, .events = POLLIN}};
	for (unsigned i = 0; i < admin->ndoors; i++)
		fds[i + 1] = (struct pollfd){.fd = epoll_of(&admin->doors[i]), .events = POLLIN};
	for (;;) {
		(void)clock_poll(fds, admin->ndoors + 1, wait_ms(admin));
		if (fds[0].revents)
			return NULL;
		for (unsigned i = 0; i < admin->ndoors; i++)
			serve(&admin->doors[i]);
	}
}

/* ---- life ---- */

/* The door takes ownership of the descriptor. */
static int open_door(struct admin *admin, int fd, const char *token, bool is_local, struct err *err)
{
	struct door *door = &admin->doors[admin->ndoors];
	*door = (struct door){.admin = admin, .token = token, .is_local = is_local};
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		door->links[i].fd = -1;
	door->daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, on_request, door, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, door, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_BYTES, MHD_OPTION_END);
	if (door->daemon == NULL)
		return err_set(err, E_SYSTEM, "libmicrohttpd cannot use the admin socket");
	admin->ndoors++;
	return 0;
}

/* The newest process of a name has the default socket, as it has the checkpoint (rule: one-process). */
static int open_default(struct admin *admin, struct err *err)
{
	const char *sync = supervisor_config(admin->process->syncs[0].supervisor)->name;
	if (admin_socket_path(sync, admin->socket.path, err) < 0)
		return -1;
	return admin_socket_open(&admin->socket, true, err);
}

static void close_doors(struct admin *admin)
{
	if (admin->socket.fd >= 0)
		admin_socket_remove(&admin->socket);
	for (unsigned i = 0; i < admin->ndoors; i++)
		MHD_stop_daemon(admin->doors[i].daemon); /* closes its listening socket */
	if (admin->stop_fd >= 0)
		close(admin->stop_fd);
	free(admin);
}

static int open_named(struct admin *admin, const char *path, struct err *err)
{
	if (admin_socket_copy(path, admin->socket.path, err) < 0 ||
	    admin_socket_open(&admin->socket, false, err) < 0)
		return -1;
	return open_door(admin, admin->socket.fd, NULL, true, err);
}

/* A sync must not depend on a socket that nobody has asked for. */
static void try_default(struct admin *admin)
{
	struct err err = ERR_INIT;
	if (open_default(admin, &err) < 0 ||
	    open_door(admin, admin->socket.fd, NULL, true, &err) < 0)
		log_warn("%s. Commands do not reach this process", err.text);
}

static int open_port(struct admin *admin, const struct sync_config *options, struct err *err)
{
	int fd;
	if (admin_port_open(options->admin_http, options->admin_token != NULL, &fd, err) < 0)
		return -1;
	return open_door(admin, fd, options->admin_token, false, err);
}

static int open_doors(struct admin *admin, const struct sync_config *options, struct err *err)
{
	if (options->admin_socket && open_named(admin, options->admin_socket, err) < 0)
		return err_wrap(err, "%s:%u: admin.socket", options->script, options->line);
	if (!options->admin_socket)
		try_default(admin);
	if (options->admin_http && open_port(admin, options, err) < 0)
		return err_wrap(err, "%s:%u: admin", options->script, options->line);
	return 0;
}

static int choose_options(const struct watched_process *process, const struct sync_config **chosen,
			  struct err *err)
{
	const struct sync_config **configs = mem_array(process->nsyncs, sizeof(*configs));
	int rc;
	for (unsigned i = 0; i < process->nsyncs; i++)
		configs[i] = supervisor_config(process->syncs[i].supervisor);
	rc = admin_options_choose(configs, process->nsyncs, chosen, err);
	free(configs);
	return rc;
}

int admin_start(const struct watched_process *process, struct admin **started, struct err *err)
{
	const struct sync_config *options;
	struct admin *admin;
	int rc;
	*started = NULL;
	if (choose_options(process, &options, err) < 0)
		return -1;
	if (options->admin_off)
		return 0;
	admin = mem_array(1, sizeof(*admin));
	admin->process = process;
	admin->socket.fd = -1;
	admin->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = open_doors(admin, options, err);
	if (rc < 0 || admin->ndoors == 0) {
		close_doors(admin);
		return rc;
	}
	thread_start(&admin->thread, "admin", admin_main, admin);
	*started = admin;
	return 0;
}

const char *admin_library_version(void)
{
	return MHD_get_version();
}

void admin_stop(struct admin *admin)
{
	const uint64_t one = 1;
	if (admin == NULL)
		return;
	if (write(admin->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		thread_join(admin->thread);
	close_doors(admin);
}
