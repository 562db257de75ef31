/* search: the walk. See search.h. */
#include "explore/engine/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/engine/engine.h"
#include "explore/engine/report.h"

/* A decision between several options. */
struct node {
	uint32_t at;      /* its number among the decisions of the run */
	uint32_t options; /* a bit for each */
	int8_t current;
	uint8_t chosen;
	uint8_t n_used;   /* preemptions before it */
};

enum mode { ALL, RANDOM, REPLAY };

static struct {
	enum mode mode;
	unsigned bound;
	struct node path[STEPS_MAX + 1];
	uint32_t n;       /* nodes in the path */
	uint32_t n_given; /* the first so many are to be repeated */
	unsigned n_used;
	bool was_cut;     /* there was an option that the bound forbade */

	unsigned depth;
	uint64_t random;
	uint32_t n_likely; /* decisions in a run, as far as seen */
	uint8_t priority[OPTION_TIMEOUT];
	uint32_t change[8];
} search;

static void begin_run(uint32_t n_given)
{
	search.n_given = n_given;
	search.n = 0;
	search.n_used = 0;
}

/* In place of a thread, where a value is picked; and out of how many. */
enum { PICK = -2, VALUES_MAX = 8 };

/* Whoever runs, runs on; else the first. The newest value is the first, too. */
static unsigned usual(unsigned options, int current)
{
	if (current >= 0 && options & 1u << current)
		return (unsigned)current;
	return (unsigned)__builtin_ctz(options);
}

static unsigned add(unsigned options, int current, unsigned chosen)
{
	if (search.n == STEPS_MAX)
		found("no end", "more than %d decisions", STEPS_MAX);
	search.path[search.n++] = (struct node){ .at = run.n_decisions,
						 .options = options,
						 .current = (int8_t)current,
						 .chosen = (uint8_t)chosen,
						 .n_used = (uint8_t)search.n_used };
	return chosen;
}

static bool is_preemption(int current, unsigned chosen)
{
	if (current == PICK)
		return chosen > 0;
	if (chosen >= OPTION_TIMEOUT)
		return true;
	return current >= 0 && chosen != (unsigned)current && chosen < OPTION_FLUSH;
}

/* --- All --- */

void search_begin_all(unsigned bound)
{
	search.mode = ALL;
	search.bound = bound;
	search.was_cut = false;
	begin_run(0);
}

bool search_was_cut(void)
{
	return search.was_cut;
}

/* The options of a node in the order in which they are tried: the usual one, then the others. */
static bool next_option(struct node *node)
{
	unsigned first = usual(node->options, node->current);
	unsigned from = node->chosen == first ? 0 : node->chosen + 1u;

	for (unsigned i = from; i < OPTION_END; i++) {
		if (!(node->options & 1u << i) || i == first)
			continue;
		if (is_preemption(node->current, i) && node->n_used >= search.bound) {
			search.was_cut = true;
			continue;
		}
		node->chosen = (uint8_t)i;
		return true;
	}
	return false;
}

bool search_next(void)
{
	uint32_t n = search.n;

	while (n > 0 && !next_option(&search.path[n - 1]))
		n--;
	begin_run(n);
	return n > 0;
}

void search_repeat(void)
{
	begin_run(search.n);
}

static unsigned choose_of_all(unsigned options, int current)
{
	const struct node *given = &search.path[search.n];

	if (search.n >= search.n_given)
		return add(options, current, usual(options, current));
	if (given->options != options || given->current != current || given->at != run.n_decisions)
		found("explorer",
		      "the same schedule went another way: the scenario depends on something else");
	search.n++;
	return given->chosen;
}

/* --- Random priorities --- */

static uint64_t next_random(void)
{
	uint64_t z = search.random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void search_begin_random(unsigned depth, uint64_t seed)
{
	search.mode = RANDOM;
	search.depth = depth;
	search.random = seed;
	search.n_likely = search.n > 8 ? search.n : 8;
	search_next_random();
}

/* Priorities from `depth` up are for the beginning; those below for who comes to a change. */
void search_next_random(void)
{
	if (search.n > search.n_likely)
		search.n_likely = search.n;
	for (unsigned i = 0; i < OPTION_TIMEOUT; i++) {
		unsigned j = (unsigned)(next_random() % (i + 1));

		search.priority[i] = search.priority[j];
		search.priority[j] = (uint8_t)(search.depth + i);
	}
	for (unsigned i = 0; i + 1 < search.depth; i++)
		search.change[i] = (uint32_t)(next_random() % search.n_likely);
	begin_run(0);
}

static unsigned choose_at_random(unsigned options, int current)
{
	unsigned best = (unsigned)__builtin_ctz(options), timeouts = options >> OPTION_TIMEOUT;

	if (timeouts && next_random() % 32 == 0)
		return add(options, current, OPTION_TIMEOUT + (unsigned)__builtin_ctz(timeouts));
	for (unsigned i = 0; current >= 0 && i + 1 < search.depth; i++)
		if (search.change[i] == search.n)
			search.priority[current] = (uint8_t)i;
	for (unsigned i = best + 1; i < OPTION_TIMEOUT; i++)
		if (options & 1u << i && search.priority[i] > search.priority[best])
			best = i;
	return add(options, current, best);
}

/* --- Replay --- */

static const char letters[] = "MABCDEFGmabcdefgNOPQRSTU";

static char letter(unsigned option)
{
	return letters[option % OPTION_END];
}

/* Picks are digits in a replay; options and picks never meet at the same decision. */
static char letter_of(const struct node *node)
{
	return node->current == PICK ? (char)('0' + node->chosen) : letter(node->chosen);
}

bool search_begin_replay(const char *schedule)
{
	search.mode = REPLAY;
	for (search.n = 0; *schedule && search.n < STEPS_MAX; search.n++) {
		char *end;
		unsigned long at = strtoul(schedule, &end, 10);
		bool is_pick = *end == '=' && end[1] >= '0' && end[1] < '0' + VALUES_MAX;
		const char *option = is_pick ? end + 1 : *end ? strchr(letters, *end) : NULL;

		if (end == schedule || !option)
			return false;
		search.path[search.n] = (struct node){
			.at = (uint32_t)at,
			.current = is_pick ? PICK : -1,
			.chosen = (uint8_t)(is_pick ? *option - '0' : option - letters),
		};
		end += is_pick ? 2 : 1;
		schedule = *end == ',' ? end + 1 : end;
	}
	begin_run(search.n);
	return true;
}

static unsigned choose_as_given(unsigned options, int current)
{
	const struct node *given = &search.path[search.n];

	if (search.n == search.n_given || given->at != run.n_decisions)
		return usual(options, current);
	if (!(options & 1u << given->chosen))
		found("explorer",
		      "the schedule does not fit: thread %c cannot go on at decision %u",
		      letter(given->chosen), run.n_decisions);
	search.n++;
	return given->chosen;
}

void search_schedule(char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < search.n && used + 16 < len; i++) {
		const struct node *node = &search.path[i];

		if (search.mode == REPLAY || node->chosen != usual(node->options, node->current))
			used += (size_t)snprintf(buf + used, len - used, "%s%u%s%c",
						 used ? "," : "", node->at,
						 node->current == PICK ? "=" : "", letter_of(node));
	}
}

unsigned search_choose(unsigned options, int current)
{
	unsigned chosen;

	if (search.mode == REPLAY)
		return choose_as_given(options, current);
	if (!(options & (options - 1)))
		return (unsigned)__builtin_ctz(options);
	if (search.mode == RANDOM)
		return choose_at_random(options, current);
	if (current >= 0 && search.n_used >= search.bound &&
	    (options >> OPTION_FLUSH & 0xff) == 0) {
		search.was_cut = true;
		return (unsigned)current;
	}
	chosen = choose_of_all(options, current);
	if (is_preemption(current, chosen))
		search.n_used++;
	return chosen;
}

unsigned search_pick(unsigned n)
{
	unsigned chosen;

	if (n <= 1 || !run.is_searched)
		return 0;
	run.n_decisions++;
	if (n > VALUES_MAX)
		n = VALUES_MAX;
	if (search.mode == REPLAY)
		return choose_as_given((1u << n) - 1, PICK);
	if (search.mode == RANDOM)
		return add((1u << n) - 1, PICK,
			   next_random() % 8 ? 0 : (unsigned)(next_random() % n));
	if (search.n_used >= search.bound) {
		search.was_cut = true;
		return 0;
	}
	chosen = choose_of_all((1u << n) - 1, PICK);
	if (chosen > 0)
		search.n_used++;
	return chosen;
}
