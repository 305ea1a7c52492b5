#include "source/raw.h"

#include "source/conn_priv.h"

#include <ma_pvio.h>
#include <mariadb_com.h>
#include <stdlib.h>

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

/* The library's buffer grows to the largest packet and stays there; it is empty between two packets, so
 * that is when it can be made small again (rule: long-sessions: buffers shrink). */
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

bool raw_is_eof(struct slice packet)
{
	return packet.len > 0 && packet.len < 9 && (unsigned char)packet.ptr[0] == 0xfe;
}
