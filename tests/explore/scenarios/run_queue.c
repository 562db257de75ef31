/*
 * run_queue: a worker's queue of four, and those who steal from it. Every task that is put in is
 * taken exactly once, whoever takes it.
 */
#include "executor/run_queue.h"

#include <string.h>

#include "explore/scenarios/scene.h"
#include "task/scheduler.h"

enum { N_TASKS = 8 };

static struct run_queue queue, own[2];
static struct task tasks[N_TASKS];
static atomic_int n_taken[N_TASKS];
static int n_pushed;

static void setup(void)
{
	memset(&queue, 0, sizeof queue);
	memset(own, 0, sizeof own);
	memset(tasks, 0, sizeof tasks);
	for (int i = 0; i < N_TASKS; i++)
		atomic_init(&n_taken[i], 0);
	n_pushed = 0;
}

/* Head and tail are about to begin again at 0. */
static void setup_late(void)
{
	setup();
	atomic_init(&queue.head, UINT32_MAX - 1);
	atomic_init(&queue.tail, UINT32_MAX - 1);
}

static bool take(struct task *t)
{
	if (!t)
		return false;
	t->len++; /* nobody else has it: else this is a race */
	atomic_fetch_add_explicit(&n_taken[t - tasks], 1, memory_order_relaxed);
	return true;
}

static void spill(void)
{
	struct task *first, *last;
	uint32_t n = run_queue_spill(&queue, &first, &last);

	for (; n > 0; n--) {
		struct task *next = first->next;

		take(first);
		first = next;
	}
}

static void push(void)
{
	while (!run_queue_push(&queue, &tasks[n_pushed]))
		spill();
	n_pushed++;
}

static bool pop(void)
{
	return take(run_queue_pop(&queue));
}

static void pop_all(void)
{
	while (pop())
		;
}

static void steal_to(struct run_queue *to)
{
	take(run_queue_steal(&queue, to));
	while (take(run_queue_pop(to)))
		;
}

static void steal_once(void)
{
	steal_to(&own[0]);
}

static void steal_as_another(void)
{
	steal_to(&own[1]);
}

static void steal_twice(void)
{
	steal_to(&own[0]);
	steal_to(&own[0]);
}

static void push_and_pop(void)
{
	push();
	push();
	push();
	pop();
	push();
	push();
	pop_all();
}

static void push_three_and_pop(void)
{
	push();
	push();
	push();
	pop_all();
}

static void push_until_it_spills(void)
{
	for (int i = 0; i < 6; i++)
		push();
	pop_all();
}

static void each_once(void)
{
	pop_all();
	for (int i = 0; i < N_TASKS; i++)
		CHECK_EQ(atomic_load_explicit(&n_taken[i], memory_order_relaxed), i < n_pushed);
}

/* BEH src/runtime/tests/loom_multi_thread/queue::basic */
SCENARIO(run_queue_owner_against_thief, .setup = setup, .thread = { push_and_pop, steal_twice },
	 .check = each_once);
SCENARIO(run_queue_owner_against_thief_late, .setup = setup_late, .check = each_once,
	 .thread = { push_and_pop, steal_twice });
/* BEH src/runtime/tests/loom_multi_thread/queue::steal_overflow */
SCENARIO(run_queue_spill_against_thief, .setup = setup, .check = each_once,
	 .thread = { push_until_it_spills, steal_once });
/* BEH src/runtime/tests/loom_multi_thread/queue::multi_stealer */
SCENARIO(run_queue_two_thieves, .setup = setup, .check = each_once,
	 .thread = { push_three_and_pop, steal_once, steal_as_another });

/* --- A steals from B, and C from A --- */

static void steal_and_be_stolen_from(void)
{
	take(run_queue_steal(&queue, &own[0]));
	while (take(run_queue_pop(&own[0])))
		;
}

static void steal_from_the_thief(void)
{
	take(run_queue_steal(&own[0], &own[1]));
	while (take(run_queue_pop(&own[1])))
		;
}

static void setup_three(void)
{
	setup();
	push();
	push();
	push();
}

static void push_one_more_and_pop(void)
{
	push();
	pop_all();
}

/* BEH src/runtime/tests/loom_multi_thread/queue::chained_steal */
SCENARIO(run_queue_thief_of_a_thief, .setup = setup_three, .check = each_once,
	 .thread = { push_one_more_and_pop, steal_and_be_stolen_from, steal_from_the_thief });
