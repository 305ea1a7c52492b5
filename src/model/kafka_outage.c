#include "model/kafka_outage.h"

void kafka_outage_print(const struct kafka_outage *outage, struct buf *out)
{
	if (outage->is_over)
		buf_printf(out, "%s: reachable again after %.1f s", outage->cluster,
			   (double)outage->ms / 1000);
	else
		buf_printf(out, "%s: no broker can be reached%s%s; %s", outage->cluster,
			   outage->cause[0] ? ": " : "", outage->cause,
			   outage->gives_up ? "trying for some seconds"
					    : "waiting, nothing is lost");
}
