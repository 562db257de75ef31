/* futures_unordered of a thousand children: the task yields now and then, and all come out. */
#include "stream/futures_unordered.h"

#include "future/leaf.h"
#include "future/ready.h"
#include "t.h"
#include "t_future.h"

enum { N_MANY = 1000 };

static struct many {
	struct futures_unordered set;
	struct futures_unordered_next next;
	struct futures_member members[N_MANY];
	struct ready ready[N_MANY];
	struct leaf leaves[N_MANY];
} many;

TEST(futures_unordered_many, children_spend_the_budget_of_the_task_and_all_come_out)
{
	struct t_waker w = t_waker();
	unsigned n_done = 0, n_turns = 0;

	t_mem_begin();
	many = (struct many){ 0 };
	for (int i = 0; i < N_MANY; i++)
		CHECK_EQ(futures_unordered_push(&many.set, &many.members[i],
						ready(&many.ready[i])), 0);
	while (many.set.n > 0) {
		unsigned budget = CONTEXT_BUDGET;

		n_turns++;
		futures_unordered_next(&many.next, &many.set);
		while (t_poll_budget(&many.next.future, &w, &budget) == POLL_READY &&
		       many.next.done) {
			n_done++;
			futures_unordered_next(&many.next, &many.set);
		}
		CHECK_EQ(budget, many.set.n > 0 ? 0 : CONTEXT_BUDGET - N_MANY % CONTEXT_BUDGET - 1);
	}
	CHECK_EQ(n_done, N_MANY);
	CHECK_EQ(n_turns, N_MANY / CONTEXT_BUDGET + 1);
	futures_unordered_clear(&many.set);
	CHECK_EQ(t_mem_live(), 0);
}

TEST(futures_unordered_many, it_yields_after_so_many_polls_even_if_they_cost_no_budget)
{
	struct t_waker w = t_waker();
	int held = 0, n = 0;

	t_mem_begin();
	many = (struct many){ 0 };
	for (int i = 0; i < N_MANY; i++)
		CHECK_EQ(futures_unordered_push(&many.set, &many.members[i],
						leaf(&many.leaves[i], LEAF_SHUT, &held, i)), 0);
	futures_unordered_next(&many.next, &many.set);
	for (n = 0; held < N_MANY; n++) {
		CHECK_EQ(held, n * FUTURES_UNORDERED_POLLS);
		CHECK_EQ(t_poll(&many.next.future, &w), POLL_PENDING);
		CHECK_EQ(t_wakes(&w), held < N_MANY); /* until all were polled */
	}
	CHECK_EQ(n, (N_MANY + FUTURES_UNORDERED_POLLS - 1) / FUTURES_UNORDERED_POLLS);
	future_drop(&many.next.future);
	futures_unordered_clear(&many.set);
	CHECK_EQ(held, 0);
	CHECK_EQ(t_mem_live(), 0);
}
