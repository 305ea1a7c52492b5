#include "engine/lane/step.h"

int lane_run(struct lane *lane, struct err *err)
{
	struct wait wait;
	int rc;
	while ((rc = lane_step(lane, &wait, err)) > 0)
		if (rc == LANE_WAIT)
			wait_for(&wait);
	return rc;
}
