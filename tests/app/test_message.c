/* message: written once, held by many, freed by the last. */
#include "app/message.h"

#include <pthread.h>

#include "t.h"
#include "t_future.h"

TEST(message, pieces_are_put_together_in_one_allocation_of_the_right_size)
{
	struct slice pieces[] = {
		slice_of("[#"), slice_of(""), slice_of("a\xc3\xa9"), { "\0!", 2 }
	};
	struct message *m;

	t_mem_begin();
	m = message_of(pieces, 4);
	CHECK_EQ(t_mem_allocs(), 1);
	CHECK_EQ(m->len, 7);
	CHECK_EQ(m->cap, 7);
	CHECK(memcmp(m->text, "[#a\xc3\xa9\0!", 7) == 0);
	message_drop(m);
	m = message_of(pieces, 0);
	CHECK_EQ(m->len, 0);
	message_drop(m);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(message, the_last_reference_frees)
{
	struct message *m;

	t_mem_begin();
	m = message_format("%d %s", 12, "monkeys");
	CHECK(slice_equals(message_text(m), slice_of("12 monkeys")));
	for (unsigned i = 0; i < 200; i++)
		CHECK_PTR(message_keep(m), m);
	for (unsigned i = 0; i < 200; i++)
		message_drop(m);
	CHECK(t_mem_live() > 0);
	message_drop(m);
	CHECK_EQ(t_mem_live(), 0);
	message_drop(NULL);
}

TEST(message, it_can_be_filled_to_the_last_byte_with_printf_too)
{
	struct message *m = message_new(5);

	message_add(m, slice_of("ab"));
	message_print(m, "%03d", 7);
	CHECK(slice_equals(message_text(m), slice_of("ab007")));
	message_print(m, "%s", "");
	message_add(m, slice_of(""));
	CHECK_EQ(m->len, 5);
	message_drop(m);
}

TEST(message, no_memory_is_null)
{
	struct slice piece = slice_of("x");

	t_mem_begin();
	t_mem_fail(0);
	CHECK_PTR(message_new(1), NULL);
	t_mem_fail(0);
	CHECK_PTR(message_of(&piece, 1), NULL);
	t_mem_fail(0);
	CHECK_PTR(message_format("x"), NULL);
	CHECK_EQ(t_mem_live(), 0);
}

TEST_BUG(message, adding_more_than_there_is_room_for_is_a_bug)
{
	message_add(message_new(3), slice_of("abcd"));
}

TEST_BUG(message, printing_more_than_there_is_room_for_is_a_bug)
{
	message_print(message_new(3), "%d", 1234);
}

static void *keep_and_drop(void *m)
{
	for (unsigned i = 0; i < 10000; i++) {
		CHECK(((struct message *)message_keep(m))->text[0] == 'x');
		message_drop(m);
	}
	message_drop(m);
	return NULL;
}

TEST(message_threads, references_may_be_taken_and_given_back_by_any_thread)
{
	struct message *m;
	pthread_t threads[2];

	t_mem_begin();
	m = message_format("x");
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, keep_and_drop, message_keep(m)), 0);
	message_drop(m);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(t_mem_live(), 0);
}
