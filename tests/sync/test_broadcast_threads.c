/*
 * broadcast between threads: what fits into the ring is neither lost nor doubled, what does not is
 * counted, and all comes back.
 */
#define _GNU_SOURCE 1 /* meeting.h */

#include "t.h"
#include "t_future.h"

#include <errno.h>
#include <pthread.h>

#include "base/mem.h"
#include "executor/block_on_park.h"
#include "meeting.h"
#include "sync/broadcast.h"

enum { N_LISTENERS = 3, N_SENDERS = 2, N_EACH = 2000, N_ROUNDS = 2000 };

/* A letter is shared, and counted: one that is lost, or given back twice, is noticed. */
struct letter {
	atomic_int n_refs;
	int sender, n;
};

static atomic_int n_wrong;

static struct letter *write_letter(int sender, int n)
{
	struct letter *l = mem_alloc(sizeof *l);

	CHECK(l);
	*l = (struct letter){ .n_refs = 1, .sender = sender, .n = n };
	return l;
}

static int share_letter(void *dst, const void *src)
{
	struct letter *l = *(struct letter *const *)src;

	n_wrong += atomic_fetch_add(&l->n_refs, 1) <= 0;
	*(struct letter **)dst = l;
	return 0;
}

static void drop_letter(void *item)
{
	struct letter *l = *(struct letter **)item;
	int before = atomic_fetch_sub(&l->n_refs, 1);

	n_wrong += before <= 0;
	if (before == 1)
		mem_free(l, sizeof *l);
}

static void begin(struct broadcast_sender *tx, size_t capacity)
{
	t_mem_begin();
	n_wrong = 0;
	CHECK_EQ(broadcast_open(tx, NULL, struct letter *, capacity, share_letter, drop_letter), 0);
}

static void end(void)
{
	CHECK_EQ(n_wrong, 0);
	CHECK_EQ(t_mem_live(), 0);
}

/* --- Several who send, several who listen to the end --- */

struct person {
	pthread_t thread;
	struct broadcast_sender tx;
	struct broadcast_receiver rx;
	int id;
	int next[N_SENDERS]; /* of each sender, the letter that comes next */
	long n_heard, n_missed;
};

/* The letters of one sender come in order; some may be missing, if `gaps`. */
static void take_letter(struct person *p, struct letter *l, bool gaps)
{
	n_wrong += gaps ? l->n < p->next[l->sender] : l->n != p->next[l->sender];
	p->next[l->sender] = l->n + 1;
	p->n_heard++;
	drop_letter(&l);
}

static int listen_once(struct person *p)
{
	struct broadcast_recv recv;
	struct letter *l;

	n_wrong += block_on_park(broadcast_recv(&recv, &p->rx, &l)) != 0;
	if (!recv.err)
		take_letter(p, l, p->n_missed > 0);
	if (recv.err == -EOVERFLOW)
		p->n_missed += (long)recv.missed;
	return recv.err;
}

static int listen_to_many(struct person *p)
{
	struct broadcast_recv_many recv;
	struct letter *l[7];

	n_wrong += block_on_park(broadcast_recv_many(&recv, &p->rx, l, 7)) != 0;
	for (size_t i = 0; i < recv.n; i++)
		take_letter(p, l[i], p->n_missed > 0);
	if (recv.err == -EOVERFLOW)
		p->n_missed += (long)recv.missed;
	return recv.err;
}

/* Every third by batches. */
static void *listen_to_the_end(void *arg)
{
	struct person *p = arg;

	while ((p->id % 3 == 2 ? listen_to_many(p) : listen_once(p)) != -EPIPE)
		;
	broadcast_receiver_drop(&p->rx);
	return NULL;
}

static void *send_all(void *arg)
{
	struct person *p = arg;

	for (int i = 0; i < N_EACH; i++) {
		struct letter *l = write_letter(p->id, i);

		if (broadcast_send(&p->tx, &l) < N_LISTENERS) {
			n_wrong++;
			drop_letter(&l);
		}
	}
	broadcast_sender_drop(&p->tx);
	return NULL;
}

static void start(struct person *p, void *(*body)(void *))
{
	CHECK_EQ(pthread_create(&p->thread, NULL, body, p), 0);
}

static void join_all(struct person *p, int n)
{
	for (int i = 0; i < n; i++)
		CHECK_EQ(pthread_join(p[i].thread, NULL), 0);
}

/* `coming` adds to those who listen to the end some who come and go. */
static void send_and_listen(size_t capacity, void *(*coming)(void *))
{
	struct person listener[N_LISTENERS] = { 0 }, sender[N_SENDERS] = { 0 }, guest[2] = { 0 };
	struct broadcast_sender tx;

	begin(&tx, capacity);
	for (int i = 0; i < N_LISTENERS; i++)
		listener[i] = (struct person){ .rx = broadcast_subscribe(&tx), .id = i };
	for (int i = 0; i < N_SENDERS; i++)
		sender[i] = (struct person){ .tx = broadcast_sender_clone(&tx), .id = i };
	for (int i = 0; i < 2 && coming; i++) {
		guest[i] = (struct person){ .rx = broadcast_subscribe(&tx), .id = i };
		start(&guest[i], coming);
	}
	broadcast_sender_drop(&tx);
	for (int i = 0; i < N_LISTENERS; i++)
		start(&listener[i], listen_to_the_end);
	for (int i = 0; i < N_SENDERS; i++)
		start(&sender[i], send_all);
	join_all(sender, N_SENDERS);
	join_all(listener, N_LISTENERS);
	join_all(guest, coming ? 2 : 0);
	for (int i = 0; i < N_LISTENERS; i++) {
		CHECK_EQ(listener[i].n_heard + listener[i].n_missed, N_SENDERS * N_EACH);
		if (capacity >= N_SENDERS * N_EACH)
			CHECK_EQ(listener[i].n_missed, 0);
	}
	end();
}

TEST(broadcast_threads, within_the_ring_every_listener_hears_everything)
{
	send_and_listen(N_SENDERS * N_EACH, NULL);
}

TEST(broadcast_threads, beyond_it_what_is_heard_and_what_is_missed_add_up)
{
	send_and_listen(8, NULL);
}

/* Listens for a while, waits for a moment and thinks better of it, goes, and comes again. */
static void *come_and_go(void *arg)
{
	struct person *p = arg;
	struct t_waker w = t_waker();
	struct broadcast_recv recv;
	struct broadcast_receiver rx;
	struct letter *l;

	do {
		if (t_poll(broadcast_recv(&recv, &p->rx, &l), &w) == POLL_PENDING)
			future_drop(&recv.future);
		else if (!recv.err)
			take_letter(p, l, true);
		rx = broadcast_resubscribe(&p->rx);
		broadcast_receiver_drop(&p->rx);
		p->rx = rx;
	} while (recv.err != -EPIPE);
	n_wrong += t_held(&w) != 0;
	broadcast_receiver_drop(&p->rx);
	return NULL;
}

TEST(broadcast_threads, those_who_come_and_go_take_nothing_from_those_who_stay)
{
	send_and_listen(N_SENDERS * N_EACH, come_and_go);
	send_and_listen(8, come_and_go);
}

/* Numbers are copied as they are, which takes a way of its own through the poll. */
static void *add_up(void *arg)
{
	struct person *p = arg;
	struct broadcast_recv recv;
	long number;

	for (;;) {
		n_wrong += block_on_park(broadcast_recv(&recv, &p->rx, &number)) != 0;
		if (recv.err)
			break;
		p->n_heard += number;
	}
	n_wrong += recv.err != -EPIPE;
	broadcast_receiver_drop(&p->rx);
	return NULL;
}

TEST(broadcast_threads, numbers_add_up_at_every_listener)
{
	struct person listener[N_LISTENERS] = { 0 };
	struct broadcast_sender tx;

	t_mem_begin();
	n_wrong = 0;
	CHECK_EQ(broadcast_open(&tx, NULL, long, N_EACH, NULL, NULL), 0);
	for (int i = 0; i < N_LISTENERS; i++) {
		listener[i].rx = broadcast_subscribe(&tx);
		start(&listener[i], add_up);
	}
	for (long number = 1; number <= N_EACH; number++)
		CHECK_EQ(broadcast_send(&tx, &number), N_LISTENERS);
	broadcast_sender_drop(&tx);
	join_all(listener, N_LISTENERS);
	for (int i = 0; i < N_LISTENERS; i++)
		CHECK_EQ(listener[i].n_heard, (long)N_EACH * (N_EACH + 1) / 2);
	end();
}

/* --- Races of two, round by round --- */

static struct {
	struct meeting meeting;
	void (*act[2])(void);
	struct broadcast_sender tx;
	struct broadcast_weak_sender weak;
	struct broadcast_receiver rx, rx2;
} race;

static void *run_races(void *arg)
{
	unsigned who = arg != NULL;

	meeting_spread(who);
	for (unsigned round = 0; round < N_ROUNDS; round++) {
		meeting_wait(&race.meeting); /* the scene is there */
		meeting_start(&race.meeting, round, who);
		race.act[who]();
		meeting_wait(&race.meeting); /* both have done it */
	}
	return NULL;
}

static void give_up_rest(void)
{
	broadcast_receiver_drop(&race.rx);
	broadcast_receiver_drop(&race.rx2);
	broadcast_sender_drop(&race.tx);
	broadcast_weak_sender_drop(&race.weak);
}

/* Each round in a channel of its own, with one letter in the ring of one. */
static void race_of(void (*one)(void), void (*other)(void))
{
	pthread_t thread[2];

	race.act[0] = one;
	race.act[1] = other;
	meeting_init(&race.meeting, 3);
	t_mem_begin();
	CHECK_EQ(pthread_create(&thread[0], NULL, run_races, NULL), 0);
	CHECK_EQ(pthread_create(&thread[1], NULL, run_races, &race), 0);
	for (int round = 0; round < N_ROUNDS; round++) {
		struct letter *l;

		begin(&race.tx, 1);
		race.rx = broadcast_subscribe(&race.tx);
		race.rx2 = broadcast_subscribe(&race.tx);
		race.weak = broadcast_downgrade(&race.tx);
		l = write_letter(0, 0);
		CHECK_EQ(broadcast_send(&race.tx, &l), 2);
		meeting_wait(&race.meeting);
		meeting_wait(&race.meeting);
		meeting_wait(&race.meeting);
		give_up_rest();
		end();
	}
	CHECK_EQ(pthread_join(thread[0], NULL), 0);
	CHECK_EQ(pthread_join(thread[1], NULL), 0);
}

static void send_one(void)
{
	struct letter *l = write_letter(0, 1);

	if (broadcast_send(&race.tx, &l) < 0)
		drop_letter(&l);
}

static void drop_sender(void)
{
	broadcast_sender_drop(&race.tx);
}

static void drop_weak(void)
{
	broadcast_weak_sender_drop(&race.weak);
}

static void drop_both_receivers(void)
{
	broadcast_receiver_drop(&race.rx);
	broadcast_receiver_drop(&race.rx2);
}

static void drop_all_but_weak(void)
{
	drop_both_receivers();
	drop_sender();
}

static void read_first(void)
{
	struct letter *l;
	int err = broadcast_try_recv(&race.rx, &l, NULL);

	n_wrong += err != 0 && err != -EOVERFLOW;
	if (!err)
		drop_letter(&l);
}

static void read_second(void)
{
	struct letter *l;

	n_wrong += broadcast_try_recv(&race.rx2, &l, NULL) != 0;
	drop_letter(&l);
}

static void drop_second(void)
{
	broadcast_receiver_drop(&race.rx2);
}

static void await_the_end(void)
{
	struct broadcast_recv recv;
	struct letter *l;

	do {
		n_wrong += block_on_park(broadcast_recv(&recv, &race.rx, &l)) != 0;
		if (!recv.err)
			drop_letter(&l);
	} while (!recv.err);
	n_wrong += recv.err != -EPIPE;
}

static void await_closed(void)
{
	struct broadcast_closed closed;

	n_wrong += block_on_park(broadcast_closed(&closed, &race.tx)) != 0;
	n_wrong += broadcast_n_receivers(&race.tx) != 0;
}

/* A sender, or none; if it is one it works. */
static void upgrade_and_send(void)
{
	struct broadcast_sender tx = broadcast_upgrade(&race.weak);
	struct letter *l;

	if (!tx.chan)
		return;
	l = write_letter(0, 1);
	n_wrong += broadcast_send(&tx, &l) != 2;
	broadcast_sender_drop(&tx);
}

TEST(broadcast_threads, the_last_two_readers_of_a_letter_race_for_the_original)
{
	race_of(read_first, read_second);
	race_of(read_first, drop_second);
}

TEST(broadcast_threads, a_letter_is_overwritten_while_it_is_read_or_given_up)
{
	race_of(send_one, read_first);
	race_of(send_one, drop_both_receivers);
}

TEST(broadcast_threads, who_waits_hears_of_the_end_however_it_comes)
{
	race_of(await_the_end, drop_sender);
	race_of(await_closed, drop_both_receivers);
}

TEST(broadcast_threads, the_last_handles_go_at_the_same_time)
{
	race_of(upgrade_and_send, drop_sender);
	race_of(drop_weak, drop_all_but_weak);
}
