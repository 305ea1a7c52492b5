/* limit_dump PORT FILE OFFSET: measures how fast the server sends its binlog from that offset to the end. Discards every event.
 * Counts events. */
#include "bench/bench.h"

#include "source/dump.h"

static int read_all(struct dump *dump, uint64_t *events, uint64_t *bytes, struct err *err)
{
	struct slice event;
	int rc;
	while ((rc = dump_read(dump, &event, err)) == 1) {
		*events += 1;
		*bytes += event.len;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct dump_options options = {
		.sync_name = "bench-limit", .heartbeat_ms = 500, .from_now_end = true};
	struct source_config config;
	struct source *source;
	struct position position;
	struct dump *dump;
	uint64_t events = 0, bytes = 0;
	int64_t began;
	int rc;
	if (argc != 4) {
		fprintf(stderr, "usage: limit_dump PORT FILE OFFSET\n");
		return 2;
	}
	config = bench_config(argv[1]);
	source = source_new(&config);
	position_init(&position);
	snprintf(position.file, sizeof(position.file), "%s", argv[2]);
	position.offset = strtoull(argv[3], NULL, 10);
	began = clock_mono_ns();
	dump = dump_open(source, &position, &options, &err);
	if (dump == NULL)
		return bench_fail(&err);
	rc = read_all(dump, &events, &bytes, &err);
	if (rc == 0)
		bench_print(events, bytes, began);
	dump_free(dump);
	source_free(source);
	position_fini(&position);
	return rc < 0 ? bench_fail(&err) : 0;
}
