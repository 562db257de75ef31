/* The watch at the worst moment: dropped futures, other wakers, clones that fail, every ending. */
#include "t.h"
#include "t_future.h"

#include <errno.h>

#include "base/mem.h"
#include "sync/watch.h"

/* A value is a number on the heap: each copy is an allocation of its own, which may fail. */
struct scene {
	struct watch_sender tx;
	struct watch_receiver rx;
	struct watch_changed changed;
	struct watch_closed closed;
	struct watch_wait_for wait;
	int *slot;
};

static int n_dropped;

static int clone_made(void *dst, const void *src)
{
	int *p = mem_alloc(sizeof *p);

	if (!p)
		return -ENOMEM;
	*p = **(int *const *)src;
	*(int **)dst = p;
	return 0;
}

static void drop_made(void *item)
{
	mem_free(*(int **)item, sizeof(int));
	n_dropped++;
}

static int *make(int value)
{
	int *p = NULL, *source = &value;

	CHECK_EQ(clone_made(&p, &source), 0);
	return p;
}

static void begin(struct scene *s, int initial)
{
	int *p;

	t_mem_begin();
	*s = (struct scene){ 0 };
	n_dropped = 0;
	p = make(initial);
	CHECK_EQ(watch_open(&s->tx, &s->rx, int *, &p, clone_made, drop_made), 0);
}

static void end(struct scene *s)
{
	watch_sender_drop(&s->tx);
	watch_receiver_drop(&s->rx);
	CHECK_EQ(t_mem_live(), 0);
}

static void send(struct scene *s, int value)
{
	int *p = make(value);

	CHECK_EQ(watch_send(&s->tx, &p), 0);
}

/* The reader's copy in `slot`, which is used up. */
static void use_up(struct scene *s, int expected)
{
	CHECK_EQ(*s->slot, expected);
	drop_made(&s->slot);
	n_dropped--;
}

static bool is_at_least(const void *item, void *arg)
{
	return **(int *const *)item >= *(int *)arg;
}

static struct future *wait_for(struct scene *s, int *least)
{
	return watch_wait_for(&s->wait, &s->rx, &s->slot, is_at_least, least);
}

/* --- Every ending --- */

TEST(watch_endings, a_value_is_destroyed_when_it_is_replaced_and_the_last_one_with_the_channel)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	CHECK_EQ(n_dropped, 1);
	send(&s, 3);
	CHECK_EQ(n_dropped, 2);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	use_up(&s, 3);
	watch_sender_drop(&s.tx);
	CHECK_EQ(n_dropped, 2);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	use_up(&s, 3);
	watch_receiver_drop(&s.rx);
	CHECK_EQ(n_dropped, 3);
	end(&s);
}

TEST(watch_endings, a_value_that_is_refused_stays_the_senders_and_a_replacement_is_not_refused)
{
	struct scene s;
	int *p;

	begin(&s, 1);
	watch_receiver_drop(&s.rx);
	p = make(2);
	CHECK_EQ(watch_send(&s.tx, &p), -EPIPE);
	CHECK_EQ(*p, 2);
	watch_replace(&s.tx, &p);
	CHECK_EQ(n_dropped, 1);
	s.rx = watch_subscribe(&s.tx);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	use_up(&s, 2);
	end(&s);
	CHECK_EQ(n_dropped, 2);
}

static bool add(void *item, void *arg)
{
	**(int **)item += *(int *)arg;
	return *(int *)arg > 0;
}

TEST(watch_endings, a_value_that_is_changed_in_place_is_told_if_the_function_says_so)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s, 10);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &w), POLL_PENDING);
	CHECK(!watch_modify(&s.tx, add, &(int){ -3 }));
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(t_poll(&s.changed.future, &w), POLL_PENDING);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	use_up(&s, 7);
	CHECK(watch_modify(&s.tx, add, &(int){ 5 }));
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&s.changed.future, &w), POLL_READY);
	CHECK_EQ(watch_get(&s.rx, &s.slot), 0);
	use_up(&s, 12);
	CHECK_EQ(n_dropped, 0);
	end(&s);
}

struct large {
	unsigned char bytes[WATCH_ITEM_MAX];
};

TEST(watch_endings, the_largest_value_arrives_as_it_is)
{
	static struct large large, got;
	struct watch_sender tx;
	struct watch_receiver rx;

	t_mem_begin();
	CHECK_EQ(watch_open(&tx, &rx, struct large, &large, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof large; i++)
		large.bytes[i] = (unsigned char)(i * 7);
	CHECK_EQ(watch_send(&tx, &large), 0);
	CHECK_EQ(watch_get(&rx, &got), 0);
	CHECK(memcmp(&large, &got, sizeof large) == 0);
	watch_sender_drop(&tx);
	watch_receiver_drop(&rx);
	CHECK_EQ(t_mem_live(), 0);
}

TEST_BUG(watch_endings, a_value_of_another_size_is_a_bug)
{
	struct scene s;

	begin(&s, 1);
	watch_send(&s.tx, &(char){ 1 });
}

/* --- Clones that fail --- */

TEST(watch_clone, a_value_that_could_not_be_copied_does_not_count_as_seen)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	t_mem_fail(0);
	CHECK_EQ(watch_get_update(&s.rx, &s.slot), -ENOMEM);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	CHECK_EQ(watch_get_update(&s.rx, &s.slot), 0);
	CHECK_EQ(watch_has_changed(&s.rx), 0);
	use_up(&s, 2);
	end(&s);
}

TEST(watch_clone, wait_for_ends_with_the_error_and_can_be_repeated)
{
	struct scene s;
	struct t_waker w = t_waker();
	int least = 3;

	begin(&s, 1);
	CHECK_EQ(t_poll(wait_for(&s, &least), &w), POLL_PENDING);
	send(&s, 3);
	t_mem_fail(0);
	CHECK_EQ(t_poll(&s.wait.future, &w), POLL_READY);
	CHECK_EQ(s.wait.err, -ENOMEM);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	CHECK_EQ(t_held(&w), 0);
	CHECK_EQ(t_poll(wait_for(&s, &least), &w), POLL_READY);
	CHECK_EQ(s.wait.err, 0);
	use_up(&s, 3);
	end(&s);
}

/* --- Waiting --- */

/* The three futures, built anew. */
static struct future *build(struct scene *s, int which)
{
	static int never = 1000;

	switch (which) {
	case 0:
		return watch_changed(&s->changed, &s->rx);
	case 1:
		return watch_closed(&s->closed, &s->tx);
	default:
		return wait_for(s, &never);
	}
}

enum { N_FUTURES = 3 };

static void end_the_wait(struct scene *s, int which)
{
	if (which == 1)
		watch_receiver_drop(&s->rx);
	else
		watch_sender_drop(&s->tx);
}

TEST(watch_wait, a_future_polled_again_keeps_one_clone_and_wakes_only_the_latest_waker)
{
	struct scene s;

	for (int which = 0; which < N_FUTURES; which++) {
		struct t_waker a = t_waker(), b = t_waker();
		struct future *f;

		begin(&s, 1);
		f = build(&s, which);
		CHECK_EQ(t_poll(f, &a), POLL_PENDING);
		CHECK_EQ(t_poll(f, &a), POLL_PENDING);
		CHECK_EQ(a.clones, 1);
		CHECK_EQ(t_poll(f, &b), POLL_PENDING);
		CHECK_EQ(t_held(&a), 0);
		CHECK_EQ(t_held(&b), 1);
		end_the_wait(&s, which);
		CHECK_EQ(t_wakes(&a), 0);
		CHECK_EQ(t_wakes(&b), 1);
		CHECK_EQ(t_poll(f, &a), POLL_READY);
		CHECK_EQ(t_held(&a) + t_held(&b), 0);
		end(&s);
	}
}

TEST(watch_wait, one_that_was_never_polled_has_done_nothing_and_says_so)
{
	struct scene s;

	begin(&s, 1);
	send(&s, 2);
	for (int which = 0; which < N_FUTURES; which++)
		future_drop(build(&s, which));
	CHECK_EQ(s.changed.err, -ECANCELED);
	CHECK_EQ(s.wait.err, -ECANCELED);
	CHECK_EQ(watch_has_changed(&s.rx), 1);
	CHECK_EQ(n_dropped, 1);
	end(&s);
}

TEST(watch_wait, who_waits_for_the_end_waits_on_if_somebody_subscribed_meanwhile)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s, 1);
	CHECK_EQ(t_poll(watch_closed(&s.closed, &s.tx), &w), POLL_PENDING);
	watch_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&w), 1);
	s.rx = watch_subscribe(&s.tx);
	CHECK_EQ(t_poll(&s.closed.future, &w), POLL_PENDING);
	watch_receiver_drop(&s.rx);
	CHECK_EQ(t_wakes(&w), 1);
	CHECK_EQ(t_poll(&s.closed.future, &w), POLL_READY);
	end(&s);
}

TEST(watch_wait, wait_for_looks_at_the_present_value_seen_or_not)
{
	struct scene s;
	struct t_waker w = t_waker();
	int least = 1;

	begin(&s, 1);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(t_poll(wait_for(&s, &least), &w), POLL_READY);
		use_up(&s, 1);
	}
	CHECK_EQ(w.clones, 0);
	end(&s);
}

TEST(watch_wait, a_spurious_poll_after_mark_changed_is_ready_and_leaves_the_queue)
{
	struct scene s;
	struct t_waker w = t_waker();

	begin(&s, 1);
	CHECK_EQ(t_poll(watch_changed(&s.changed, &s.rx), &w), POLL_PENDING);
	watch_mark_changed(&s.rx);
	CHECK_EQ(t_wakes(&w), 0);
	CHECK_EQ(t_poll(&s.changed.future, &w), POLL_READY);
	CHECK_EQ(s.changed.err, 0);
	CHECK_EQ(t_held(&w), 0);
	memset(&s.changed, 0xff, sizeof s.changed); /* nobody has a pointer into it */
	send(&s, 2);
	CHECK_EQ(t_wakes(&w), 0);
	end(&s);
}

/* Sends whenever it is asked, a thousand times: quicker than it can be judged. */
static struct scene *flooded;

static bool is_flooding(const void *item, void *arg)
{
	int value = **(int *const *)item;

	if (value < *(int *)arg)
		send(flooded, value + 1);
	return value >= *(int *)arg;
}

TEST(watch_wait, values_that_come_faster_than_they_are_judged_cost_budget)
{
	struct scene s;
	struct t_waker w = t_waker();
	int last = 1000, n_polls = 1;
	unsigned budget = CONTEXT_BUDGET;

	begin(&s, 0);
	flooded = &s;
	watch_wait_for(&s.wait, &s.rx, &s.slot, is_flooding, &last);
	while (t_poll_budget(&s.wait.future, &w, &budget) == POLL_PENDING) {
		CHECK_EQ(budget, 0);
		CHECK_EQ(t_wakes(&w), 1);
		budget = CONTEXT_BUDGET;
		n_polls++;
	}
	CHECK_EQ(n_polls, 1001 / CONTEXT_BUDGET + 1);
	CHECK_EQ(s.wait.err, 0);
	use_up(&s, 1000);
	CHECK_EQ(t_held(&w), 0);
	end(&s);
}

/* --- Dropped at every poll --- */

/* A value that is not wanted after each poll, and after the third the one that is, or the end. */
static bool ends_with_a_value;

static bool wait_for_within(unsigned k)
{
	struct scene s;
	struct t_waker w[2] = { 0 };
	int least = 10;
	bool ready = false;

	begin(&s, 0);
	wait_for(&s, &least);
	for (unsigned i = 0; i < k && !ready; i++) {
		ready = t_poll(&s.wait.future, &w[i % 2]) == POLL_READY;
		if (!ready && i == 3 && !ends_with_a_value)
			watch_sender_drop(&s.tx);
		else if (!ready)
			send(&s, i == 3 ? 10 : (int)i);
	}
	future_drop(&s.wait.future);
	CHECK_EQ(t_held(&w[0]) + t_held(&w[1]), 0);
	CHECK_EQ(s.wait.err, !ready ? -ECANCELED : ends_with_a_value ? 0 : -EPIPE);
	if (ready && ends_with_a_value)
		use_up(&s, 10);
	else if (k > 0 && s.tx.chan)
		CHECK_EQ(watch_has_changed(&s.rx), 1); /* the last one is still new to it */
	end(&s);
	return ready;
}

TEST(watch_cancel, wait_for_at_every_poll)
{
	for (int value = 0; value <= 1; value++) {
		ends_with_a_value = value;
		t_cancel_at_every_poll(wait_for_within);
	}
}

/* All at once, in an order of leaving that is neither that of coming nor its reverse. */
TEST(watch_cancel, of_many_that_wait_any_may_leave)
{
	enum { N = 2 * WAKE_LIST_MAX + 5, STEP = 7 };
	struct watch_receiver rx[N];
	struct watch_changed changed[N];
	struct t_waker w = t_waker();
	struct scene s;

	begin(&s, 1);
	for (int i = 0; i < N; i++) {
		rx[i] = watch_receiver_clone(&s.rx);
		CHECK_EQ(t_poll(watch_changed(&changed[i], &rx[i]), &w), POLL_PENDING);
	}
	for (int i = 0; i < N / 2; i++)
		future_drop(&changed[i * STEP % N].future);
	CHECK_EQ(t_held(&w), N - N / 2);
	send(&s, 2);
	CHECK_EQ(t_wakes(&w), N - N / 2);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(watch_has_changed(&rx[i]), 1);
		future_drop(&changed[i].future);
		watch_receiver_drop(&rx[i]);
	}
	CHECK_EQ(t_held(&w), 0);
	end(&s);
}
