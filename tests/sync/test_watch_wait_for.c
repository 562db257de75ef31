/* Waiting for a value that is wanted: which values are judged, and what becomes of the others. */
#include "watch_scene.h"

/* BEH sync_watch::wait_for_errors_on_closed_channel_true_predicate */
TEST(watch, wait_for_is_content_with_the_last_value_of_a_closed_channel)
{
	struct watch_wait_for wait;
	struct scene s;
	int least = 1;

	begin(&s, 1);
	watch_sender_drop(&s.tx);
	watch_wait_for(&wait, &s.rx, &s.value, is_at_least, &least);
	CHECK_EQ(t_poll(&wait.future, &s.a), POLL_READY);
	CHECK_EQ(wait.err, 0);
	CHECK_EQ(s.value, 1);
	least = 2;
	watch_wait_for(&wait, &s.rx, &s.value, is_at_least, &least);
	CHECK_EQ(t_poll(&wait.future, &s.a), POLL_READY);
	CHECK_EQ(wait.err, -EPIPE);
	end(&s);
}

TEST(watch, wait_for_judges_each_value_that_it_sees)
{
	struct watch_wait_for wait;
	struct scene s;
	int least = 3;

	begin(&s, 1);
	watch_wait_for(&wait, &s.rx, &s.value, is_at_least, &least);
	CHECK_EQ(t_poll(&wait.future, &s.a), POLL_PENDING);
	send(&s, 2);
	CHECK_EQ(t_wakes(&s.a), 1);
	CHECK_EQ(t_poll(&wait.future, &s.a), POLL_PENDING);
	send(&s, 7);
	CHECK_EQ(t_poll(&wait.future, &s.a), POLL_READY);
	CHECK_EQ(s.value, 7);
	CHECK_EQ(watch_has_changed(&s.rx), 0);
	end(&s);
}

/* BEH sync_watch::receiver_wait_for_is_cooperative_ok */
TEST(watch, wait_for_in_a_loop_yields_by_its_budget)
{
	unsigned budget = CONTEXT_BUDGET;
	struct watch_wait_for wait;
	struct scene s;
	int least = 1;

	begin(&s, 1);
	for (unsigned i = 0; i < CONTEXT_BUDGET; i++) {
		watch_wait_for(&wait, &s.rx, &s.value, is_at_least, &least);
		CHECK_EQ(t_poll_budget(&wait.future, &s.a, &budget), POLL_READY);
	}
	watch_wait_for(&wait, &s.rx, &s.value, is_at_least, &least);
	CHECK_EQ(t_poll_budget(&wait.future, &s.a, &budget), POLL_PENDING);
	end(&s);
}

static int n_alive; /* copies of counted values */

static int clone_counted(void *dst, const void *src)
{
	*(int *)dst = *(const int *)src;
	n_alive++;
	return 0;
}

static void drop_counted(void *item)
{
	(void)item;
	n_alive--;
}

TEST(watch, every_value_and_every_copy_is_destroyed_once)
{
	struct watch_sender tx;
	struct watch_receiver rx;
	struct watch_wait_for wait;
	struct t_waker w = t_waker();
	int copy, never = 100;

	t_mem_begin();
	n_alive = 1;
	CHECK_EQ(watch_open(&tx, &rx, int, &(int){ 1 }, clone_counted, drop_counted), 0);
	for (int i = 0; i < 10; i++) {
		n_alive++;
		CHECK_EQ(watch_send(&tx, &i), 0);
		CHECK_EQ(watch_get(&rx, &copy), 0);
		drop_counted(&copy);
	}
	CHECK_EQ(n_alive, 1);
	CHECK_EQ(t_poll(watch_wait_for(&wait, &rx, &copy, is_at_least, &never), &w), POLL_PENDING);
	CHECK_EQ(n_alive, 1); /* the copy that was not wanted has gone */
	future_drop(&wait.future);
	watch_sender_drop(&tx);
	watch_receiver_drop(&rx);
	CHECK_EQ(n_alive, 0);
	CHECK_EQ(t_mem_live(), 0);
}
