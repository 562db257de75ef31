/* futures_unordered: members that are removed, sets that are cleared, wakers that outlive both. */
#include "stream/futures_unordered.h"

#include "base/mem.h"
#include "future/leaf.h"
#include "t.h"
#include "t_future.h"

enum { N = 10 };

struct child {
	struct leaf leaf;
	struct futures_member member;
};

struct scene {
	struct futures_unordered set;
	struct futures_unordered_next next;
	struct t_waker w;
	int held;
	struct child children[N];
};

static struct scene *scene_begin(int left)
{
	static struct scene s;

	t_mem_begin();
	s = (struct scene){ .w = t_waker() };
	for (int i = 0; i < N; i++) {
		struct child *c = &s.children[i];

		CHECK_EQ(futures_unordered_push(&s.set, &c->member,
						leaf(&c->leaf, left, &s.held, i)), 0);
	}
	futures_unordered_next(&s.next, &s.set);
	return &s;
}

static void scene_end(struct scene *s)
{
	future_drop(&s->next.future);
	futures_unordered_clear(&s->set);
	CHECK_EQ(s->held, 0);
	CHECK_EQ(t_held(&s->w), 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Removing --- */

/* BEH futures-rs/futures/stream_futures_unordered::iter_mut_cancel */
/* BEH futures-rs/futures/stream_futures_unordered::iter_cancel */
/* BEH futures-rs/futures/stream_futures_unordered::into_iter_cancel */
TEST(futures_unordered_cancel, members_may_be_removed_in_a_walk_over_them)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	for (struct futures_member *m = s->set.first, *next; m; m = next) {
		next = m->next;
		if (future_of(m->future, struct leaf)->value % 2 == 0)
			futures_unordered_remove(&s->set, m);
	}
	CHECK_EQ(s->held, N / 2);
	CHECK_EQ(s->set.n, N / 2);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(future_is_over(&s->children[i].leaf.future), i % 2 == 0);
		if (i % 2 == 0)
			continue;
		leaf_open(&s->children[i].leaf);
		CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
		CHECK_PTR(s->next.done, &s->children[i].leaf);
		futures_unordered_next(&s->next, &s->set);
	}
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	CHECK_PTR(s->next.done, NULL);
	scene_end(s);
}

TEST(futures_unordered_cancel, removed_before_its_first_poll_it_is_never_polled)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	futures_unordered_remove(&s->set, &s->children[0].member);
	CHECK(future_is_over(&s->children[0].leaf.future));
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	CHECK_EQ(s->children[0].leaf.polls, 0);
	CHECK_EQ(s->held, N - 1);
	scene_end(s);
}

TEST(futures_unordered_cancel, removed_after_it_was_woken_it_is_not_polled_again)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	for (int i = 3; i < 6; i++)
		leaf_open(&s->children[i].leaf);
	futures_unordered_remove(&s->set, &s->children[4].member);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	CHECK_PTR(s->next.done, &s->children[3].leaf);
	futures_unordered_next(&s->next, &s->set);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	CHECK_PTR(s->next.done, &s->children[5].leaf);
	CHECK_EQ(s->children[4].leaf.polls, 1);
	scene_end(s);
}

TEST(futures_unordered_cancel, removing_one_that_is_in_no_set_does_nothing)
{
	struct scene *s = scene_begin(0);
	struct futures_member never = { 0 };

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	futures_unordered_remove(&s->set, s->next.member);
	futures_unordered_remove(&s->set, &never);
	CHECK_EQ(s->set.n, N - 1);
	scene_end(s);
}

TEST(futures_unordered_cancel, when_the_last_one_is_removed_whoever_waits_is_told)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(t_wakes(&s->w), 0);
		futures_unordered_remove(&s->set, &s->children[i].member);
	}
	CHECK_EQ(t_wakes(&s->w), 1);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	CHECK_PTR(s->next.done, NULL);
	scene_end(s);
}

/* --- Clearing --- */

/* BEH futures-rs/futures/stream_futures_unordered::into_iter_partial */
/* BEH futures-rs/futures/stream_futures_unordered::into_iter_partial_doesnt_leak */
TEST(futures_unordered_cancel, cleared_in_the_middle_it_drops_those_that_are_not_done)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	for (int i = 0; i < 3; i++)
		leaf_open(&s->children[i].leaf);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
	CHECK_EQ(s->held, N - 3 + 2);
	futures_unordered_clear(&s->set);
	CHECK_EQ(s->held, 0);
	CHECK_EQ(s->set.n, 0);
	CHECK_EQ(t_mem_live(), 0);
	scene_end(s);
}

/* BEH futures-rs/futures/stream_futures_unordered::into_iter_after_poll_doesnt_leak */
TEST(futures_unordered_cancel, cleared_after_a_poll_or_before_any_it_leaks_nothing)
{
	for (int n_polls = 0; n_polls < 3; n_polls++) {
		struct scene *s = scene_begin(LEAF_SHUT);

		for (int i = 0; i < n_polls; i++)
			CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
		scene_end(s);
	}
}

TEST(futures_unordered_cancel, cleared_it_can_be_used_again)
{
	struct scene *s = scene_begin(LEAF_SHUT);
	struct child *c = &s->children[0];

	for (int round = 0; round < 3; round++) {
		CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
		futures_unordered_clear(&s->set);
		CHECK_EQ(t_wakes(&s->w), 1); /* whoever waits learns of it */
		CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_READY);
		CHECK_PTR(s->next.done, NULL);
		CHECK_EQ(futures_unordered_push(&s->set, &c->member,
						leaf(&c->leaf, LEAF_SHUT, &s->held, 0)), 0);
		futures_unordered_next(&s->next, &s->set);
	}
	scene_end(s);
}

TEST(futures_unordered_cancel, clearing_a_zeroed_set_does_nothing)
{
	struct futures_unordered set = { 0 };

	futures_unordered_clear(&set);
	CHECK_EQ(set.n, 0);
}

/* BEH futures-rs/futures/stream_futures_unordered::futures_not_moved_after_poll */
TEST(futures_unordered_cancel, members_stay_where_they_are_while_others_come_and_go)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	for (int i = 0; i < 100; i++) {
		struct leaf guest;
		struct futures_member member = { 0 };

		CHECK_EQ(futures_unordered_push(&s->set, &member,
						leaf(&guest, i % 2, &s->held, i)), 0);
		CHECK_EQ(t_poll(&s->next.future, &s->w), i % 2 ? POLL_PENDING : POLL_READY);
		if (i % 2)
			futures_unordered_remove(&s->set, &member);
		else
			futures_unordered_next(&s->next, &s->set);
	}
	CHECK_EQ(s->held, N); /* debug builds would have noticed a move */
	scene_end(s);
}

/* --- Wakers that outlive --- */

TEST(futures_unordered_cancel, a_waker_outlives_its_child_and_the_set)
{
	struct scene *s = scene_begin(LEAF_SHUT);
	struct waker late;

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	late = waker_clone(&s->children[0].leaf.waker);
	futures_unordered_remove(&s->set, &s->children[0].member);
	waker_wake_by_ref(&late);
	CHECK_EQ(t_wakes(&s->w), 0);
	future_drop(&s->next.future);
	futures_unordered_clear(&s->set);
	CHECK(t_mem_live() > 0);
	waker_wake_by_ref(&late);
	waker_drop(&late);
	scene_end(s);
}

TEST(futures_unordered_cancel, a_late_wake_may_cost_the_next_child_in_that_place_one_poll)
{
	struct scene *s = scene_begin(LEAF_SHUT);
	struct child *c = &s->children[0];
	struct waker late;

	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	late = waker_clone(&c->leaf.waker);
	futures_unordered_remove(&s->set, &c->member);
	CHECK_EQ(futures_unordered_push(&s->set, &c->member,
					leaf(&c->leaf, LEAF_SHUT, &s->held, 0)), 0);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	waker_wake(&late);
	CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
	CHECK(c->leaf.polls <= 2);
	CHECK_EQ(s->held, N);
	scene_end(s);
}

/* A child that gives its own memory back when it is dropped, and removes another one. */
struct suicide {
	struct future future;
	struct futures_member member;
	struct scene *scene;
};

static enum poll poll_suicide(struct future *f, struct context *cx)
{
	(void)f, (void)cx;
	return POLL_PENDING;
}

static void drop_suicide(struct future *f)
{
	struct suicide *c = future_of(f, struct suicide);

	futures_unordered_remove(&c->scene->set, &c->scene->children[3].member);
	mem_free(c, sizeof *c);
}

static const struct future_ops suicide_ops = FUTURE_OPS("suicide", poll_suicide, drop_suicide);

TEST(futures_unordered_cancel, a_dropped_child_may_remove_another_and_free_its_own_memory)
{
	struct scene *s = scene_begin(LEAF_SHUT);

	for (int cleared = 0; cleared < 2; cleared++) {
		struct suicide *c = mem_alloc(sizeof *c);

		CHECK(c);
		*c = (struct suicide){ .future = future_init(&suicide_ops), .scene = s };
		CHECK_EQ(futures_unordered_push(&s->set, &c->member, &c->future), 0);
		CHECK_EQ(t_poll(&s->next.future, &s->w), POLL_PENDING);
		if (cleared)
			break;
		futures_unordered_remove(&s->set, &c->member);
		CHECK(future_is_over(&s->children[3].leaf.future));
		CHECK_EQ(s->set.n, N - 1);
	}
	scene_end(s);
}

/* --- Cancel at every poll --- */

static bool dropped_after(unsigned k)
{
	struct scene *s = scene_begin(2);
	int n_done = 0;

	for (unsigned i = 0; i < k && n_done < N; i++) {
		if (t_poll(&s->next.future, &s->w) == POLL_READY) {
			n_done++;
			futures_unordered_next(&s->next, &s->set);
		}
		CHECK_EQ(s->set.n, N - n_done);
	}
	scene_end(s);
	return n_done == N;
}

TEST(futures_unordered_cancel, it_may_be_dropped_at_every_poll)
{
	t_cancel_at_every_poll(dropped_after);
}

/* --- Bugs --- */

TEST_BUG(futures_unordered_cancel, two_that_wait_on_one_set_are_a_bug)
{
	struct scene *s = scene_begin(LEAF_SHUT);
	struct futures_unordered_next second;

	t_poll(&s->next.future, &s->w);
	t_poll(futures_unordered_next(&second, &s->set), &s->w);
}

TEST_BUG(futures_unordered_cancel, pushing_a_member_that_is_in_a_set_is_a_bug)
{
	struct scene *s = scene_begin(LEAF_SHUT);
	struct leaf other;

	futures_unordered_push(&s->set, &s->children[0].member, leaf(&other, 0, &s->held, 0));
}
