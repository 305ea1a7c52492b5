#include "engine/lane/destination.h"

#include "base/mem.h"
#include "engine/lane/lane.h"
#include "sink/sink.h"

#include <stdio.h>
#include <stdlib.h>

void copying_set(struct copying *copying, unsigned tables)
{
	int len = snprintf(copying->text, sizeof(copying->text), "%u", tables);
	copying->tables = tables;
	copying->header =
		(struct header){SLICE(HEADER_COPYING), slice_of(copying->text, (size_t)len)};
}

void destinations_init(struct destinations *destinations)
{
	*destinations = (struct destinations){.first = NULL};
	map_init(&destinations->by_name);
}

void destinations_fini(struct destinations *destinations)
{
	struct destination *next;
	for (struct destination *d = destinations->first; d; d = next) {
		next = d->next;
		map_fini(&d->tables);
		free(d);
	}
	map_fini(&destinations->by_name);
}

static int compare_named(const void *name, const void *item)
{
	const struct named_topic *named = item;
	return slice_compare(*(const struct slice *)name, slice_str(named->name));
}

struct topic_spec lane_topic_spec(const struct sync_config *config, struct slice name, bool keyed,
				  const struct pinned *pinned)
{
	const struct topics_config *topics = &config->topics;
	const struct named_topic *named = topics->nnamed == 0
						  ? NULL
						  : bsearch(&name, topics->named, topics->nnamed,
							    sizeof(*topics->named), compare_named);
	struct topic_spec spec = {
		.create = topics->create,
		.partitions = keyed ? topics->partitions : topics->partitions_without_key,
		.replication = named ? named->replication : topics->replication,
		.config = named ? named->config : topics->config,
		.nconfig = named ? named->nconfig : topics->nconfig,
	};
	if (named && named->partitions > 0)
		spec.partitions = named->partitions;
	if (pinned) {
		spec.pinned = pinned->partitions;
		spec.ends = pinned->ends;
		spec.nends = pinned->nends;
	}
	return spec;
}

static int open_destination(struct lane *lane, struct slice name, bool keyed,
			    struct destination **destination, struct err *err)
{
	const struct topics_config *topics = &lane->config->topics;
	struct pins *pins = &lane->sync->pins;
	const struct pinned pinned = pins_get(pins, name, &lane->texts);
	const struct topic_spec spec = lane_topic_spec(lane->config, name, keyed, &pinned);
	struct topic *topic;
	if (!pins_open(pins, name, topics->max + lane->destinations.uncounted))
		return err_set(err, E_TOPICS_MAX,
			       "topic '%.*s' would be topic number %u of this sync, and topics.max "
			       "is %u. Correct "
			       "the topic function if it makes too many, or raise topics.max",
			       SLICE_FMT(name), topics->max + 1, topics->max);
	if (pinned.replaced && !lane->sync->output.dry_run)
		return err_set(err, E_TOPIC_REPLACED, TOPIC_REPLACED, SLICE_FMT(name));
	if (sink_topic(lane->sink, name, &spec, lane->halt, &topic, err) < 0)
		return -1;
	*destination = mem_array(1, sizeof(**destination));
	(*destination)->topic = topic;
	(*destination)->name = sink_topic_info(topic)->name;
	map_init(&(*destination)->tables);
	for (size_t i = 0; i < pinned.ntables; i++)
		map_set(&(*destination)->tables, pinned.tables[i], *destination);
	map_set(&lane->destinations.by_name, (*destination)->name, *destination);
	if (lane->destinations.last)
		lane->destinations.last->next = *destination;
	else
		lane->destinations.first = *destination;
	lane->destinations.last = *destination;
	pins_note(pins, name, sink_topic_info(topic)->partitions, NULL);
	return 0;
}

int lane_destination(struct lane *lane, struct slice name, bool keyed, const struct table *table,
		     struct destination **destination, struct err *err)
{
	struct slice full_name;
	*destination = map_get(&lane->destinations.by_name, name);
	if (*destination == NULL && open_destination(lane, name, keyed, destination, err) < 0)
		return -1;
	if (table == NULL || map_get(&(*destination)->tables, table->full_name))
		return 0;
	full_name = arena_copy(&lane->texts, table->full_name);
	map_set(&(*destination)->tables, full_name, *destination);
	pins_note(&lane->sync->pins, name, sink_topic_info((*destination)->topic)->partitions,
		  &full_name);
	return 0;
}
