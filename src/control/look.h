/* look: a sync as plan, preview and check see it: source connected, catalog loaded, script checked against the
 * tables, a lane that sends nothing. Thread: main. Owner: look_init / look_fini. */
#ifndef TIDEWAY_LOOK_H
#define TIDEWAY_LOOK_H

#include "control/command.h"
#include "engine/lane/lane.h"
#include "engine/sync/bootstrap.h"
#include "script/script.h"

struct look {
	struct script_options options;
	struct script *script; /* NULL: not loaded */
	struct sync sync;
	struct bootstrap bootstrap;
	struct lane lane; /* dry: makes no topic, sends nothing */
	struct lane_metrics metrics;
	bool lane_open;
	bool store_open; /* the sync's checkpoint, for looking */
};

void look_init(struct look *look);
void look_fini(struct look *look);
/* Loads the script named on the command line. */
int look_load(struct look *look, const struct arguments *arguments, struct err *err) MUST_CHECK;
/* Takes sync number `index`; connects to the source, selects and checks the tables, opens the lane. */
int look_connect(struct look *look, unsigned index, struct err *err) MUST_CHECK;
/* Leaves it for the next sync. */
void look_leave(struct look *look);

#endif
