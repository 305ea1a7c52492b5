/* Any bytes as a binlog event: header, checksum and the parser of its type. First byte: MariaDB or not. */
#include "decode/event.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_body(const struct event *event, const struct event_format *format)
{
	struct err err = ERR_INIT;
	struct event_rotate rotate;
	struct event_gtid gtid;
	struct event_query query;
	struct event_xa_prepare xa;
	struct event_heartbeat heartbeat;
	if (event_rotate_parse(event, &rotate, &err) + event_gtid_parse(event, &gtid, &err) +
		    event_query_parse(event, format, &query, &err) +
		    event_xa_prepare_parse(event, &xa, &err) +
		    event_heartbeat_parse(event, &heartbeat, &err) >
	    0)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_format format, found;
	struct event event;
	struct err err = ERR_INIT;
	struct slice packet = slice_of(data, size);
	event_format_init(&format);
	if (event_format_parse(packet, &found, &err) == 0)
		format = found;
	if (event_parse(packet, &format, true, &event, &err) == 0)
		parse_body(&event, &format);
	if (size < 2)
		return 0;
	/* the body alone, so that the fuzzer does not have to find sizes and checksums */
	event = (struct event){
		.type = data[0], .size = (uint32_t)size, .body = slice_of(data + 1, size - 1)};
	parse_body(&event, &format);
	return 0;
}
