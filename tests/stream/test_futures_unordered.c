/* futures_unordered: who is polled, in which order they come out, how many are in it. */
#include "stream/futures_unordered.h"

#include "future/leaf.h"
#include "t.h"
#include "t_future.h"

enum { N = 10 };

struct child {
	struct leaf leaf; /* first: `done` is its future */
	struct futures_member member;
};

struct scene {
	struct futures_unordered set;
	struct futures_unordered_next next;
	struct t_waker w;
	int held;
	struct child children[N];
};

static struct scene *scene_begin(void)
{
	static struct scene s;

	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
	return &s;
}

static void push(struct scene *s, int i, int left)
{
	struct child *c = &s->children[i];

	c->member = (struct futures_member){ 0 };
	CHECK_EQ(futures_unordered_push(&s->set, &c->member, leaf(&c->leaf, left, &s->held, i)), 0);
}

static void push_all(struct scene *s, int left)
{
	for (int i = 0; i < N; i++)
		push(s, i, left);
}

/* Which child is next, -1: none is left, -2: pending. */
enum { NONE = -1, PENDING = -2 };

static int poll_next(struct scene *s)
{
	if (!future_is_live(&s->next.future))
		futures_unordered_next(&s->next, &s->set);
	if (t_poll(&s->next.future, &s->w) == POLL_PENDING)
		return PENDING;
	if (!s->next.done)
		return NONE;
	CHECK_PTR(s->next.member, &future_of(s->next.done, struct child)->member);
	CHECK(!futures_member_is_in(s->next.member));
	return future_of(s->next.done, struct leaf)->value;
}

static int n_polls(const struct scene *s)
{
	int n = 0;

	for (int i = 0; i < N; i++)
		n += s->children[i].leaf.polls;
	return n;
}

static void scene_end(struct scene *s)
{
	future_drop(&s->next.future);
	futures_unordered_clear(&s->set);
	CHECK_EQ(s->held, 0);
	CHECK_EQ(t_held(&s->w), 0);
	CHECK_EQ(s->set.n, 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* BEH futures-rs/futures/stream_futures_unordered::works_1 */
TEST(futures_unordered, children_come_out_in_the_order_in_which_they_become_ready)
{
	struct scene *s = scene_begin();

	push_all(s, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	leaf_open(&s->children[7].leaf);
	leaf_open(&s->children[2].leaf);
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(poll_next(s), 7);
	CHECK_EQ(poll_next(s), 2);
	CHECK_EQ(poll_next(s), PENDING);
	for (int i = 0; i < N; i++)
		leaf_open(&s->children[i].leaf);
	for (int i = 0; i < N; i++)
		if (i != 7 && i != 2)
			CHECK_EQ(poll_next(s), i);
	CHECK_EQ(poll_next(s), NONE);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::from_iterator */
TEST(futures_unordered, what_is_ready_at_its_first_poll_comes_out_in_the_order_of_the_pushes)
{
	struct scene *s = scene_begin();

	push_all(s, 0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(poll_next(s), i);
	CHECK_EQ(poll_next(s), NONE);
	CHECK_EQ(n_polls(s), N);
	scene_end(s);
}

/* BEH futures-rs/futures/ready_queue::basic_usage */
TEST(futures_unordered, only_a_child_that_was_woken_is_polled)
{
	struct scene *s = scene_begin();

	push_all(s, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(n_polls(s), N);
	waker_wake_by_ref(&s->children[4].leaf.waker);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(n_polls(s), N + 1);
	CHECK_EQ(s->children[4].leaf.polls, 2);
	CHECK_EQ(poll_next(s), PENDING); /* spuriously */
	CHECK_EQ(n_polls(s), N + 1);
	scene_end(s);
}

TEST(futures_unordered, woken_twice_it_is_polled_once_and_the_task_is_woken_once)
{
	struct scene *s = scene_begin();

	push(s, 0, LEAF_SHUT);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	waker_wake_by_ref(&s->children[0].leaf.waker);
	waker_wake_by_ref(&s->children[0].leaf.waker);
	waker_wake_by_ref(&s->children[1].leaf.waker);
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(s->children[0].leaf.polls, 2);
	CHECK_EQ(s->children[1].leaf.polls, 2);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::finished_future */
TEST(futures_unordered, a_child_that_is_done_is_never_polled_again)
{
	struct scene *s = scene_begin();
	struct waker kept;

	push(s, 0, LEAF_SHUT);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	kept = waker_clone(&s->children[0].leaf.waker);
	leaf_open(&s->children[0].leaf);
	CHECK_EQ(poll_next(s), 0);
	waker_wake(&kept);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(s->children[0].leaf.polls, 2);
	CHECK_EQ(s->children[1].leaf.polls, 1);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::polled_only_once_at_most_per_iteration */
TEST(futures_unordered, a_child_that_wakes_itself_is_polled_once_in_each_poll)
{
	struct scene *s = scene_begin();

	push(s, 0, 3);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(s->children[0].leaf.polls, 1);
	CHECK_EQ(t_wakes(&s->w), 1); /* there is more to poll */
	push(s, 2, 1);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(s->children[0].leaf.polls, 2);
	CHECK_EQ(s->children[2].leaf.polls, 1);
	CHECK_EQ(poll_next(s), 2);
	CHECK_EQ(s->children[0].leaf.polls, 3);
	CHECK_EQ(s->children[1].leaf.polls, 1);
	CHECK_EQ(poll_next(s), 0);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::len_valid_during_out_of_order_completion */
TEST(futures_unordered, it_knows_at_any_time_how_many_are_in_it)
{
	struct scene *s = scene_begin();

	for (int i = 0; i < 3; i++) {
		CHECK_EQ(s->set.n, i);
		push(s, i, LEAF_SHUT);
	}
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(s->set.n, 3);
	leaf_open(&s->children[2].leaf);
	CHECK_EQ(poll_next(s), 2);
	CHECK_EQ(s->set.n, 2);
	leaf_open(&s->children[0].leaf);
	leaf_open(&s->children[1].leaf);
	CHECK_EQ(s->set.n, 2);
	CHECK_EQ(poll_next(s), 0);
	CHECK_EQ(s->set.n, 1);
	CHECK_EQ(poll_next(s), 1);
	CHECK_EQ(s->set.n, 0);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::is_terminated */
TEST(futures_unordered, an_empty_set_says_so_at_once_and_a_push_revives_it)
{
	struct scene *s = scene_begin();

	CHECK_EQ(poll_next(s), NONE);
	CHECK_EQ(t_mem_live(), 0); /* and has no memory yet */
	push(s, 0, 0);
	CHECK_EQ(poll_next(s), 0);
	CHECK_EQ(poll_next(s), NONE);
	CHECK_EQ(poll_next(s), NONE);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	leaf_open(&s->children[1].leaf);
	CHECK_EQ(poll_next(s), 1);
	scene_end(s);
}

TEST(futures_unordered, a_push_wakes_whoever_waits_already)
{
	struct scene *s = scene_begin();

	push(s, 0, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(t_wakes(&s->w), 0);
	push(s, 1, 0);
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(poll_next(s), 1);
	scene_end(s);
}

static void open_each(struct scene *s)
{
	int n = 0;

	for (struct futures_member *m = s->set.first; m; m = m->next, n++)
		leaf_open(future_of(m->future, struct leaf));
	CHECK_EQ(n, s->set.n);
}

/* BEH futures-rs/futures/stream_futures_unordered::iter_mut_len */
/* BEH futures-rs/futures/stream_futures_unordered::into_iter_len */
TEST(futures_unordered, its_members_can_be_walked_and_there_are_as_many_as_it_says)
{
	struct scene *s = scene_begin();

	push_all(s, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	leaf_open(&s->children[5].leaf);
	CHECK_EQ(poll_next(s), 5);
	open_each(s);
	for (int i = 0; i < N; i++)
		if (i != 5)
			CHECK_EQ(poll_next(s), i);
	open_each(s);
	scene_end(s);
}

TEST(futures_unordered, a_wait_polled_under_another_waker_wakes_only_that_one)
{
	struct scene *s = scene_begin();
	struct t_waker other = t_waker();

	push(s, 0, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(t_poll(&s->next.future, &other), POLL_PENDING);
	CHECK_EQ(t_held(&s->w), 0);
	leaf_open(&s->children[0].leaf);
	CHECK_EQ(t_wakes(&s->w), 0);
	CHECK_EQ(t_wakes(&other), 1);
	CHECK_EQ(t_poll(&s->next.future, &other), POLL_READY);
	CHECK_EQ(t_held(&other), 0);
	scene_end(s);
}

TEST(futures_unordered, ready_without_having_waited_it_gives_back_the_waker_of_an_earlier_poll)
{
	struct scene *s = scene_begin();

	push(s, 0, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	CHECK_EQ(t_held(&s->w), 1);
	s->children[0].leaf.left = 0;
	waker_drop(&s->children[0].leaf.waker);
	push(s, 1, 0);
	CHECK_EQ(poll_next(s), 1);
	CHECK_EQ(t_held(&s->w), 0);
	scene_end(s);
}

TEST(futures_unordered, a_dropped_wait_loses_nothing)
{
	struct scene *s = scene_begin();

	push(s, 0, LEAF_SHUT);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	leaf_open(&s->children[1].leaf);
	CHECK_EQ(t_wakes(&s->w), 1);
	future_drop(&s->next.future);
	CHECK_EQ(t_held(&s->w), 0);
	CHECK_EQ(s->held, 2); /* both are still there */
	CHECK_EQ(poll_next(s), 1);
	leaf_open(&s->children[0].leaf); /* nobody waits */
	CHECK_EQ(t_wakes(&s->w), 0);
	CHECK_EQ(poll_next(s), 0);
	scene_end(s);
}

TEST(futures_unordered, one_may_wait_after_another_was_ready_or_dropped)
{
	struct scene *s = scene_begin();
	struct futures_unordered_next second;

	push(s, 0, LEAF_SHUT);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	future_drop(&s->next.future);
	CHECK_EQ(t_poll(futures_unordered_next(&second, &s->set), &s->w), POLL_PENDING);
	leaf_open(&s->children[0].leaf);
	CHECK_EQ(t_poll(&second.future, &s->w), POLL_READY);
	CHECK_EQ(poll_next(s), PENDING);
	scene_end(s);
}

/* --- Budget: see also test_futures_unordered_many.c --- */

TEST(futures_unordered, with_no_budget_left_nobody_is_polled_and_the_task_comes_again)
{
	struct scene *s = scene_begin();
	unsigned budget = 0;

	push(s, 0, 0);
	futures_unordered_next(&s->next, &s->set);
	CHECK_EQ(t_poll_budget(&s->next.future, &s->w, &budget), POLL_PENDING);
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(s->children[0].leaf.polls, 0);
	budget = 1;
	CHECK_EQ(t_poll_budget(&s->next.future, &s->w, &budget), POLL_READY);
	scene_end(s);
}

/* --- Results --- */

/* BEH futures-rs/futures/ready_queue::resolving_errors */
TEST(futures_unordered, an_error_is_a_field_of_the_child_and_the_others_go_on)
{
	struct scene *s = scene_begin();

	push(s, 0, LEAF_SHUT);
	push(s, 1, LEAF_SHUT);
	CHECK_EQ(poll_next(s), PENDING);
	s->children[1].leaf.value = -5;
	leaf_open(&s->children[1].leaf);
	CHECK_EQ(poll_next(s), -5);
	CHECK_EQ(s->set.n, 1);
	leaf_open(&s->children[0].leaf);
	CHECK_EQ(poll_next(s), 0);
	scene_end(s);
}

/* --- Memory --- */

TEST(futures_unordered, a_push_without_memory_leaves_the_child_with_the_caller)
{
	for (int n = 0;; n++) {
		struct scene *s = scene_begin();
		struct futures_member members[3 * N] = { 0 };
		struct leaf leaves[3 * N];
		int refused = 0;

		t_mem_fail(n);
		for (int i = 0; i < 3 * N; i++) {
			struct future *child = leaf(&leaves[i], LEAF_SHUT, &s->held, i);

			if (futures_unordered_push(&s->set, &members[i], child)) {
				refused++;
				CHECK(future_is_live(child));
				CHECK(!futures_member_is_in(&members[i]));
			}
			CHECK_EQ(s->set.n, i + 1 - refused);
		}
		CHECK_EQ(refused, t_mem_failed());
		CHECK_EQ(poll_next(s), PENDING);
		CHECK_EQ(s->held, 3 * N - refused);
		scene_end(s);
		if (!refused) {
			CHECK(n <= 3); /* 8, 16, 32 places: about log n allocations */
			return;
		}
	}
}

TEST(futures_unordered, after_a_reservation_pushes_cannot_fail)
{
	struct scene *s = scene_begin();

	CHECK_EQ(futures_unordered_reserve(&s->set, N), 0);
	t_mem_fail(0);
	push_all(s, 0);
	CHECK(!t_mem_failed());
	t_mem_fail(0);
	CHECK(futures_unordered_reserve(&s->set, N) != 0);
	for (int i = 0; i < N; i++)
		CHECK_EQ(poll_next(s), i);
	scene_end(s);
}

TEST(futures_unordered, places_are_used_again_so_a_long_run_allocates_once)
{
	struct scene *s = scene_begin();

	for (int i = 0; i < 1000; i++) {
		push(s, i % N, 1);
		CHECK_EQ(poll_next(s), PENDING);
		CHECK_EQ(poll_next(s), i % N);
	}
	CHECK_EQ(t_mem_allocs(), 1);
	scene_end(s);
}
