/*
 * four_scenarios: an exercise of chapter 1, 10 minutes. Choose four times, and say why.
 *
 * Each of the four is something that has to be done. How?
 *
 *   TASK    as a future, which the one thread of the program drives beside all others: it is asked, and
 *           when it has to wait it says so by returning, so that another one can be asked;
 *   THREAD  on a thread of its own, or on one of a few that are kept for such things, with a task that
 *           waits for the result if there is one to be had;
 *   CALL    by a plain call, right where it is needed: nothing else happens until it returns.
 *
 * Put your choice for UNDECIDED, and for NO_REASON the reason that decides. Two of the reasons decide nothing,
 * anywhere.
 *
 *	make exercise E=four_scenarios          is it right? why not?
 *	make hint E=four_scenarios N=1          up to N=2
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

/*
 * The lobby of a game. 20,000 players are connected. Each of them says something about once a minute, and
 * that is sent on to the five or six at the same table, which takes a few microseconds.
 */
static const struct answer lobby = { UNDECIDED, NO_REASON };

/*
 * The same server. A few times a minute a player sends a picture of himself, and it has to be made smaller.
 * There is a function for that, which takes 300 ms. It reads memory, computes, and writes memory.
 */
static const struct answer picture = { UNDECIDED, NO_REASON };

/*
 * The same server. Now and then a player buys something. The bank has given us a library with one function,
 * bank_pay(), and no source code. It sends a request, sleeps until there is an answer, mostly for half a
 * second, sometimes for ten, and then returns it. No more than three players buy at the same time.
 */
static const struct answer purchase = { UNDECIDED, NO_REASON };

/*
 * Another program. It is started from the command line with the name of a town, asks a server for a key, asks
 * the same server with that key for the weather, prints one line, and ends. Each answer takes 200 ms.
 */
static const struct answer weather = { UNDECIDED, NO_REASON };

int main(void)
{
	const char *const choices[] = { "undecided", "a task", "a thread", "a plain call" };

	printf("lobby     %s\n", choices[lobby.choice]);
	printf("picture   %s\n", choices[picture.choice]);
	printf("purchase  %s\n", choices[purchase.choice]);
	printf("weather   %s\n", choices[weather.choice]);
}
