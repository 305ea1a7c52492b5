#include "unit.h"

#include "model/message.h"

static void batches_keep_their_order_and_memory(void **state)
{
	(void)state;
	struct message_batch batch = {.n = 0};
	const struct message *messages;
	const char *value;
	for (int i = 0; i < 100; i++) {
		struct message message = {.topic = SLICE("t"), .partition = i};
		message_batch_add(&batch, &message);
	}
	assert_int_equal(batch.n, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(batch.messages[i].partition, i);
	messages = batch.messages;
	buf_put(message_batch_value(&batch), SLICE("first"));
	buf_put(message_batch_value(&batch), SLICE("second"));
	assert_slice(buf_slice(&batch.value[0]), "first");
	assert_slice(buf_slice(&batch.value[1]), "second");
	value = batch.value[0].ptr;
	message_batch_clear(&batch);
	assert_int_equal(batch.n, 0);
	buf_put(message_batch_value(&batch), SLICE("third"));
	assert_slice(buf_slice(&batch.value[0]), "third");
	assert_ptr_equal(batch.value[0].ptr, value);
	assert_ptr_equal(batch.messages, messages);
	buf_put(&batch.key[0], SLICE("k"));
	message_batch_shrink(&batch, 1);
	assert_null(batch.value[0].ptr);
	message_batch_fini(&batch);
	assert_null(batch.messages);
}

/* NULL texts stay NULL: a null key is not the empty key. */
static void kept_messages_outlive_their_texts(void **state)
{
	(void)state;
	struct message_batch batch = {.n = 0};
	struct arena arena;
	char text[] = "abc", name[] = "h";
	const struct header headers[] = {{slice_of(name, 1), {NULL, 0}},
					 {slice_of(name, 1), slice_of(text, 3)}};
	const struct message full = {.topic = slice_of(text, 3),
				     .key = slice_of(text, 0),
				     .op = slice_of(text, 2),
				     .headers = headers,
				     .nheaders = 2,
				     .partition = MESSAGE_BY_KEY};
	const struct message *kept;
	arena_init(&arena, 0);
	message_batch_add(&batch, &full);
	message_batch_keep(&batch, &arena);
	memcpy(text, "xyz", 3);
	name[0] = 'x';
	kept = &batch.messages[0];
	assert_slice(kept->topic, "abc");
	assert_non_null(kept->key.ptr);
	assert_int_equal(kept->key.len, 0);
	assert_null(kept->value.ptr);
	assert_slice(kept->op, "ab");
	assert_int_equal(kept->nheaders, 2);
	assert_slice(kept->headers[0].name, "h");
	assert_null(kept->headers[0].value.ptr);
	assert_slice(kept->headers[1].value, "abc");
	assert_int_equal(kept->partition, MESSAGE_BY_KEY);
	message_batch_fini(&batch);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_keep_their_order_and_memory),
		cmocka_unit_test(kept_messages_outlive_their_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
