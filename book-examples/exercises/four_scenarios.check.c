/* four_scenarios.check: what would come of each choice. See check.h. */
#include "check.h"

enum { N_CHOICES = CALL + 1, N_REASONS = IT_IS_FASTER + 1 };

/* What comes of a choice, and what is wrong with a reason; NULL: nothing, it is right. */
struct scenario {
	const char *choices[N_CHOICES];
	const char *reasons[N_REASONS];
};

static const char undecided[] = "you have not chosen yet.";
static const char no_reason[] = "that is a good choice. Which of the reasons decides it?";

/* The two that decide nothing. */
#define NO_REASON_AT_ALL                                                                           \
	[NO_REASON] = no_reason,                                                                   \
	[IT_IS_NETWORK] =                                                                          \
		"that is a good choice, but not because of the network. That tells you that something waits. It "\
		"does not tell you whether it can be asked, nor whether anybody wants to run meanwhile.",\
	[IT_IS_FASTER] =                                                                           \
		"that is a good choice, but nothing becomes faster by it: what is waited for comes when it comes, "\
		"and what is computed takes as long as it takes. What differs is what else can happen meanwhile."

static const struct scenario of_lobby = {
	.choices = {
		[UNDECIDED] = undecided,
		[THREAD] = "with threads there are 20,000 stacks, one for each player, and nearly all of them sleep. "
			   "It can be done, but memory and the start of each are paid for doing nothing: "
			   "ch01/ten_thousand_waits measures how much.",
		[CALL] = "a plain call reads from one player, and returns when he has said something, in about a "
			 "minute. Until then the other 19,999 are not heard.",
	},
	.reasons = {
		NO_REASON_AT_ALL,
		[IT_COMPUTES] = "that is a good choice, but there is hardly anything to compute: a few microseconds "
				"in a minute.",
		[IT_BLOCKS] = "that is a good choice, but nothing here hides its waiting: a socket can be asked "
			      "whether there is anything to read. If it could not, a task would be the wrong choice.",
		[NOTHING_MEANWHILE] = "that is a good choice, but there is a lot to do meanwhile: the other 19,999.",
	},
};

static const struct scenario of_picture = {
	.choices = {
		[UNDECIDED] = undecided,
		[TASK] = "a task is asked, and as long as it does not return nobody else is. There is nothing to wait "
			 "for in a computation, so it would return after 300 ms, and for so long no player is heard.",
		[CALL] = "the call returns after 300 ms. It is the server's only thread that makes it, so for so long "
			 "no player is heard.",
	},
	.reasons = {
		NO_REASON_AT_ALL,
		[MANY_WAIT] = "that is a good choice, but these are few, and they do not wait: they compute.",
		[IT_BLOCKS] = "that is a good choice, but it does not wait for anything. It is busy.",
		[NOTHING_MEANWHILE] = "that is a good choice, but if nobody wanted to do anything meanwhile, a plain "
				      "call would do. 20,000 players want to be heard.",
	},
};

static const struct scenario of_purchase = {
	.choices = {
		[UNDECIDED] = undecided,
		[TASK] = "it waits, so a task comes to mind. But a task waits by returning, and bank_pay() does not "
			 "return before it has its answer. It would put the server's only thread to sleep, for half a "
			 "second or ten, with all players and all other purchases.",
		[CALL] = "the server's only thread would sleep in it, for half a second or ten, and no player is heard.",
	},
	.reasons = {
		NO_REASON_AT_ALL,
		[MANY_WAIT] = "that is a good choice, but there are three at most. If many of them waited, threads "
			      "would become expensive, and you would ask the bank for another library.",
		[IT_COMPUTES] = "that is a good choice, but it does not compute: nearly all the time it sleeps.",
		[NOTHING_MEANWHILE] = "that is a good choice, but if nobody wanted to do anything meanwhile, a plain "
				      "call would do. 20,000 players want to be heard.",
	},
};

static const struct scenario of_weather = {
	.choices = {
		[UNDECIDED] = undecided,
		[TASK] = "it would work, with a runtime, a reactor and a run queue, in order to wait for one thing, and "
			 "then for one other. The second request needs the answer to the first, so they cannot wait "
			 "side by side, and nobody else wants to run. ch01/when_sync_wins shows that it costs more.",
		[THREAD] = "while that thread waits for the answer, the first one waits for that thread. It is the same "
			   "400 ms, with one thread more.",
	},
	.reasons = {
		NO_REASON_AT_ALL,
		[MANY_WAIT] = "that is a good choice, but there is one request at a time. If many waited at the same "
			      "time, tasks would be worth it.",
		[IT_COMPUTES] = "that is a good choice, but it hardly computes: it waits for 400 ms.",
		[IT_BLOCKS] = "that is a good choice, but whether it could be asked does not matter: who would ask, and "
			      "what would he do in between?",
	},
};

static void look_at(const struct answer *a, const struct scenario *s)
{
	must((unsigned)a->choice < N_CHOICES && (unsigned)a->reason < N_REASONS, "choose from the two lists above.");
	must(!s->choices[a->choice], "%s", s->choices[a->choice]);
	must(!s->reasons[a->reason], "%s", s->reasons[a->reason]);
}

static void look_at_lobby(void)
{
	look_at(&lobby, &of_lobby);
}

static void look_at_picture(void)
{
	look_at(&picture, &of_picture);
}

static void look_at_purchase(void)
{
	look_at(&purchase, &of_purchase);
}

static void look_at_weather(void)
{
	look_at(&weather, &of_weather);
}

const struct check checks[] = {
	{ "the lobby with 20,000 players", look_at_lobby,
	  "What does one player cost while he says nothing?", 1 },
	{ "the picture that takes 300 ms", look_at_picture,
	  "What happens to the other players in these 300 ms?", 1 },
	{ "the purchase at the bank", look_at_purchase,
	  "Which thread sleeps while the bank thinks about it?", 2 },
	{ "the weather in one town", look_at_weather,
	  "Who wants to run while it waits?", 2 },
	{ 0 }
};
