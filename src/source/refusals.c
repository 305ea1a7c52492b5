#include "source/refusals.h"

#include "base/log.h"

enum { PLACE = 300 };

void refusals_init(struct refusals *refusals)
{
	*refusals = (struct refusals){.n = 0};
	buf_init(&refusals->texts);
}

void refusals_fini(struct refusals *refusals)
{
	buf_fini(&refusals->texts);
}

void refusals_add(struct refusals *refusals, const struct source *source, unsigned host,
		  const struct err *why)
{
	char place[PLACE];
	source_print_host(source, host, place, sizeof(place));
	if (source_config(source)->nhosts > 1)
		log_warn("source: %s is skipped: %s", place, why->text);
	buf_printf(&refusals->texts, "%s%s", refusals->n > 0 ? "; " : "", why->text);
	refusals->n++;
	refusals->may_pass |= why->retriable;
	if (refusals->code == ERR_NONE || refusals->code == ERR_POSITION) {
		refusals->id = why->id;
		refusals->code = why->code;
	}
}

int refusals_report(struct refusals *refusals, struct err *err)
{
	enum err_id id = refusals->id;
	/* a host that is not available may have the position */
	if ((refusals->may_pass && refusals->code == ERR_POSITION) ||
	    (refusals->n > 1 && refusals->code == ERR_SOURCE))
		id = E_HOSTS;
	if (refusals->n == 1)
		err_set(err, id, "%s", buf_cstr(&refusals->texts));
	else
		err_set(err, id, "none of the %u hosts of the source can be used: %s", refusals->n,
			buf_cstr(&refusals->texts));
	err->retriable = refusals->may_pass;
	refusals_fini(refusals);
	return -1;
}
