/* countdown.check: what a countdown promises. See check.h. */
#include "check.h"

#include <errno.h>

static void look_at_construction(void)
{
	struct countdown c;

	doing("countdown(&c, 3)");
	countdown(&c, 3);
	must(c.left == 3, "countdown(&c, 3) leaves `left` at %d.", c.left);
	must(c.n_polls == 0, "nobody has polled it, and n_polls is %d.", c.n_polls);
}

static void look_at_zero(void)
{
	struct t_waker w = t_waker();
	struct countdown c;

	must(t_poll(countdown(&c, 0), &w) == POLL_READY,
	     "countdown(&c, 0) has no step to take, and its first poll says PENDING.");
}

static void look_at_steps(void)
{
	struct t_waker w = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 4);

	for (int nth = 1; nth <= 4; nth++) {
		enum poll polled = t_poll(future, &w);

		must(polled == POLL_PENDING,
		     "countdown(&c, 4) has four steps to take, and poll %d says READY (`left` is %d).",
		     nth, c.left);
		must(c.left == 4 - nth, "after poll %d of countdown(&c, 4) `left` is %d, and should be %d.",
		     nth, c.left, 4 - nth);
	}
}

static void look_at_end(void)
{
	struct t_waker w = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 2);

	for (int nth = 1; nth <= 2; nth++)
		must(t_poll(future, &w) == POLL_PENDING, "poll %d of countdown(&c, 2) says READY.", nth);
	must(t_poll(future, &w) == POLL_READY,
	     "both steps of countdown(&c, 2) were taken, and the poll after that says PENDING "
	     "(`left` is %d).", c.left);
	must(c.left == 0, "it is READY, and `left` is %d.", c.left);
}

static void look_at_wakes(void)
{
	struct t_waker w = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 3);

	for (int nth = 1; t_poll(future, &w) == POLL_PENDING && nth <= 3; nth++)
		must(t_wakes(&w) > 0,
		     t_held(&w) ? "poll %d said PENDING and keeps a clone of the waker, but nobody ever calls it."
				: "poll %d said PENDING, and nobody has called the waker.", nth);
	must(c.left < 3, "the first poll said READY, so nobody had to be woken.");
}

static void look_at_whom(void)
{
	struct t_waker first = t_waker(), second = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 2);

	must(t_poll(future, &first) == POLL_PENDING, "the first poll of countdown(&c, 2) says READY.");
	(void)t_wakes(&first);
	must(t_poll(future, &second) == POLL_PENDING, "the second poll of countdown(&c, 2) says READY.");
	must(t_wakes(&second) > 0, "the second poll came with another waker, and %s.",
	     t_wakes(&first) ? "the one of the first poll was called" : "that one was not called");
}

static void look_at_count(void)
{
	struct t_waker w = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 3);
	int n = 1;

	while (t_poll(future, &w) == POLL_PENDING && n < 9)
		n++;
	must(c.n_polls == n, "it was READY at poll %d, and n_polls is %d.", n, c.n_polls);
}

static void look_at_drop(void)
{
	struct t_waker w = t_waker();
	struct countdown c;
	struct future *future = countdown(&c, 3);

	if (t_poll(future, &w) == POLL_PENDING)
		t_poll(future, &w);
	future_drop(future);
	must(t_held(&w) == 0, "after a drop there are %d clones of the waker that nobody gave up.", t_held(&w));
}

static void look_at_run(void)
{
	struct countdown c;
	int err;

	doing("block_on_park(countdown(&c, 5))");
	err = block_on_park(countdown(&c, 5));
	must(err != -EDEADLK, "block_on_park says -EDEADLK: it sleeps, and nobody is left who could wake it.");
	must(err == 0, "block_on_park says %d.", err);
	must(c.n_polls == 6, "block_on_park has run countdown(&c, 5), and n_polls is %d.", c.n_polls);
}

const struct check checks[] = {
	{ "building it does nothing", look_at_construction,
	  "A constructor fills in the struct. Until somebody polls, nothing happens.", 0 },
	{ "from 0 it is ready at its first poll", look_at_zero,
	  "A future that has nothing to wait for should not make anybody wait.", 1 },
	{ "each poll takes one step", look_at_steps,
	  "While a poll runs, no other task of this thread can. Who takes all his steps in one poll, or "
	  "waits in it, keeps all the others waiting.", 1 },
	{ "it is ready at the poll after the last step", look_at_end,
	  "READY means that the output can be read, and that nobody needs to ask again. Said too late, it "
	  "costs a poll; never said, whoever awaits it waits for ever.", 1 },
	{ "with PENDING it arranges a wake", look_at_wakes,
	  "PENDING is a promise: the waker will be called when asking again makes sense. A task whose waker "
	  "is never called is never polled again, and nobody learns why.", 2 },
	{ "it wakes by the waker of the latest poll", look_at_whom,
	  "Who polls may change: a future can be handed from one task to another. The old waker wakes "
	  "somebody who no longer waits for it.", 2 },
	{ "n_polls says how often it was asked", look_at_count,
	  "It is the output, and whoever awaits reads it after READY.", 3 },
	{ "a drop leaves nothing behind", look_at_drop,
	  "After a drop nobody may hold anything of it, and each clone of a waker is given up once.", 3 },
	{ "block_on_park runs it to its end", look_at_run,
	  "This executor sleeps after each PENDING until it is woken, as a real program does.", 2 },
	{ 0 }
};
