/*
 * select_fairness: who is asked first wins, and the other may starve.
 *
 * Of two branches that are always ready, a select that asks in a fixed order takes the first one each
 * time: it is biased. That is right where one must come before all others, such as a shutdown. Where
 * both deserve a turn, begin with another branch each time. We hold no dice for that: the caller counts
 * the turns, and so the same program makes the same choices, today and in the debugger tomorrow.
 *
 * Predict: two full mailboxes with four letters each, four rounds. Whose letters are read?
 *
 *	make run P=ch06/select_fairness         ARGS=--tape
 *	cc -DWEFT_DEBUG -Iruntime book-examples/ch06-by-hand/select_fairness.c $(find runtime -name '*.c') -pthread
 *
 * Try: replace the turn by runtime_random(cx->rt), and give the builder a .seed. Run it twice.
 */
#include <stdio.h>

#include "weft.h"

/* A future that is ready whenever there is a letter; there always is, here. */
struct letter {
	struct future future;
	int *n_read;
};

static enum poll letter_poll(struct future *future, struct context *cx)
{
	(void)cx; /* never PENDING: nobody to wake */
	++*future_of(future, struct letter)->n_read;
	return POLL_READY;
}

static const struct future_ops letter_ops = FUTURE_OPS("letter", letter_poll, NULL);

static struct future *letter(struct letter *l, int *n_read)
{
	*l = (struct letter){ .future = future_init(&letter_ops), .n_read = n_read };
	return &l->future;
}

struct reader {
	struct co co;
	bool is_fair;
	unsigned turn;
	struct letter alice, bob;
	int n_alice, n_bob;
	struct select race;
};

static enum poll reader_run(struct co *co, struct context *cx)
{
	struct reader *const f = co_frame(co, struct reader);

	co_begin(co);
	for (f->turn = 0; f->turn < 4; f->turn++) {
		co_await(select_fair(&f->race, f->is_fair ? f->turn : 0,
				     letter(&f->alice, &f->n_alice), letter(&f->bob, &f->n_bob)));
		printf("  %s\n", f->race.winner == 0 ? "alice" : "bob");
	}
	printf("%s: %d of alice, %d of bob\n", f->is_fair ? "fair" : "biased", f->n_alice, f->n_bob);
	co_end;
}

static struct future *reader(struct reader *f, bool is_fair)
{
	*f = (struct reader){ .co = co_init(reader_run), .is_fair = is_fair };
	return &f->co.future;
}

int main(int argc, char **argv)
{
	struct reader f;

	tape_args(argc, argv);
	block_on_spin(reader(&f, false));
	block_on_spin(reader(&f, true));
}
