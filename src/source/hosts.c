#include "source/hosts.h"

#include "base/log.h"

enum { PLACE = 300 };

void hosts_choose(const struct source_config *config, int host)
{
	if (config->nhosts > 0)
		atomic_store(&config->choice->current, host);
}

int hosts_chosen(const struct source_config *config)
{
	return config->nhosts > 0 ? atomic_load(&config->choice->current) : -1;
}

void hosts_print(const struct source_config *config, unsigned host, char *text, size_t size)
{
	source_host_print(&config->hosts[host], text, size);
}

void hosts_tell(const struct source_config *config)
{
	int host = hosts_chosen(config);
	char place[PLACE];
	if (host < 0 || host == config->choice->told)
		return;
	config->choice->told = host;
	hosts_print(config, (unsigned)host, place, sizeof(place));
	log_info("source: %s is used", place);
}

bool hosts_blame(const struct source_config *config)
{
	int host = hosts_chosen(config);
	if (host >= 0)
		config->choice->blamed[host] = true;
	if (config->choice->end)
		return false;
	for (unsigned i = 0; i < config->nhosts; i++)
		if (!config->choice->blamed[i])
			return true;
	return false;
}

void hosts_end(const struct source_config *config, bool end)
{
	config->choice->end = end;
}

bool hosts_blamed(const struct source_config *config, unsigned host)
{
	return config->choice->blamed[host];
}

void hosts_forgive(const struct source_config *config)
{
	for (unsigned i = 0; i < config->nhosts; i++)
		config->choice->blamed[i] = false;
}

void refusals_init(struct refusals *refusals)
{
	*refusals = (struct refusals){.n = 0};
	buf_init(&refusals->texts);
}

void refusals_fini(struct refusals *refusals)
{
	buf_fini(&refusals->texts);
}

void hosts_refuse(struct refusals *refusals, const struct source_config *config, unsigned host,
		  const struct err *why)
{
	char place[PLACE];
	hosts_print(config, host, place, sizeof(place));
	if (config->nhosts > 1)
		log_warn("source: %s is passed over: %s", place, why->text);
	buf_printf(&refusals->texts, "%s%s", refusals->n > 0 ? "; " : "", why->text);
	refusals->n++;
	refusals->may_pass |= why->retriable;
	if (refusals->code == ERR_NONE || refusals->code == ERR_POSITION) {
		refusals->id = why->id;
		refusals->code = why->code;
	}
}

int hosts_none(struct refusals *refusals, struct err *err)
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
