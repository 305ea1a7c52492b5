#include "engine/sync/copy_lanes.h"

#include "base/cores.h"
#include "base/log.h"
#include "engine/sync/bootstrap.h"
#include "source/capacity.h"

unsigned copy_lanes_within(const struct copy_room *room)
{
	unsigned lanes = room->cores < COPY_LANES_MAX ? room->cores : COPY_LANES_MAX;
	if (room->connections / 2 < lanes)
		lanes = room->connections / 2;
	if (room->parts < lanes)
		lanes = (unsigned)room->parts;
	return lanes > 0 ? lanes : 1;
}

static bool are_auto(const struct sync_config *config)
{
	return !config->has_loop && config->full_parallel == 0;
}

unsigned copy_lanes_most(const struct sync_config *config)
{
	if (config->has_loop)
		return 1;
	return config->full_parallel > 0 ? config->full_parallel : COPY_LANES_MAX;
}

uint64_t copy_parts(uint64_t rows)
{
	return 1 + rows / COPY_LANE_ROWS;
}

int copy_lanes_for(const struct sync_config *config, struct conn *conn, uint64_t parts,
		   struct copy_room *room, unsigned *nlanes, struct err *err)
{
	*nlanes = copy_lanes_most(config);
	if (!are_auto(config))
		return 0;
	*room = (struct copy_room){.cores = cores_available(), .parts = parts};
	if (source_spare_connections(conn, &room->connections, err) < 0)
		return -1;
	*nlanes = copy_lanes_within(room);
	return 0;
}

/* Count the parts of the tables, up to COPY_LANES_MAX. */
static int count_parts(struct bootstrap *bootstrap, uint64_t *parts, struct err *err)
{
	*parts = 0;
	if (bootstrap->nreads >= COPY_LANES_MAX)
		*parts = COPY_LANES_MAX;
	for (unsigned i = 0; i < bootstrap->nreads && *parts < COPY_LANES_MAX; i++) {
		struct table_size size;
		if (source_table_size(bootstrap->conn, bootstrap->reads[i].table, &size, err) < 0)
			return -1;
		*parts += copy_parts(size.rows);
	}
	return 0;
}

int copy_lanes_choose(struct bootstrap *bootstrap, unsigned *nlanes, struct err *err)
{
	const struct sync_config *config = bootstrap->sync->config;
	struct copy_room room;
	uint64_t parts = 0;
	if (are_auto(config) && count_parts(bootstrap, &parts, err) < 0)
		return -1;
	if (copy_lanes_for(config, bootstrap->conn, parts, &room, nlanes, err) < 0)
		return -1;
	if (are_auto(config))
		log_info("full sync: full.parallel = \"auto\" is %u here: cores %u, free "
			 "connections %u, tables %u",
			 *nlanes, room.cores, room.connections, bootstrap->nreads);
	return 0;
}
