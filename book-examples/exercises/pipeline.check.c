/* pipeline.check: predictions about a coroutine, beside what it does. See check.h. */
#include "check.h"

static const char *const place_names[] = { "READ", "LOOK_UP", "PRINT", "OVER" };

static void look_at_places(void)
{
	struct pipeline f;
	enum place place;
	size_t i = 0, n = sizeof places / sizeof *places;

	pipeline(&f);
	do {
		place = place_after_poll(&f);
		must(i < n, "you have %zu polls. After them it stands at %s, and is not over.", n,
		     place_names[i ? places[i - 1] : OVER]);
		must(places[i] != LOOK_UP || place == LOOK_UP, "after poll %zu you say LOOK_UP, and it never stands "
		     "there. That child is `ready`: it says READY at once, so the body goes on, in the same poll.",
		     i + 1);
		must(places[i] == place, "after poll %zu you say %s, and it stands at %s.", i + 1,
		     place_names[places[i]], place_names[place]);
		i++;
	} while (place != OVER);
	must(i == n, "it is over after %zu polls, and you have %zu.", i, n);
}

/* Why a field is of no use there. */
static const char *const useless[][N_FIELDS] = {
	[READ] = { [ITEM] = "The next thing that happens to `item` is that the new item is written to it.",
		   [PRICE] = "`price` is written before it is read again." },
	[PRINT] = { [ITEM] = "Nobody reads the old `item` again: all that is left to do with it is `price`, which "
			     "is known by now." },
};

static void look_at_needs(enum place place)
{
	static const char *const fields[] = { "n_read", "item", "price", "total" };

	for (enum field i = 0; i < N_FIELDS; i++) {
		int total = total_without(place, i);

		must(total == TOTAL_DUE || is_needed[place][i], "you say that `%s` can be forgotten at %s. Tried "
		     "out, when it stands there for the second time: the total is %d, and should be %d.",
		     fields[i], place_names[place], total, TOTAL_DUE);
		must(total != TOTAL_DUE || !is_needed[place][i], "you say that `%s` is needed at %s. Forgotten, when "
		     "it stands there for the second time, it is not missed: the total is %d. %s", fields[i],
		     place_names[place], total, useless[place][i] ? useless[place][i] : "");
	}
}

static void look_at_needs_in_read(void)
{
	look_at_needs(READ);
}

static void look_at_needs_in_print(void)
{
	look_at_needs(PRINT);
}

static void look_at_needs_in_look_up(void)
{
	for (enum field i = 0; i < N_FIELDS; i++)
		must(!is_needed[LOOK_UP][i], "it never stands at LOOK_UP, so nothing can be forgotten there.");
}

static void look_at_polls(void)
{
	struct pipeline f;
	const struct future *const children[] = { &f.read.future, &f.look_up.future, &f.print.future };

	pipeline(&f);
	while (place_after_poll(&f) != OVER)
		;
	for (enum place place = READ; place < OVER; place++)
		must(n_polls[place] == (int)polls_of(children[place]), "you say that the child of %s is polled %d times "
		     "for the three items, and it is not: it %s.", place_names[place], n_polls[place],
		     n_polls[place] < (int)polls_of(children[place]) ? "happens more often" : "happens less often");
}

const struct check checks[] = {
	{ "where it stands after each poll", look_at_places,
	  "Go through it as a poll does: from where it stands to the next child that says PENDING.", 1 },
	{ "what it needs while it stands at READ", look_at_needs_in_read,
	  "What is read behind the place, before it is written, must be kept. A compiler asks the same of every "
	  "local variable, and makes a field of it or not.", 2 },
	{ "what it needs while it stands at LOOK_UP", look_at_needs_in_look_up,
	  "Which is another question than whether a local would do: a compiler cannot know that this child never "
	  "says PENDING.", 2 },
	{ "what it needs while it stands at PRINT", look_at_needs_in_print,
	  "What is read behind the place, before it is written, must be kept.", 2 },
	{ "how often each child is polled", look_at_polls,
	  "An await polls its child at once when it is reached, and again at each poll of the coroutine until it "
	  "says READY.", 3 },
	{ 0 }
};
