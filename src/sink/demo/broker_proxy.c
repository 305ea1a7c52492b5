#include "sink/demo/broker_proxy.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/reader.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A frame of Kafka's protocol, integers big-endian:
 *
 *   size (4, of the rest)
 *   request: api key (2), version (2), correlation id (4), client id (2 + n), body
 *   answer:  correlation id (4), body
 *
 * The mock supports Metadata and FindCoordinator up to version 2. */
enum {
	LINKS_MAX = 256,  /* connections at a time; others wait in the listen queue */
	PENDING_MAX = 64, /* requests of one connection whose response must be changed */
	RECV_BYTES = 65536,
	KEEP_BYTES = 1 << 20,       /* free a larger buffer when it is empty */
	FRAME_MAX = 1100 * 1000000, /* more than the largest message: not Kafka's protocol */
	FDS_MAX = 2 + 2 * LINKS_MAX,
	API_METADATA = 3,
	API_FIND_COORDINATOR = 10,
	VERSION_MAX = 2,
	SIZE_BYTES = 4,
};

/* One direction of a connection. The bytes [sent, ready) are complete frames to send; the bytes
 * after them are an incomplete frame. */
struct flow {
	struct buf bytes;
	size_t sent, ready;
};

/* A request whose response contains the address of the broker. */
struct pending {
	uint32_t id;
	uint16_t api, version;
};

struct link {
	int client, mock; /* sockets; client -1: free */
	struct flow up;   /* requests */
	struct flow down; /* responses, in the order of the requests */
	struct pending pending[PENDING_MAX];
	unsigned npending;
};

struct broker_proxy {
	int listener, wake; /* wake: an eventfd that ends the thread */
	unsigned port;
	struct sockaddr_in mock;
	broker_proxy_topic_fn *topic;
	void *arg; /* of topic */
	pthread_t thread;
	bool running;
	struct link links[LINKS_MAX];
};

/* ---- Kafka's integers and texts ---- */

static uint16_t get16(struct reader *r)
{
	return ntohs(reader_u16(r));
}

static uint32_t get32(struct reader *r)
{
	return ntohl(reader_u32(r));
}

/* Read a text. A null text (length -1) is an empty slice. */
static struct slice get_text(struct reader *r)
{
	uint16_t len = get16(r);
	return len == UINT16_MAX ? slice_of("", 0) : reader_slice(r, len);
}

/* ---- requests ---- */

/* Call proxy->topic for each topic of a Metadata request. */
static void name_topics(struct broker_proxy *proxy, struct reader *r)
{
	char name[INT16_MAX + 1];
	uint32_t n = get32(r); /* 0 or -1: the request is for all topics, or for none */
	for (uint32_t i = 0; n <= INT32_MAX && i < n && !r->failed; i++) {
		struct slice text = get_text(r);
		if (text.len == 0 || text.len > INT16_MAX)
			continue;
		memcpy(name, text.ptr, text.len);
		name[text.len] = '\0';
		proxy->topic(proxy->arg, name);
	}
}

/* Read a complete request. Return false when more responses are pending than any client would
 * request. */
static bool take_request(struct broker_proxy *proxy, struct link *link, struct slice frame)
{
	struct reader r;
	struct pending pending;
	reader_init(&r, frame.ptr, frame.len);
	pending.api = get16(&r);
	pending.version = get16(&r);
	pending.id = get32(&r);
	(void)get_text(&r);
	if (r.failed || pending.version > VERSION_MAX ||
	    (pending.api != API_METADATA && pending.api != API_FIND_COORDINATOR))
		return true;
	if (pending.api == API_METADATA)
		name_topics(proxy, &r);
	if (link->npending == PENDING_MAX)
		return false;
	link->pending[link->npending++] = pending;
	return true;
}

/* ---- responses ---- */

/* Replace the port of the broker, the next four bytes. Keep -1, which means no broker. */
static void put_port(const struct broker_proxy *proxy, struct reader *r)
{
	const uint8_t *at = reader_bytes(r, sizeof(uint32_t));
	uint32_t port = htonl(proxy->port);
	if (at != NULL && *at != UINT8_MAX)
		memcpy((void *)(uintptr_t)at, &port, sizeof(port));
}

static void change_metadata(const struct broker_proxy *proxy, unsigned version, struct reader *r)
{
	uint32_t n = get32(r);
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		(void)get32(r);
		(void)get_text(r);
		put_port(proxy, r);
		if (version >= 1)
			(void)get_text(r); /* rack */
	}
}

static void change_coordinator(const struct broker_proxy *proxy, unsigned version, struct reader *r)
{
	if (version >= 1)
		(void)get32(r); /* throttle time */
	(void)get16(r);
	if (version >= 1)
		(void)get_text(r); /* error message */
	(void)get32(r);
	(void)get_text(r);
	put_port(proxy, r);
}

static bool take_answer(struct broker_proxy *proxy, struct link *link, struct slice frame)
{
	struct reader r;
	struct pending first = link->pending[0];
	reader_init(&r, frame.ptr, frame.len);
	if (link->npending == 0 || get32(&r) != first.id)
		return true;
	link->npending--;
	memmove(link->pending, link->pending + 1, link->npending * sizeof(first));
	if (first.api == API_METADATA)
		change_metadata(proxy, first.version, &r);
	else
		change_coordinator(proxy, first.version, &r);
	return true;
}

/* ---- one direction ---- */

typedef bool take_fn(struct broker_proxy *proxy, struct link *link, struct slice frame);

/* Pass each complete frame to `take`. Return false when the link must be closed. */
static bool take_frames(struct broker_proxy *proxy, struct link *link, struct flow *flow,
			take_fn *take)
{
	for (;;) {
		struct reader r;
		reader_init(&r, flow->bytes.ptr + flow->ready, flow->bytes.len - flow->ready);
		uint32_t size = get32(&r);
		if (size > FRAME_MAX)
			return false;
		struct slice frame = reader_slice(&r, size);
		if (r.failed)
			return true;
		if (!take(proxy, link, frame))
			return false;
		flow->ready += SIZE_BYTES + size;
	}
}

static bool is_pause(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static bool receive(struct flow *flow, int from)
{
	char *at = buf_reserve(&flow->bytes, RECV_BYTES);
	ssize_t n = recv(from, at, RECV_BYTES, MSG_DONTWAIT);
	if (n > 0)
		flow->bytes.len += (size_t)n;
	return n > 0 || is_pause(n);
}

/* Send the complete frames. Remove them from the buffer when all of them are sent. Return false
 * after an error. */
static bool send_ready(struct flow *flow, int to)
{
	size_t left = flow->bytes.len - flow->ready;
	ssize_t n = send(to, flow->bytes.ptr + flow->sent, flow->ready - flow->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return is_pause(n);
	flow->sent += (size_t)n;
	if (flow->sent < flow->ready)
		return true;
	memmove(flow->bytes.ptr, flow->bytes.ptr + flow->ready, left);
	flow->bytes.len = left;
	flow->sent = flow->ready = 0;
	if (left == 0)
		buf_shrink(&flow->bytes, KEEP_BYTES);
	return true;
}

static bool waits(const struct flow *flow)
{
	return flow->ready > flow->sent;
}

static bool pass(struct broker_proxy *proxy, struct link *link, struct flow *flow, int from, int to,
		 take_fn *take)
{
	if (!waits(flow) && (!receive(flow, from) || !take_frames(proxy, link, flow, take)))
		return false;
	return !waits(flow) || send_ready(flow, to);
}

/* ---- links ---- */

static void close_link(struct link *link)
{
	close(link->client);
	close(link->mock);
	link->client = -1;
	link->npending = 0;
	buf_fini(&link->up.bytes);
	buf_fini(&link->down.bytes);
}

static struct link *free_link(struct broker_proxy *proxy)
{
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (proxy->links[i].client < 0)
			return &proxy->links[i];
	return NULL;
}

static void take_client(struct broker_proxy *proxy)
{
	struct link *link = free_link(proxy);
	int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	int mock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (mock < 0 || connect(mock, (struct sockaddr *)&proxy->mock, sizeof(proxy->mock)) != 0) {
		close(client);
		if (mock >= 0)
			close(mock);
		return;
	}
	*link = (struct link){.client = client, .mock = mock};
}

/* Return the events to poll for. Receive only when nothing is left to send in the same direction,
 * so that a client that does not read delays only itself. */
static short wanted(const struct flow *in, const struct flow *out)
{
	return (short)((waits(in) ? 0 : POLLIN) | (waits(out) ? POLLOUT : 0));
}

static nfds_t gather(struct broker_proxy *proxy, struct pollfd *fds)
{
	nfds_t n = 2;
	fds[0] = (struct pollfd){proxy->wake, POLLIN, 0};
	fds[1] = (struct pollfd){free_link(proxy) ? proxy->listener : -1, POLLIN, 0};
	for (size_t i = 0; i < LINKS_MAX; i++, n += 2) {
		struct link *link = &proxy->links[i];
		bool open = link->client >= 0;
		fds[n] = (struct pollfd){link->client, wanted(&link->up, &link->down), 0};
		fds[n + 1] =
			(struct pollfd){open ? link->mock : -1, wanted(&link->down, &link->up), 0};
	}
	return n;
}

static bool serve_link(struct broker_proxy *proxy, struct link *link, short client, short mock)
{
	if (((client & POLLIN) || (mock & POLLOUT)) &&
	    !pass(proxy, link, &link->up, link->client, link->mock, take_request))
		return false;
	if (((mock & POLLIN) || (client & POLLOUT)) &&
	    !pass(proxy, link, &link->down, link->mock, link->client, take_answer))
		return false;
	return !((client | mock) & (POLLERR | POLLHUP | POLLNVAL)) || ((client | mock) & POLLIN);
}

static void *broker_proxy_main(void *arg)
{
	struct broker_proxy *proxy = arg;
	struct pollfd fds[FDS_MAX];
	for (;;) {
		nfds_t n = gather(proxy, fds);
		if (clock_poll(fds, n, -1) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents != 0)
			return NULL;
		for (size_t i = 0; i < LINKS_MAX; i++) {
			const struct pollfd *pair = &fds[2 + 2 * i];
			struct link *link = &proxy->links[i];
			if (link->client >= 0 &&
			    !serve_link(proxy, link, pair[0].revents, pair[1].revents))
				close_link(link);
		}
		if (fds[1].revents != 0)
			take_client(proxy);
	}
}

/* ---- lifecycle ---- */

static int listen_on(struct broker_proxy *proxy, unsigned port, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t size = sizeof(at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	proxy->listener = fd;
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, SOMAXCONN) == 0 &&
	    getsockname(fd, (struct sockaddr *)&at, &size) == 0) {
		proxy->port = ntohs(at.sin_port);
		return 0;
	}
	return err_set(err, E_PORT, "cannot listen on 127.0.0.1:%u: %s. Choose another port", port,
		       strerror(errno));
}

static int start_thread(struct broker_proxy *proxy, struct err *err)
{
	proxy->wake = eventfd(0, EFD_CLOEXEC);
	if (proxy->wake < 0 || pthread_create(&proxy->thread, NULL, broker_proxy_main, proxy) != 0)
		return err_set(err, E_SYSTEM, "cannot start a thread: %s", strerror(errno));
	proxy->running = true;
	return 0;
}

struct broker_proxy *broker_proxy_new(unsigned port, unsigned mock_port,
				      broker_proxy_topic_fn *topic, void *arg, struct err *err)
{
	struct broker_proxy *proxy = mem_array(1, sizeof(*proxy));
	proxy->listener = proxy->wake = -1;
	proxy->topic = topic;
	proxy->arg = arg;
	proxy->mock =
		(struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)mock_port)};
	proxy->mock.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < LINKS_MAX; i++)
		proxy->links[i].client = -1;
	if (listen_on(proxy, port, err) == 0 && start_thread(proxy, err) == 0)
		return proxy;
	broker_proxy_free(proxy);
	return NULL;
}

static void stop_thread(struct broker_proxy *proxy)
{
	(void)eventfd_write(proxy->wake, 1);
	pthread_join(proxy->thread, NULL);
}

void broker_proxy_free(struct broker_proxy *proxy)
{
	if (proxy == NULL)
		return;
	if (proxy->running)
		stop_thread(proxy);
	for (size_t i = 0; i < LINKS_MAX; i++)
		if (proxy->links[i].client >= 0)
			close_link(&proxy->links[i]);
	if (proxy->listener >= 0)
		close(proxy->listener);
	if (proxy->wake >= 0)
		close(proxy->wake);
	free(proxy);
}

unsigned broker_proxy_port(const struct broker_proxy *proxy)
{
	return proxy->port;
}
