#include "engine/state/pins.h"

#include "base/json_writer.h"
#include "base/log.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

void pins_init(struct pins *pins)
{
	*pins = (struct pins){.nopen = 0};
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

/* Load the ends. Records of version 0.1.0 have none. */
static void load_ends(struct pins *pins, struct pin *pin, const cJSON *ends)
{
	const cJSON *item;
	pin->ends = ARENA_ARRAY(&pins->arena, (size_t)cJSON_GetArraySize(ends) + 1, int64_t);
	cJSON_ArrayForEach(item, ends)
	{
		pin->ends[pin->nends++] = (int64_t)cJSON_GetNumberValue(item);
	}
}

int pins_load(struct pins *pins, struct slice topic, struct slice json, struct err *err)
{
	cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
	const cJSON *tables = cJSON_GetObjectItemCaseSensitive(root, "tables"), *item;
	const cJSON *partitions = cJSON_GetObjectItemCaseSensitive(root, "partitions");
	struct pin *pin;
	if (!cJSON_IsNumber(partitions) || !cJSON_IsArray(tables)) {
		cJSON_Delete(root);
		return err_set(err, E_CHECKPOINT_RECORD,
			       "checkpoint record of topic '%.*s' cannot be read",
			       SLICE_FMT(topic));
	}
	pin = add_pin(pins, topic, partitions->valueint);
	cJSON_ArrayForEach(item, tables)
	{
		if (cJSON_IsString(item))
			add_table(pins, pin, slice_str(item->valuestring));
	}
	load_ends(pins, pin, cJSON_GetObjectItemCaseSensitive(root, "ends"));
	pin->replaced = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "replaced"));
	cJSON_Delete(root);
	return 0;
}

static struct slice *copy_tables(const struct pin *pin, struct arena *arena)
{
	struct slice *tables = ARENA_ARRAY(arena, pin->tables.count + 1, struct slice);
	size_t n = 0;
	for (size_t i = 0; i < pin->tables.cap; i++)
		if (pin->tables.slots[i].value)
			tables[n++] = arena_copy(arena, pin->tables.slots[i].key);
	return tables;
}

static int64_t *copy_ends(const int64_t *ends, int n, int size, struct arena *arena)
{
	int64_t *copy = ARENA_ARRAY(arena, (size_t)size + 1, int64_t);
	if (n > 0)
		memcpy(copy, ends, (size_t)n * sizeof(*copy));
	return copy;
}

struct pinned pins_get(struct pins *pins, struct slice topic, struct arena *arena)
{
	struct pinned pinned = {.partitions = 0};
	const struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	if (pin)
		pinned = (struct pinned){
			.partitions = pin->partitions,
			.nends = pin->nends,
			.ends = copy_ends(pin->ends, pin->nends, pin->nends, arena),
			.replaced = pin->replaced,
			.tables = copy_tables(pin, arena),
			.ntables = pin->tables.count,
		};
	pthread_mutex_unlock(&pins->lock);
	return pinned;
}

static void print_ends(const struct pin *pin, struct buf *value)
{
	if (pin->nends == 0)
		return;
	buf_put(value, SLICE(",\"ends\":["));
	for (int i = 0; i < pin->nends; i++)
		buf_printf(value, i > 0 ? ",%" PRId64 : "%" PRId64, pin->ends[i]);
	buf_char(value, ']');
}

static void save_pin(const struct pin *pin, struct record_batch *records)
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
	buf_char(&value, ']');
	print_ends(pin, &value);
	buf_put(&value, pin->replaced ? SLICE(",\"replaced\":true}") : SLICE("}"));
	record_batch_add(records, buf_slice(&name), buf_slice(&value));
	buf_fini(&value);
	buf_fini(&name);
}

static void note_change(struct pins *pins, struct pin *pin)
{
	pin->changed = true;
	pins->urgent = true;
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
		note_change(pins, pin);
	pthread_mutex_unlock(&pins->lock);
}

void pins_adopt(struct pins *pins, struct slice topic, int partitions)
{
	struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	pin->partitions = partitions;
	note_change(pins, pin);
	pthread_mutex_unlock(&pins->lock);
}

void pins_acked(struct pins *pins, struct slice topic, const int64_t *ends, int n)
{
	struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	if (pin->nends < n) {
		pin->ends = copy_ends(pin->ends, pin->nends, n, &pins->arena);
		pin->nends = n;
	}
	for (int i = 0; i < n; i++)
		if (pin->ends[i] < ends[i])
			pin->ends[i] = ends[i];
	pin->changed = true;
	pthread_mutex_unlock(&pins->lock);
}

void pins_replaced(struct pins *pins, struct slice topic)
{
	struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	pin->replaced = true;
	note_change(pins, pin);
	pthread_mutex_unlock(&pins->lock);
}

void pins_forget(struct pins *pins, struct slice topic)
{
	struct pin *pin;
	pthread_mutex_lock(&pins->lock);
	pin = map_get(&pins->by_topic, topic);
	pin->partitions = 0;
	pin->nends = 0;
	pin->replaced = false;
	pthread_mutex_unlock(&pins->lock);
}

static void take_changed(struct pins *pins, struct record_batch *records)
{
	struct pin *pin;
	size_t at = 0;
	while ((pin = map_next(&pins->by_topic, &at))) {
		if (pin->changed && pin->partitions > 0)
			save_pin(pin, records);
		pin->changed = false;
	}
	pins->urgent = false;
}

void pins_take(struct pins *pins, struct record_batch *records)
{
	pthread_mutex_lock(&pins->lock);
	take_changed(pins, records);
	pthread_mutex_unlock(&pins->lock);
}

void pins_post(struct pins *pins, struct checkpoint *checkpoint, struct record_batch *records,
	       const struct position *position)
{
	pthread_mutex_lock(&pins->lock);
	take_changed(pins, records);
	if (records->first || position)
		checkpoint_post(checkpoint, records, position);
	pthread_mutex_unlock(&pins->lock);
}

bool pins_are_urgent(struct pins *pins)
{
	bool urgent;
	pthread_mutex_lock(&pins->lock);
	urgent = pins->urgent;
	pthread_mutex_unlock(&pins->lock);
	return urgent;
}

void pins_tell_grown(struct slice topic, int present, int pinned)
{
	log_warn(
		"topic \"%.*s\" now has %d partitions: heartbeats go to all of them, and keys stay "
		"on the first %d to keep their order. To spread keys over all of them, start with "
		"topics = { partitions = \"adopt\" }",
		SLICE_FMT(topic), present, pinned);
}

const struct pin *pins_next(const struct pins *pins, size_t *at)
{
	return map_next(&pins->by_topic, at);
}
