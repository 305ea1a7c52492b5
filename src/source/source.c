#include "source/source_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "source/source_ops.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	STUCK_MS = 1000, /* a lock's connection that waits longer is shut down too */
};

struct host_state {
	_Atomic bool reached; /* a connection to it has been opened */
	bool blamed;          /* its stream ended with a permanent error */
};

struct source {
	const struct source_config *config;
	const struct source_ops *ops;
	void *arg;                /* of ops */
	_Atomic int chosen;       /* host in use; -1: none is chosen */
	int reported;             /* the last host that source_host_changed reported; -1: none */
	bool is_last;             /* no host is left to try after the chosen one */
	struct host_state *hosts; /* one for each host; without hosts one */
	pthread_mutex_t lock;     /* guards sockets */
	struct source_socket *sockets;
};

struct source *source_new(const struct source_config *config)
{
	return source_new_with(config, &server_ops, NULL);
}

struct source *source_new_with(const struct source_config *config, const struct source_ops *ops,
			       void *arg)
{
	struct source *source = mem_array(1, sizeof(*source));
	source->config = config;
	source->ops = ops;
	source->arg = arg;
	atomic_init(&source->chosen, -1);
	source->reported = -1;
	source->hosts = mem_array(config->nhosts > 0 ? config->nhosts : 1, sizeof(*source->hosts));
	pthread_mutex_init(&source->lock, NULL);
	return source;
}

void source_free(struct source *source)
{
	if (source == NULL)
		return;
	pthread_mutex_destroy(&source->lock);
	free(source->hosts);
	free(source);
}

const struct source_config *source_config(const struct source *source)
{
	return source->config;
}

const struct source_ops *source_ops(const struct source *source)
{
	return source->ops;
}

void *source_arg(const struct source *source)
{
	return source->arg;
}

/* ---- connections ---- */

void source_add_socket(struct source *source, struct source_socket *socket)
{
	pthread_mutex_lock(&source->lock);
	socket->next = source->sockets;
	source->sockets = socket;
	pthread_mutex_unlock(&source->lock);
}

void source_remove_socket(struct source *source, const struct source_socket *socket)
{
	struct source_socket **at;
	pthread_mutex_lock(&source->lock);
	for (at = &source->sockets; *at && *at != socket;)
		at = &(*at)->next;
	if (*at)
		*at = socket->next;
	pthread_mutex_unlock(&source->lock);
}

static bool may_shut_down(struct source_socket *socket)
{
	int64_t asked_ms = atomic_load(&socket->asked_ms);
	if (!socket->holds_lock)
		return true;
	return asked_ms != 0 && clock_mono_ms() - asked_ms > STUCK_MS;
}

void source_end_socket(struct source_socket *socket)
{
	if (socket->end)
		socket->end(socket);
	else
		shutdown(socket->fd, SHUT_RDWR);
}

void source_shutdown(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	for (struct source_socket *socket = source->sockets; socket; socket = socket->next)
		if (may_shut_down(socket))
			source_end_socket(socket);
	pthread_mutex_unlock(&source->lock);
}

static struct host_state *state_of(const struct source *source, int host)
{
	return &source->hosts[host < 0 ? 0 : host];
}

void source_set_reached(struct source *source, int host)
{
	atomic_store(&state_of(source, host)->reached, true);
}

bool source_was_reached(const struct source *source, int host)
{
	return atomic_load(&state_of(source, host)->reached);
}

/* ---- hosts ---- */

void source_host_select(struct source *source, int host)
{
	if (source->config->nhosts > 0)
		atomic_store(&source->chosen, host);
}

int source_chosen_host(const struct source *source)
{
	return atomic_load(&source->chosen);
}

void source_print_host(const struct source *source, unsigned host, char *text, size_t size)
{
	source_host_print(&source->config->hosts[host], text, size);
}

bool source_host_changed(struct source *source, int *before)
{
	int host = source_chosen_host(source);
	if (host < 0 || host == source->reported)
		return false;
	*before = source->reported;
	source->reported = host;
	return true;
}

bool source_blame_host(struct source *source)
{
	int host = source_chosen_host(source);
	if (host >= 0)
		source->hosts[host].blamed = true;
	if (source->is_last)
		return false;
	for (unsigned i = 0; i < source->config->nhosts; i++)
		if (!source->hosts[i].blamed)
			return true;
	return false;
}

void source_set_last_host(struct source *source, bool is_last)
{
	if (source->config->nhosts > 0)
		source->is_last = is_last;
}

bool source_host_blamed(const struct source *source, unsigned host)
{
	return source->hosts[host].blamed;
}

void source_forgive_hosts(struct source *source)
{
	for (unsigned i = 0; i < source->config->nhosts; i++)
		source->hosts[i].blamed = false;
}
