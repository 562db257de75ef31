/*
 * The cancel token against a naive model: 100,000 random steps. The model knows each token's
 * parent, how many own it, and whether it is cancelled; to cancel is to look at everybody again and
 * again.
 */
#include "cancel_token_scene.h"

#include <stdint.h>

enum { N_TOKENS = 24, N_OWNERS = 3, N_WAITERS = 12, N_STEPS = 100000, NONE = -1 };

static struct token {
	struct cancel_token handle[N_OWNERS];
	int n_owners; /* 0: free */
	int parent;   /* NONE: a root, or all above it are gone */
	bool is_cancelled;
} token[N_TOKENS];

static struct place {
	struct cancelled real;
	struct t_waker waker;
	int token; /* NONE: free */
	bool has_polled, is_woken;
} place[N_WAITERS];

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

static bool is_waited_for(int t)
{
	for (struct place *p = place; p < place + N_WAITERS; p++)
		if (p->token == t)
			return true;
	return false;
}

/* A token that there is, or NONE. */
static int any_token(void)
{
	for (int i = 0; i < 10; i++) {
		int t = (int)below(N_TOKENS);

		if (token[t].n_owners > 0)
			return t;
	}
	return NONE;
}

static struct cancel_token *any_handle(int t)
{
	return &token[t].handle[below((unsigned)token[t].n_owners)];
}

static void model_cancel(int t)
{
	bool again = true;

	token[t].is_cancelled = true;
	while (again) {
		again = false;
		for (struct token *k = token; k < token + N_TOKENS; k++)
			if (k->n_owners > 0 && !k->is_cancelled && k->parent != NONE &&
			    token[k->parent].is_cancelled)
				again = k->is_cancelled = true;
	}
}

static void step_make(void)
{
	int t = (int)below(N_TOKENS), parent = below(4) ? any_token() : NONE;
	struct token *k = &token[t];

	if (k->n_owners > 0)
		return;
	*k = (struct token){ .n_owners = 1, .parent = parent };
	if (parent == NONE) {
		CHECK_EQ(cancel_token_init(&k->handle[0]), 0);
		return;
	}
	k->is_cancelled = token[parent].is_cancelled;
	CHECK_EQ(cancel_token_child(&k->handle[0], any_handle(parent)), 0);
}

static void step_clone(void)
{
	int t = any_token();

	if (t != NONE && token[t].n_owners < N_OWNERS) {
		token[t].handle[token[t].n_owners] = cancel_token_clone(any_handle(t));
		token[t].n_owners++;
	}
}

static void step_drop(void)
{
	int t = any_token();

	if (t == NONE || (token[t].n_owners == 1 && is_waited_for(t)))
		return;
	cancel_token_drop(&token[t].handle[--token[t].n_owners]);
	for (struct token *k = token; k < token + N_TOKENS && token[t].n_owners == 0; k++)
		if (k->n_owners > 0 && k->parent == t)
			k->parent = token[t].parent;
}

/* Its token is cancelled, and it has not been told. */
static bool waits_in_vain(const struct place *p)
{
	return p->token != NONE && p->has_polled && !p->is_woken && token[p->token].is_cancelled;
}

static void step_cancel(void)
{
	int t = any_token();

	if (t == NONE)
		return;
	cancel_token_cancel(any_handle(t));
	model_cancel(t);
	for (struct place *p = place; p < place + N_WAITERS; p++)
		if (waits_in_vain(p)) {
			CHECK_EQ(t_wakes(&p->waker), 1);
			p->is_woken = true;
		}
}

static void step_wait(struct place *p)
{
	enum poll polled;

	if (p->token == NONE) {
		p->token = any_token();
		p->has_polled = p->is_woken = false;
		if (p->token != NONE)
			cancelled(&p->real, any_handle(p->token));
		return;
	}
	polled = t_poll(&p->real.future, &p->waker);
	CHECK_EQ(polled, token[p->token].is_cancelled ? POLL_READY : POLL_PENDING);
	p->has_polled = true;
	if (polled == POLL_READY)
		p->token = NONE;
}

static void step_leave(struct place *p)
{
	if (p->token != NONE)
		future_drop(&p->real.future);
	p->token = NONE;
}

static void compare(void)
{
	for (struct token *k = token; k < token + N_TOKENS; k++)
		for (int i = 0; i < k->n_owners; i++)
			CHECK_EQ(cancel_token_is_cancelled(&k->handle[i]), k->is_cancelled);
	for (struct place *p = place; p < place + N_WAITERS; p++) {
		CHECK_EQ(atomic_load(&p->waker.wakes), 0);
		CHECK_EQ(t_held(&p->waker),
			 p->token != NONE && p->has_polled && !token[p->token].is_cancelled);
	}
}

static void step(void)
{
	struct place *p = &place[below(N_WAITERS)];
	unsigned what = below(100);

	if (what < 35)
		step_make();
	else if (what < 45)
		step_clone();
	else if (what < 65)
		step_drop();
	else if (what < 70)
		step_cancel();
	else if (what < 93)
		step_wait(p);
	else
		step_leave(p);
}

TEST(cancel_token_model, a_hundred_thousand_random_steps_agree_with_the_model)
{
	t_mem_begin();
	seed = 20240229;
	memset(token, 0, sizeof token);
	for (struct place *p = place; p < place + N_WAITERS; p++)
		*p = (struct place){ .token = NONE };
	for (int i = 0; i < N_STEPS; i++) {
		step();
		compare();
	}
	for (struct place *p = place; p < place + N_WAITERS; p++)
		step_leave(p);
	for (struct token *k = token; k < token + N_TOKENS; k++)
		while (k->n_owners > 0)
			cancel_token_drop(&k->handle[--k->n_owners]);
	nothing_is_left();
}
