#include "source/raw.h"

#include "base/clock.h"
#include "source/conn_priv.h"

#include <errno.h>
#include <ma_pvio.h>
#undef MARIADB_TLS /* ma_pvio.h defines it as void; ma_tls.h declares the struct */
#include <ma_tls.h>
#include <mariadb_com.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A function of OpenSSL, with which libmariadb is usually built; NULL if OpenSSL is not loaded. */
extern int SSL_has_pending(const void *ssl) __attribute__((weak));

enum {
	RAW_BUFFER_KEEP = 4 << 20, /* the receive buffer may stay this large */
	RAW_BUFFER_SLACK =
		4096, /* libmariadb writes a little beyond max_packet (a NUL, a header) */
};

int raw_send(struct conn *conn, enum raw_command command, struct slice body, struct err *err)
{
	conn->last_errno = 0;
	if (conn->mysql->methods->db_command(conn->mysql, (enum enum_server_command)command,
					     body.ptr, body.len, 1, NULL))
		return conn_fail(conn, err, "command 0x%02x", (unsigned)command);
	return 0;
}

/* Shrink the library's buffer (rule: long-sessions). It grows to the largest packet and keeps that
 * size. Between two packets it is empty, so it can be replaced. */
static void shrink_buffer(NET *net)
{
	unsigned char *small;

	if (net->max_packet <= RAW_BUFFER_KEEP || net->compress)
		return;
	small = realloc(net->buff, RAW_BUFFER_KEEP + RAW_BUFFER_SLACK);
	if (small == NULL)
		return;
	net->buff = net->write_pos = net->read_pos = small;
	net->max_packet = RAW_BUFFER_KEEP;
	net->buff_end = small + net->max_packet;
}

int raw_read(struct conn *conn, struct slice *packet, const char *doing, struct err *err)
{
	MYSQL *mysql = conn->mysql;
	unsigned long len;

	conn->last_errno = 0;
	shrink_buffer(&mysql->net);
	len = mysql_net_read_packet(mysql);
	/* packet_error is (unsigned int)-1 in an unsigned long: without the cast an error reads as data */
	if ((unsigned)len == packet_error)
		return conn_fail(conn, err, "%s", doing);
	*packet = slice_of(mysql->net.read_pos, len);
	return 0;
}

/* Takes what the socket has into the library's read-ahead cache, as its own next read would. The end of the stream and
 * errors are left to that read. */
static bool fill_cache(MARIADB_PVIO *pvio, int fd)
{
	ssize_t n = recv(fd, pvio->cache, PVIO_READ_AHEAD_CACHE_SIZE, MSG_DONTWAIT);

	if (n <= 0)
		return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
	pvio->cache_pos = pvio->cache;
	pvio->cache_size = (size_t)n;
	return true;
}

static bool tls_is_openssl(void)
{
	const char *library = NULL;

	return SSL_has_pending != NULL &&
	       mariadb_get_infov(NULL, MARIADB_TLS_LIBRARY, &library) == 0 && library != NULL &&
	       strncmp(library, "OpenSSL", 7) == 0;
}

/* A TLS library may hold decrypted bytes that poll does not see. One that cannot be asked is read at once: the
 * server's heartbeat ends the wait. */
static bool tls_ready(const struct st_ma_pvio_tls *tls, int fd)
{
	struct pollfd polled = {fd, POLLIN, 0};

	return !tls_is_openssl() || SSL_has_pending(tls->ssl) != 0 ||
	       clock_poll(&polled, 1, 0) != 0;
}

bool raw_ready(struct conn *conn)
{
	const NET *net = &conn->mysql->net;
	MARIADB_PVIO *pvio = net->pvio;

	/* without pvio the library has dropped the connection; with the compressed protocol it keeps whole packets */
	if (pvio == NULL || pvio->cache + pvio->cache_size > pvio->cache_pos ||
	    net->remain_in_buf > 0)
		return true;
	if (pvio->ctls)
		return tls_ready(pvio->ctls, conn->socket.fd);
	return fill_cache(pvio, conn->socket.fd);
}

bool raw_is_eof(struct slice packet)
{
	return packet.len > 0 && packet.len < 9 && (unsigned char)packet.ptr[0] == 0xfe;
}
