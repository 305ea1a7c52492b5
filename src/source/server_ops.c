#include "source/server.h"

const struct source_ops server_ops = {
	.connect = server_connect,
	.dump = server_dump,
	.snapshot = server_snapshot,
	.position_now = server_position_now,
	.conn =
		{
			.close = server_close,
			.shutdown = server_shutdown,
			.set_deadline = server_set_deadline,
			.check = server_check,
			.has_position = server_has_position,
			.binlog_end = server_binlog_end,
			.clock = server_clock,
			.oldest_binlog = server_oldest_binlog,
			.binlog_between = server_binlog_between,
			.retention = server_retention,
			.spare_connections = server_spare_connections,
		},
	.lock =
		{
			.take = server_take_lock,
			.is_held = server_has_lock,
			.server_started = server_started,
		},
	.catalog =
		{
			.list_databases = server_list_databases,
			.list_tables = server_list_tables,
			.load_variables = server_load_variables,
			.load_database = server_load_database,
			.table_size = server_table_size,
		},
	.chunk =
		{
			.renew_snapshot = server_renew_snapshot,
			.end_snapshot = server_end_snapshot,
			.hold_locks = server_hold_locks,
			.release_locks = server_release_locks,
			.has_more = server_has_more,
			.load_key = server_load_key,
			.next_bound = server_next_bound,
			.open = server_open_chunk,
			.close = server_close_chunk,
		},
};
