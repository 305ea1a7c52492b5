#include "sink/sink.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "model/topic_name.h"
#include "sink/sink_priv.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { POLL_SLICE_MS = 100 }; /* how long a drain waits before it checks `stop` again */

void sink_free(struct sink *sink)
{
	if (sink == NULL)
		return;
	size_t at = 0;
	for (struct topic *topic; (topic = map_next(&sink->topics, &at)) != NULL;) {
		sink->ops->forget(topic);
		free(topic);
	}
	map_fini(&sink->topics);
	sink->ops->free(sink);
}

void sink_stop_on(struct sink *sink, const _Atomic bool *stop)
{
	sink->stop = stop;
}

bool sink_stopping(const struct sink *sink)
{
	return sink->stop != NULL && atomic_load_explicit(sink->stop, memory_order_relaxed);
}

void sink_set_poison(struct sink *sink, const struct err *err)
{
	if (sink->poison.code == ERR_NONE)
		sink->poison = *err;
}

static int poisoned(const struct sink *sink, struct err *err)
{
	*err = sink->poison;
	return -1;
}

void sink_tell(struct sink *sink)
{
	unsigned n = sink->run;
	sink->run = 0;
	/* what was acknowledged before the first error is true, but not needed: the lane starts
	 * again */
	if (n != 0 && sink->poison.code == ERR_NONE && sink->acked != NULL)
		sink->acked(sink->arg, sink->run_token, n);
}

void sink_count_acked(struct sink *sink, uint64_t token)
{
	if (FAULT(ACK)) {
		struct err err = ERR_INIT;
		err_retry(&err, E_KAFKA_FAULT, "fault point: ack");
		sink_set_poison(sink, &err);
	}
	if (sink->run != 0 && sink->run_token != token)
		sink_tell(sink);
	sink->run_token = token;
	sink->run++;
}

void sink_note_end(struct sink *sink, struct topic *topic, struct partition *partition, int64_t end)
{
	partition->end = end;
	if (topic->moved)
		return;
	topic->moved = true;
	topic->next_moved = sink->moved;
	sink->moved = topic;
}

static void take_ends(struct topic *topic, sink_ends_fn *take, void *arg)
{
	int n = topic->info.present;
	int64_t *ends = mem_array((size_t)n, sizeof(*ends));
	for (int i = 0; i < n; i++)
		ends[i] = topic->partitions[i].end;
	take(arg, topic->info.name, ends, n);
	free(ends);
}

void sink_take_ends(struct sink *sink, sink_ends_fn *take, void *arg)
{
	for (struct topic *topic; (topic = sink->moved) != NULL;) {
		sink->moved = topic->next_moved;
		topic->moved = false;
		take_ends(topic, take, arg);
	}
}

struct slice sink_replaced(const struct sink *sink)
{
	return sink->replaced ? sink->replaced->info.name : (struct slice){NULL, 0};
}

static int check_name(struct slice name, struct err *err)
{
	if (topic_name_check(name, NULL) == TOPIC_NAME_LEGAL)
		return 0;
	return err_set(err, E_ROW_TOPIC_NAME,
		       "topic \"%.*s\" is not a valid name: Kafka allows 1 to %d of a-z, A-Z, 0-9, "
		       "'.', '_' and '-'",
		       (int)(name.len < 300 ? name.len : 300), name.ptr, TOPIC_NAME_MAX);
}

static struct topic *topic_new(struct slice name)
{
	struct topic *topic = mem_array(1, sizeof(*topic) + name.len + 1);
	memcpy(topic->name, name.ptr, name.len);
	topic->info.name = slice_of(topic->name, name.len);
	return topic;
}

int sink_topic(struct sink *sink, struct slice name, const struct topic_spec *spec,
	       const _Atomic bool *stop, struct topic **topic, struct err *err)
{
	*topic = map_get(&sink->topics, name);
	if (*topic != NULL)
		return 0;
	if (check_name(name, err) != 0)
		return -1;
	struct topic *made = topic_new(name);
	if (sink->ops->topic(sink, made, spec, stop, err) != 0) {
		sink->ops->forget(made);
		free(made);
		return -1;
	}
	map_set(&sink->topics, made->info.name, made);
	*topic = made;
	return 0;
}

const struct topic_info *sink_topic_info(const struct topic *topic)
{
	return &topic->info;
}

static int create_named(struct sink *sink, const struct slice *names,
			const struct topic_spec *specs, unsigned n, struct arena *arena,
			const _Atomic bool *stop, struct err *err)
{
	const char **texts = ARENA_ARRAY(arena, n + 1, const char *);
	for (unsigned i = 0; i < n; i++) {
		if (check_name(names[i], err) != 0)
			return -1;
		texts[i] = arena_cstr(arena, names[i]);
	}
	return sink->ops->create(sink, texts, specs, n, stop, err);
}

int sink_topics_create(struct sink *sink, const struct slice *names, const struct topic_spec *specs,
		       unsigned n, const _Atomic bool *stop, struct err *err)
{
	struct arena arena;
	if (n == 0 || sink->ops->create == NULL)
		return 0;
	arena_init(&arena, 0);
	int result = create_named(sink, names, specs, n, &arena, stop, err);
	arena_fini(&arena);
	return result;
}

int sink_topics_exist(struct sink *sink, const struct slice *names, unsigned n, bool *exists,
		      int *partitions, struct err *err)
{
	return sink->ops->exist(sink, names, n, exists, partitions, err);
}

void sink_wait_at_most(struct sink *sink, int ms)
{
	sink->exist_ms = ms;
}

int sink_ends(struct sink *sink, struct partition_end *ends, unsigned n, const _Atomic bool *stop,
	      struct err *err)
{
	return sink->ops->ends && n > 0 ? sink->ops->ends(sink, ends, n, stop, err) : 0;
}

struct slice sink_collides(const struct sink *sink, struct slice name)
{
	const char *other = sink->ops->collides ? sink->ops->collides(sink, name) : NULL;
	return other ? slice_str(other) : (struct slice){NULL, 0};
}

static size_t message_size(const struct message *message)
{
	size_t size = message->key.len + message->value.len + SINK_RECORD_OVERHEAD;
	for (unsigned i = 0; i < message->nheaders; i++)
		size += message->headers[i].name.len + message->headers[i].value.len +
			SINK_HEADER_OVERHEAD;
	return size;
}

static int too_large(const struct topic *topic, const struct message *message, size_t size,
		     struct err *err)
{
	return err_set(
		err, E_MESSAGE_SIZE,
		"a message of %zu bytes (key %zu, value %zu) is more than topic \"%s\" allows "
		"(%zu%s). Raise max.message.bytes of the topic, or drop or shorten columns",
		size, message->key.len, message->value.len, topic->name, topic->limit,
		topic->info.max_message == topic->limit ? ", its max.message.bytes" : "");
}

/* Return the partition of a key. All null keys are in partition 0, which keeps their order. */
static int place(const struct topic *topic, struct slice key)
{
	return key.ptr == NULL ? 0 : (int)(murmur2(key) % (uint32_t)topic->info.partitions);
}

/* Return the size of a message that may be sent; 0: refused. */
static size_t check_message(const struct sink *sink, const struct topic *topic,
			    const struct message *message, struct err *err)
{
	int partition = message->partition;
	size_t size = message_size(message);
	if (sink->poison.code != ERR_NONE) {
		*err = sink->poison;
		return 0;
	}
	if (partition != MESSAGE_BY_KEY && (partition < 0 || partition >= topic->info.present)) {
		err_set(err, E_PARTITION, "partition %d does not exist: topic \"%s\" has %d",
			partition, topic->name, topic->info.present);
		return 0;
	}
	if (size > topic->limit) {
		too_large(topic, message, size, err);
		return 0;
	}
	return size;
}

int sink_check(const struct sink *sink, const struct topic *topic, const struct message *message,
	       struct err *err)
{
	return check_message(sink, topic, message, err) > 0 ? 0 : -1;
}

int sink_send(struct sink *sink, struct topic *topic, const struct message *message, uint64_t token,
	      struct err *err)
{
	struct outgoing outgoing = {message, topic, message->partition, token, 0};
	outgoing.size = check_message(sink, topic, message, err);
	if (outgoing.size == 0)
		return -1;
	if (message->partition == MESSAGE_BY_KEY)
		outgoing.partition = place(topic, message->key);
	if (FAULT(PRODUCE))
		return err_retry(err, E_KAFKA_FAULT, "fault point: produce");
	return sink->ops->send(sink, &outgoing, err);
}

bool sink_is_full(struct sink *sink)
{
	return sink->ops->full != NULL && sink->ops->full(sink);
}

int sink_send_added(struct sink *sink, struct topic *topic, struct slice key, struct slice value,
		    uint64_t token, bool *added, struct err *err)
{
	const struct message message = {.key = key, .value = value};
	const struct outgoing outgoing = {&message, topic, topic->info.present, token,
					  message_size(&message)};
	*added = false;
	if (sink->poison.code != ERR_NONE)
		return poisoned(sink, err);
	if (sink->ops->send_added == NULL || outgoing.size > topic->limit)
		return 0;
	return sink->ops->send_added(sink, &outgoing, added, err);
}

int sink_poll(struct sink *sink, int timeout_ms, struct err *err)
{
	if (sink->poison.code == ERR_NONE)
		sink->ops->poll(sink, timeout_ms);
	return sink->poison.code == ERR_NONE ? 0 : poisoned(sink, err);
}

static int slice_left(int64_t end_ms)
{
	int64_t left = end_ms - clock_mono_ms();
	if (left <= 0)
		return 0;
	return left < POLL_SLICE_MS ? (int)left : POLL_SLICE_MS;
}

int sink_drain(struct sink *sink, int64_t timeout_ms, const _Atomic bool *stop, struct err *err)
{
	int64_t end = clock_mono_ms() + timeout_ms;
	while (sink->in_flight != 0 && sink->poison.code == ERR_NONE) {
		int wait_ms = timeout_ms < 0 ? POLL_SLICE_MS : slice_left(end);
		sink->ops->flush(sink, wait_ms);
		bool late = wait_ms == 0 || (stop != NULL && atomic_load(stop));
		if (late && sink->in_flight != 0 && sink->poison.code == ERR_NONE)
			return 1;
	}
	return sink->poison.code == ERR_NONE ? 0 : poisoned(sink, err);
}

unsigned sink_in_flight(const struct sink *sink)
{
	return sink->in_flight;
}

void sink_purge(struct sink *sink)
{
	struct err err = ERR_INIT;
	err_retry(&err, E_STOPPED_SENDING, "messages that were not acknowledged have been dropped");
	if (sink->in_flight != 0)
		sink_set_poison(sink, &err);
	sink->ops->purge(sink);
}
