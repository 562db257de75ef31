/*
 * four_scenarios: our choice, four times, and why.
 *
 * Three questions, in this order. Does anybody want to do something meanwhile? If not, a plain call is the
 * simplest thing that can be right. If so, does it compute or wait? What computes for long needs a thread,
 * because a task that does not return keeps all others from being asked. And what waits: can it be asked, or
 * does it wait inside of a function? Only what can be asked can be a task.
 *
 * The questions themselves are in book-examples/exercises/four_scenarios.c.
 */
#include <stdio.h>

enum choice { UNDECIDED, TASK, THREAD, CALL };

enum reason {
	NO_REASON,
	MANY_WAIT,         /* many of them wait at the same time, and each needs little more than that */
	IT_COMPUTES,       /* it hardly waits: it needs the processor, and for long */
	IT_BLOCKS,         /* it waits inside of a function that does not return meanwhile */
	NOTHING_MEANWHILE, /* nobody wants to do anything while it waits */
	IT_IS_NETWORK,     /* it goes over the network */
	IT_IS_FASTER,      /* it is done sooner that way */
};

struct answer {
	enum choice choice;
	enum reason reason;
};

/* 20,000 frames of some hundred bytes, and one thread that sleeps until somebody says something. */
static const struct answer lobby = { TASK, MANY_WAIT };

/* 300 ms on the server's thread would be 300 ms in which 20,000 players are not heard. */
static const struct answer picture = { THREAD, IT_COMPUTES };

/* It waits, but it cannot be asked. Three threads that sleep cost nothing worth mentioning. */
static const struct answer purchase = { THREAD, IT_BLOCKS };

/* The second request needs the answer to the first, and nobody else is there. */
static const struct answer weather = { CALL, NOTHING_MEANWHILE };

int main(void)
{
	const char *const choices[] = { "undecided", "a task", "a thread", "a plain call" };

	printf("lobby     %s\n", choices[lobby.choice]);
	printf("picture   %s\n", choices[picture.choice]);
	printf("purchase  %s\n", choices[purchase.choice]);
	printf("weather   %s\n", choices[weather.choice]);
}
