/* look: a sync as plan, preview and check use it: the source is connected, the catalog loaded, the
 * script checked against the tables, and a lane open that sends nothing.
 * Thread: main. Owner: look_init / look_fini. */
#ifndef TIDEWAY_LOOK_H
#define TIDEWAY_LOOK_H

#include "control/command.h"
#include "engine/lane/lane.h"
#include "engine/sync/bootstrap.h"
#include "script/script.h"

struct sink;

struct look {
	struct script_options options;
	struct script *script; /* NULL: not loaded */
	struct sync sync;
	struct bootstrap bootstrap;
	struct lane lane; /* dry: creates no topic and sends nothing */
	struct lane_metrics metrics;
	bool lane_open;
	bool store_open; /* the checkpoint of the sync is open for reading */
	struct selection
		chosen; /* tables that commands have added and removed; empty unless look_choose has loaded them */
};

enum { LOOK_BROKER_MS = 1000 }; /* how long to wait for a broker */

void look_init(struct look *look);
void look_fini(struct look *look);
/* Load the script that the command line names. */
int look_load(struct look *look, const struct arguments *arguments, struct err *err) MUST_CHECK;
/* Open a client of the brokers that creates nothing, and does not wait long for them. client: its name. Return NULL with the error. */
struct sink *look_open_sink(const struct sink_config *config, const char *client, struct err *err);
/* Before look_connect: load the tables that commands have added to sync number `index` and removed from it, from its checkpoint, which is
 * not changed. sink: with which to find out whether the brokers and the topic of the checkpoint are there; NULL: read only a checkpoint
 * that is a file. */
int look_choose(struct look *look, unsigned index, struct sink *sink, struct err *err) MUST_CHECK;
/* Take sync number `index`: connect to the source, select and check the tables, open the lane. */
int look_connect(struct look *look, unsigned index, struct err *err) MUST_CHECK;
/* Release the sync, so that look_connect can take the next one. */
void look_leave(struct look *look);

#endif
