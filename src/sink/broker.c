#include "sink/broker.h"

#include "base/mem.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* The mock chooses its port itself. For a fixed one a forwarder listens there: clients need it
 * only to ask for the first time, and learn the mock's own address from the answer. */
enum {
	LINKS_MAX = 32, /* connections forwarded at a time; more wait in the listen queue */
	FORWARD_BYTES = 65536,
	FDS_MAX = 2 + 2 * LINKS_MAX,
};

struct link {
	int client, mock; /* sockets; client -1: free */
};

struct broker {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	char address[64];        /* what users give to their clients */
	struct sockaddr_in mock; /* where the mock listens */
	int listener;            /* fixed port; -1: none */
	int wake;                /* eventfd that ends the forwarder */
	pthread_t forwarder;
	struct link links[LINKS_MAX];
};

/* ---- the forwarder's thread ---- */

static void close_link(struct link *link)
{
	close(link->client);
	close(link->mock);
	link->client = -1;
}

static struct link *free_link(struct broker *broker)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (broker->links[i].client < 0)
			return &broker->links[i];
	return NULL;
}

static void take_client(struct broker *broker)
{
	struct link *link = free_link(broker);
	int client = accept4(broker->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	int mock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (mock < 0 ||
	    connect(mock, (struct sockaddr *)&broker->mock, sizeof(broker->mock)) != 0) {
		close(client);
		if (mock >= 0)
			close(mock);
		return;
	}
	*link = (struct link){client, mock};
}

/* Hands over what one side has sent; false: it is gone. */
static bool pass(int from, int to)
{
	static char bytes[FORWARD_BYTES]; /* one forwarder a process, one thread */
	ssize_t n = recv(from, bytes, sizeof(bytes), 0);
	for (ssize_t at = 0; at < n;) {
		ssize_t sent = send(to, bytes + at, (size_t)(n - at), MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += sent;
	}
	return n > 0;
}

static nfds_t gather(struct broker *broker, struct pollfd *fds)
{
	nfds_t n = 2;
	fds[0] = (struct pollfd){broker->wake, POLLIN, 0};
	fds[1] = (struct pollfd){free_link(broker) ? broker->listener : -1, POLLIN, 0};
	for (size_t i = 0; i < LINKS_MAX; i++, n += 2) {
		struct link *link = &broker->links[i];
		fds[n] = (struct pollfd){link->client, POLLIN, 0};
		fds[n + 1] = (struct pollfd){link->client < 0 ? -1 : link->mock, POLLIN, 0};
	}
	return n;
}

static void serve(struct broker *broker, const struct pollfd *fds)
{
	for (size_t i = 0; i < LINKS_MAX; i++) {
		struct link *link = &broker->links[i];
		const struct pollfd *pair = &fds[2 + 2 * i];
		if (link->client < 0)
			continue;
		if ((pair[0].revents != 0 && !pass(link->client, link->mock)) ||
		    (pair[1].revents != 0 && !pass(link->mock, link->client)))
			close_link(link);
	}
	if (fds[1].revents != 0)
		take_client(broker);
}

static void *forward(void *arg)
{
	struct broker *broker = arg;
	struct pollfd fds[FDS_MAX];
	for (;;) {
		nfds_t n = gather(broker, fds);
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents != 0)
			return NULL;
		serve(broker, fds);
	}
}

/* ---- lifecycle ---- */

static int listen_on(unsigned port, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	err_set(err, ERR_USAGE, "cannot listen on 127.0.0.1:%u: %s; choose another port", port,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int start_forwarder(struct broker *broker, unsigned port, struct err *err)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		broker->links[i].client = -1;
	broker->listener = listen_on(port, err);
	if (broker->listener < 0)
		return -1;
	broker->wake = eventfd(0, EFD_CLOEXEC);
	if (broker->wake < 0 || pthread_create(&broker->forwarder, NULL, forward, broker) != 0) {
		close(broker->listener);
		broker->listener = -1;
		return err_set(err, ERR_INTERNAL, "cannot start a thread: %s", strerror(errno));
	}
	snprintf(broker->address, sizeof(broker->address), "127.0.0.1:%u", port);
	return 0;
}

static void stop_forwarder(struct broker *broker)
{
	if (broker->listener < 0)
		return;
	(void)eventfd_write(broker->wake, 1);
	pthread_join(broker->forwarder, NULL);
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (broker->links[i].client >= 0)
			close_link(&broker->links[i]);
	close(broker->listener);
	close(broker->wake);
}

static void quiet(const rd_kafka_t *rk, int level, const char *fac, const char *text)
{
	(void)rk, (void)level, (void)fac, (void)text;
}

/* The cluster hangs on a client that never connects anywhere. */
static int start_mock(struct broker *broker, struct err *err)
{
	char text[512];
	unsigned port = 0;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, quiet);
	broker->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (broker->rk == NULL) {
		rd_kafka_conf_destroy(conf);
		return err_set(err, ERR_INTERNAL, "embedded broker: %s", text);
	}
	broker->cluster = rd_kafka_mock_cluster_new(broker->rk, 1);
	if (broker->cluster == NULL)
		return err_set(err, ERR_INTERNAL, "embedded broker: cannot start");
	snprintf(broker->address, sizeof(broker->address), "%s",
		 rd_kafka_mock_cluster_bootstraps(broker->cluster));
	(void)sscanf(broker->address, "%*[^:]:%u", &port);
	broker->mock =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	broker->mock.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return 0;
}

struct broker *broker_new(unsigned port, int partitions, struct err *err)
{
	struct broker *broker = mem_array(1, sizeof(*broker));
	broker->listener = -1;
	(void)partitions;
	if (start_mock(broker, err) != 0 ||
	    (port != 0 && start_forwarder(broker, port, err) != 0)) {
		broker_free(broker);
		return NULL;
	}
	return broker;
}

void broker_free(struct broker *broker)
{
	if (broker == NULL)
		return;
	stop_forwarder(broker);
	if (broker->cluster != NULL)
		rd_kafka_mock_cluster_destroy(broker->cluster);
	if (broker->rk != NULL)
		rd_kafka_destroy(broker->rk);
	free(broker);
}

const char *broker_address(const struct broker *broker)
{
	return broker->address;
}

int broker_topic(struct broker *broker, const char *name, int partitions, struct err *err)
{
	rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(broker->cluster, name, partitions, 1);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	return err_set(err, ERR_KAFKA, "embedded broker: topic \"%s\": %s", name,
		       rd_kafka_err2str(code));
}
