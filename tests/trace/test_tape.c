/* test_tape: what is on the tape of a runtime, line by line. */
#define _GNU_SOURCE 1 /* open_memstream */
#include "trace/tape.h"

#include <errno.h>

#include "future/join.h"
#include "future/pending.h"
#include "future/select.h"
#include "future/yield_now.h"
#include "t_future.h"
#include "t_runtime.h"
#include "trace/actors.h"
#include "trace/taped.h"

/* --- Waiting --- */

TEST(tape, of_a_task_that_waits)
{
	struct taped t;
	struct nap f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(nap(&f, 20)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 nap                    from outside\n"
		     "|     0 ms  poll     #1 nap\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  pending  #1 . delay\n"
		     "|     0 ms  pending  #1 nap                    at delay(&f->delay, f->ms)\n"
		     "|     0 ms  park\n"
		     "|    20 ms  wake     #1 nap                    by a timer\n"
		     "|    20 ms  poll     #1 nap\n"
		     "|    20 ms  poll     #1 . delay\n"
		     "|    20 ms  ready    #1 . delay\n"
		     "|    20 ms  ready    #1 nap\n");
}

TEST(tape, of_a_task_that_lets_others_go_first_says_that_it_woke_itself)
{
	struct taped t;
	struct yield_now f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(yield_now(&f)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 yield_now              from outside\n"
		     "|     0 ms  poll     #1 yield_now\n"
		     "|     0 ms  wake     #1 yield_now              by #1 yield_now\n"
		     "|     0 ms  pending  #1 yield_now\n"
		     "|     0 ms  poll     #1 yield_now\n"
		     "|     0 ms  ready    #1 yield_now\n");
}

/* --- Tasks among themselves --- */

struct parent {
	struct co co;
	struct task *child;
	struct task_join join;
};

static enum poll parent_run(struct co *co, struct context *cx)
{
	struct parent *const f = co_frame(co, struct parent);

	co_begin(co);
	f->child = spawn(cx->rt, nap, 5);
	co_await(task_join(&f->join, f->child));
	co_finally {
		task_detach(f->child);
	}
	co_end;
}

static struct future *parent(struct parent *f)
{
	*f = (struct parent){ .co = co_init(parent_run) };
	return &f->co.future;
}

TEST(tape, of_a_spawn_and_a_join_says_that_the_end_of_the_one_woke_the_other)
{
	struct taped t;
	struct parent f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(parent(&f)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 parent                 from outside\n"
		     "|     0 ms  poll     #1 parent\n"
		     "|     0 ms  spawn    #2 nap                    by #1 parent\n"
		     "|     0 ms  poll     #1 . task_join\n"
		     "|     0 ms  pending  #1 . task_join\n"
		     "|     0 ms  pending  #1 parent                 "
		     "at task_join(&f->join, f->child)\n"
		     "|     0 ms  poll     #2 nap\n"
		     "|     0 ms  poll     #2 . delay\n"
		     "|     0 ms  pending  #2 . delay\n"
		     "|     0 ms  pending  #2 nap                    at delay(&f->delay, f->ms)\n"
		     "|     0 ms  park\n"
		     "|     5 ms  wake     #2 nap                    by a timer\n"
		     "|     5 ms  poll     #2 nap\n"
		     "|     5 ms  poll     #2 . delay\n"
		     "|     5 ms  ready    #2 . delay\n"
		     "|     5 ms  ready    #2 nap\n"
		     "|     5 ms  wake     #1 parent                 by #2 nap\n"
		     "|     5 ms  poll     #1 parent\n"
		     "|     5 ms  poll     #1 . task_join\n"
		     "|     5 ms  ready    #1 . task_join\n"
		     "|     5 ms  ready    #1 parent\n");
}

TEST(tape, says_of_a_wake_that_comes_after_a_runtime_has_returned_that_it_is_from_outside)
{
	struct runtime *rt = t_runtime_virtual();
	struct door door = { .is_open = false };
	struct taped t;
	struct nap f;

	task_detach(spawn(rt, knock, &door));
	CHECK_EQ(runtime_block_on(rt, nap(&f, 0)), 0);
	taped_begin(&t);
	CHECK_EQ(runtime_block_on(rt, nap(&f, 0)), 0);
	waker_wake_by_ref(&door.waker);
	taped_is(&t, "|     0 ms  spawn    #1 nap                    from outside\n"
		     "|     0 ms  poll     #1 nap\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  ready    #1 . delay\n"
		     "|     0 ms  ready    #1 nap\n"
		     "|     0 ms  wake     -  (nobody known)         from outside\n");
	runtime_destroy(rt);
	door_close(&door);
}

/* --- Wakes that change nothing --- */

static struct door door;

static void knock_twice_then_open(struct context *cx, unsigned scene)
{
	if (scene == 0)
		task_detach(spawn(cx->rt, knock, &door));
	door.is_open = scene == 2;
	waker_wake_by_ref(&door.waker);
	waker_wake_by_ref(&door.waker);
}

TEST(tape, says_of_a_wake_whether_it_is_news)
{
	struct taped t;
	struct play f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(play(&f, knock_twice_then_open, 4)), 0);
	door_close(&door);
	taped_is(&t, "|     0 ms  spawn    #1 play                   from outside\n"
		     "|     0 ms  poll     #1 play\n"
		     "|     0 ms  spawn    #2 knock                  by #1 play\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  pending  #1 . delay\n"
		     "|     0 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     0 ms  poll     #2 knock\n"
		     "|     0 ms  pending  #2 knock\n"
		     "|     0 ms  park\n"
		     "|     1 ms  wake     #1 play                   by a timer\n"
		     "|     1 ms  poll     #1 play\n"
		     "|     1 ms  poll     #1 . delay\n"
		     "|     1 ms  ready    #1 . delay\n"
		     "|     1 ms  wake     #2 knock                  by #1 play\n"
		     "|     1 ms  wake     #2 knock                  by #1 play; no news\n"
		     "|     1 ms  poll     #1 . delay\n"
		     "|     1 ms  pending  #1 . delay\n"
		     "|     1 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     1 ms  poll     #2 knock\n"
		     "|     1 ms  pending  #2 knock\n"
		     "|     1 ms  park\n"
		     "|     2 ms  wake     #1 play                   by a timer\n"
		     "|     2 ms  poll     #1 play\n"
		     "|     2 ms  poll     #1 . delay\n"
		     "|     2 ms  ready    #1 . delay\n"
		     "|     2 ms  wake     #2 knock                  by #1 play\n"
		     "|     2 ms  wake     #2 knock                  by #1 play; no news\n"
		     "|     2 ms  poll     #1 . delay\n"
		     "|     2 ms  pending  #1 . delay\n"
		     "|     2 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     2 ms  poll     #2 knock\n"
		     "|     2 ms  ready    #2 knock\n"
		     "|     2 ms  park\n"
		     "|     3 ms  wake     #1 play                   by a timer\n"
		     "|     3 ms  poll     #1 play\n"
		     "|     3 ms  poll     #1 . delay\n"
		     "|     3 ms  ready    #1 . delay\n"
		     "|     3 ms  wake     #2 knock                  by #1 play; no news\n"
		     "|     3 ms  wake     #2 knock                  by #1 play; no news\n"
		     "|     3 ms  poll     #1 . delay\n"
		     "|     3 ms  pending  #1 . delay\n"
		     "|     3 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     3 ms  park\n"
		     "|     4 ms  wake     #1 play                   by a timer\n"
		     "|     4 ms  poll     #1 play\n"
		     "|     4 ms  poll     #1 . delay\n"
		     "|     4 ms  ready    #1 . delay\n"
		     "|     4 ms  ready    #1 play\n");
}

/* --- Aborts and drops --- */

static struct task *victim;

static void abort_it(struct context *cx, unsigned scene)
{
	if (scene == 0) {
		victim = spawn(cx->rt, nap, 50);
		return;
	}
	task_abort(victim);
	if (scene == 1)
		task_abort(victim);
	else
		task_detach(victim);
}

TEST(tape, of_an_abort_has_the_drop_inside_first_and_no_news_the_second_time)
{
	struct taped t;
	struct play f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(play(&f, abort_it, 3)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 play                   from outside\n"
		     "|     0 ms  poll     #1 play\n"
		     "|     0 ms  spawn    #2 nap                    by #1 play\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  pending  #1 . delay\n"
		     "|     0 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     0 ms  poll     #2 nap\n"
		     "|     0 ms  poll     #2 . delay\n"
		     "|     0 ms  pending  #2 . delay\n"
		     "|     0 ms  pending  #2 nap                    at delay(&f->delay, f->ms)\n"
		     "|     0 ms  park\n"
		     "|     1 ms  wake     #1 play                   by a timer\n"
		     "|     1 ms  poll     #1 play\n"
		     "|     1 ms  poll     #1 . delay\n"
		     "|     1 ms  ready    #1 . delay\n"
		     "|     1 ms  abort    #2 nap                    by #1 play\n"
		     "|     1 ms  abort    #2 nap                    by #1 play; no news\n"
		     "|     1 ms  poll     #1 . delay\n"
		     "|     1 ms  pending  #1 . delay\n"
		     "|     1 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     1 ms  drop     #2 . delay\n"
		     "|     1 ms  drop     #2 nap\n"
		     "|     1 ms  park\n"
		     "|     2 ms  wake     #1 play                   by a timer\n"
		     "|     2 ms  poll     #1 play\n"
		     "|     2 ms  poll     #1 . delay\n"
		     "|     2 ms  ready    #1 . delay\n"
		     "|     2 ms  abort    #2 nap                    by #1 play; no news\n"
		     "|     2 ms  poll     #1 . delay\n"
		     "|     2 ms  pending  #1 . delay\n"
		     "|     2 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     2 ms  park\n"
		     "|     3 ms  wake     #1 play                   by a timer\n"
		     "|     3 ms  poll     #1 play\n"
		     "|     3 ms  poll     #1 . delay\n"
		     "|     3 ms  ready    #1 . delay\n"
		     "|     3 ms  ready    #1 play\n");
}

static void abort_before_its_first_poll(struct context *cx, unsigned scene)
{
	struct task *t = scene == 0 ? spawn(cx->rt, nap, 50) : NULL;

	task_abort(t);
	task_detach(t);
}

TEST(tape, of_a_task_that_is_aborted_before_its_first_poll_has_a_single_drop)
{
	struct taped t;
	struct play f;

	taped_begin(&t);
	CHECK_EQ(run_virtual(play(&f, abort_before_its_first_poll, 1)), 0);
	taped_is(&t, "|     0 ms  spawn    #1 play                   from outside\n"
		     "|     0 ms  poll     #1 play\n"
		     "|     0 ms  spawn    #2 nap                    by #1 play\n"
		     "|     0 ms  abort    #2 nap                    by #1 play\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  pending  #1 . delay\n"
		     "|     0 ms  pending  #1 play                   at delay(&f->delay, 1)\n"
		     "|     0 ms  drop     #2 nap\n"
		     "|     0 ms  park\n"
		     "|     1 ms  wake     #1 play                   by a timer\n"
		     "|     1 ms  poll     #1 play\n"
		     "|     1 ms  poll     #1 . delay\n"
		     "|     1 ms  ready    #1 . delay\n"
		     "|     1 ms  ready    #1 play\n");
}

TEST(tape, has_the_losers_of_a_select_before_it_is_ready)
{
	struct taped t;
	struct select race;
	struct nap a, b, c;

	taped_begin(&t);
	CHECK_EQ(run_virtual(select_first(&race, nap(&a, 9), nap(&b, 0), nap(&c, 9))), 0);
	CHECK_EQ(race.winner, 1);
	taped_is(&t, "|     0 ms  spawn    #1 select                 from outside\n"
		     "|     0 ms  poll     #1 select\n"
		     "|     0 ms  poll     #1 . nap\n"
		     "|     0 ms  poll     #1 . . delay\n"
		     "|     0 ms  pending  #1 . . delay\n"
		     "|     0 ms  pending  #1 . nap                  at delay(&f->delay, f->ms)\n"
		     "|     0 ms  poll     #1 . nap\n"
		     "|     0 ms  poll     #1 . . delay\n"
		     "|     0 ms  ready    #1 . . delay\n"
		     "|     0 ms  ready    #1 . nap\n"
		     "|     0 ms  drop     #1 . . delay\n"
		     "|     0 ms  drop     #1 . nap\n"
		     "|     0 ms  drop     #1 . nap\n" /* never polled: there is nothing inside */
		     "|     0 ms  ready    #1 select\n");
}

TEST(tape, of_a_drop_has_the_innermost_first_even_outside_of_any_task)
{
	struct t_waker w = t_waker();
	struct taped t;
	struct join both;
	struct knock a, b;
	struct door one = { .is_open = false }, other = { .is_open = false };
	struct future *f = join(&both, knock(&a, &one), knock(&b, &other));

	taped_begin(&t);
	CHECK_EQ(t_poll(f, &w), POLL_PENDING);
	future_drop(f);
	future_drop(knock(&a, &one)); /* never polled by anybody: it belongs to no task */
	taped_is(&t, "| poll     #1 join\n"
		     "| poll     #1 . knock\n"
		     "| pending  #1 . knock\n"
		     "| poll     #1 . knock\n"
		     "| pending  #1 . knock\n"
		     "| pending  #1 join\n"
		     "| drop     #1 . knock\n"
		     "| drop     #1 . knock\n"
		     "| drop     #1 join\n"
		     "| drop     -  knock\n");
	door_close(&one);
	door_close(&other);
}

TEST(tape, has_what_a_runtime_drops_when_it_is_destroyed)
{
	struct taped t;
	struct runtime *rt;
	struct nap f;

	taped_begin(&t);
	rt = t_runtime_virtual();
	task_detach(spawn(rt, nap, 2));
	CHECK_EQ(runtime_block_on(rt, nap(&f, 1)), 0);
	task_detach(spawn(rt, nap, 3));
	runtime_destroy(rt);
	taped_is(&t, "|     0 ms  spawn    #1 nap                    from outside\n"
		     "|     0 ms  spawn    #2 nap                    from outside\n"
		     "|     0 ms  poll     #1 nap\n"
		     "|     0 ms  poll     #1 . delay\n"
		     "|     0 ms  pending  #1 . delay\n"
		     "|     0 ms  pending  #1 nap                    at delay(&f->delay, f->ms)\n"
		     "|     0 ms  poll     #2 nap\n"
		     "|     0 ms  poll     #2 . delay\n"
		     "|     0 ms  pending  #2 . delay\n"
		     "|     0 ms  pending  #2 nap                    at delay(&f->delay, f->ms)\n"
		     "|     0 ms  park\n"
		     "|     1 ms  wake     #2 nap                    by a timer\n"
		     "|     1 ms  poll     #2 nap\n"
		     "|     1 ms  poll     #2 . delay\n"
		     "|     1 ms  ready    #2 . delay\n"
		     "|     1 ms  ready    #2 nap\n"
		     "|     1 ms  spawn    #3 nap                    from outside\n"
		     "|     1 ms  drop     #1 . delay\n"
		     "|     1 ms  drop     #1 nap\n"
		     "|     1 ms  drop     #3 nap\n");
}

/* --- What waits for ever --- */

TEST(tape, has_what_a_leaf_says_of_itself_and_the_end_of_a_deadlock)
{
	FILE *nowhere = fopen("/dev/null", "w");
	struct runtime_builder builder = { .virtual_time = true, .diagnostics = nowhere };
	struct taped t;
	struct pending f;

	CHECK(nowhere);
	taped_begin(&t);
	CHECK_EQ(runtime_run(&builder, pending(&f)), -EDEADLK);
	fclose(nowhere);
	taped_is(&t, "|     0 ms  spawn    #1 pending                from outside\n"
		     "|     0 ms  poll     #1 pending\n"
		     "|     0 ms  pending  #1 pending                "
		     "at waiting for nothing: it is never ready\n"
		     "|     0 ms  park\n"
		     "|     0 ms  abort    #1 pending                from outside\n"
		     "|     0 ms  drop     #1 pending\n");
}

/* --- Again --- */

TEST(tape, is_the_same_each_time)
{
	char *texts[2];

	for (int i = 0; i < 2; i++) {
		struct taped t;
		struct play f;

		taped_begin(&t);
		CHECK_EQ(run_virtual(play(&f, abort_it, 3)), 0);
		texts[i] = taped_end(&t);
	}
	CHECK(*texts[0]);
	CHECK_STR(texts[1], texts[0]);
	free(texts[0]);
	free(texts[1]);
}
