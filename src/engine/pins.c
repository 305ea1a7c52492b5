#include "engine/pins.h"

#include "encode/json.h"

#include <cjson/cJSON.h>

void pins_init(struct pins *pins)
{
	*pins = (struct pins){.saves = {NULL, NULL}};
	pthread_mutex_init(&pins->lock, NULL);
	map_init(&pins->by_topic);
	arena_init(&pins->arena, 0);
}

void pins_fini(struct pins *pins)
{
	struct pin *pin;
	size_t at = 0;
	while ((pin = map_next(&pins->by_topic, &at)))
		map_fini(&pin->tables);
	map_fini(&pins->by_topic);
	saves_fini(&pins->saves);
	arena_fini(&pins->arena);
	pthread_mutex_destroy(&pins->lock);
}

void pins_reset(struct pins *pins)
{
	pins_fini(pins);
	pins_init(pins);
}

static struct pin *add_pin(struct pins *pins, struct slice topic, int partitions)
{
	struct pin *pin = ARENA_NEW(&pins->arena, struct pin);
	pin->name = arena_copy(&pins->arena, topic);
	pin->partitions = partitions;
	map_init(&pin->tables);
	map_set(&pins->by_topic, pin->name, pin);
	return pin;
}

static void add_table(struct pins *pins, struct pin *pin, struct slice table)
{
	map_set(&pin->tables, arena_copy(&pins->arena, table), pin);
}

int pins_load(struct pins *pins, struct slice topic, struct slice json, struct err *err)
{
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *tables = cJSON_GetObjectItemCaseSensitive(root, "tables"), *item;
	const cJSON *partitions = cJSON_GetObjectItemCaseSensitive(root, "partitions");
	struct pin *pin;
	if (!cJSON_IsNumber(partitions) || !cJSON_IsArray(tables)) {
		cJSON_Delete(root);
		return err_set(err, ERR_INTERNAL,
			       "checkpoint record of topic '%.*s' cannot be read",
			       SLICE_FMT(topic));
	}
	pin = add_pin(pins, topic, partitions->valueint);
	cJSON_ArrayForEach(item, tables)
	{
		if (cJSON_IsString(item))
			add_table(pins, pin, slice_str(item->valuestring));
	}
	cJSON_Delete(root);
	return 0;
}

int pins_get(struct pins *pins, struct slice topic, struct arena *arena, struct slice **tables,
	     size_t *ntables)
{
	struct pin *pin;
	int partitions = 0;
	*tables = NULL;
	*ntables = 0;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	if (pin) {
		partitions = pin->partitions;
		*tables = ARENA_ARRAY(arena, pin->tables.count + 1, struct slice);
		for (size_t i = 0; i < pin->tables.cap; i++)
			if (pin->tables.slots[i].value)
				(*tables)[(*ntables)++] =
					arena_copy(arena, pin->tables.slots[i].key);
	}
	pthread_mutex_unlock(&pins->lock);
	return partitions;
}

static void save(struct pins *pins, const struct pin *pin)
{
	struct buf name, value;
	bool first = true;
	buf_init(&name);
	buf_init(&value);
	buf_printf(&name, "topic/%.*s", SLICE_FMT(pin->name));
	buf_printf(&value, "{\"partitions\":%d,\"tables\":[", pin->partitions);
	for (size_t i = 0; i < pin->tables.cap; i++) {
		if (pin->tables.slots[i].value == NULL)
			continue;
		if (!first)
			buf_char(&value, ',');
		json_string(&value, pin->tables.slots[i].key);
		first = false;
	}
	buf_put(&value, SLICE("]}"));
	saves_add(&pins->saves, buf_slice(&name), buf_slice(&value));
	buf_fini(&value);
	buf_fini(&name);
}

bool pins_open(struct pins *pins, struct slice topic, size_t max)
{
	struct pin *pin;
	bool fits = true;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	if (pin == NULL || !pin->open)
		fits = pins->nopen < max;
	if (fits && pin == NULL)
		pin = add_pin(pins, topic, 0);
	if (fits && !pin->open) {
		pin->open = true;
		pins->nopen++;
	}
	pthread_mutex_unlock(&pins->lock);
	return fits;
}

void pins_note(struct pins *pins, struct slice topic, int partitions, const struct slice *table)
{
	struct pin *pin;
	bool is_new = false;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	if (pin == NULL)
		pin = add_pin(pins, topic, 0);
	if (pin->partitions == 0) {
		pin->partitions = partitions;
		is_new = true;
	}
	if (table && map_get(&pin->tables, *table) == NULL) {
		add_table(pins, pin, *table);
		is_new = true;
	}
	if (is_new)
		save(pins, pin);
	pthread_mutex_unlock(&pins->lock);
}

void pins_adopt(struct pins *pins, struct slice topic, int partitions)
{
	struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	pin->partitions = partitions;
	save(pins, pin);
	pthread_mutex_unlock(&pins->lock);
}

/* Under the lock: of two records of one topic the later one must stay the later one. */
void pins_post(struct pins *pins, struct checkpoint *checkpoint)
{
	pthread_mutex_lock(&pins->lock);
	if (pins->saves.first)
		checkpoint_post(checkpoint, &pins->saves, NULL);
	pthread_mutex_unlock(&pins->lock);
}

const struct pin *pins_next(const struct pins *pins, size_t *at)
{
	return map_next(&pins->by_topic, at);
}
