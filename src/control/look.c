#include "control/look.h"

void look_init(struct look *look)
{
	*look = (struct look){.lane_open = false};
}

int look_load(struct look *look, const struct arguments *arguments, struct err *err)
{
	look->options =
		(struct script_options){.args = arguments->settings, .nargs = arguments->nsettings};
	if (arguments_script(arguments, &look->options.path, err) < 0)
		return -1;
	look->script = script_new(&look->options, err);
	return look->script ? 0 : -1;
}

int look_connect(struct look *look, unsigned index, struct err *err)
{
	sync_init(&look->sync, &look->options, index, script_config(look->script, index));
	look->sync.output.dry_run = true;
	bootstrap_init(&look->bootstrap, &look->sync, look->script);
	look->lane_open = true;
	if (lane_open(&look->lane, &look->sync, SYNC_COPY, "look", 1 << 20, NULL, NULL,
		      &look->metrics, err) < 0)
		return -1;
	return bootstrap_connect(&look->bootstrap, err);
}

void look_leave(struct look *look)
{
	if (look->store_open)
		checkpoint_fini(&look->sync.checkpoint);
	look->store_open = false;
	if (!look->lane_open)
		return;
	lane_close(&look->lane);
	bootstrap_fini(&look->bootstrap);
	sync_fini(&look->sync);
	look->lane_open = false;
}

void look_fini(struct look *look)
{
	look_leave(look);
	script_free(look->script);
}
