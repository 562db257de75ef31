/*
 * The channel against a naive model of it, step by random step.
 *
 * The model is what mpsc.h promises, written without a thought for speed: an array of queued values
 * and an array of those in line. After each step both must agree on every count and on who has been
 * woken; in the end every value must have met exactly one fate.
 */
#include "mpsc_scene.h"

#include "base/rand.h"

enum { N_STEPS = 100000, ROUND_STEPS = 400, N_SLOTS = 24, MAX_VALUES = ROUND_STEPS * 8 };

enum fate { SENDERS, QUEUED, RECEIVED, DESTROYED };

enum stage { IDLE, WAITING, GRANTED, REFUSED };

/* A future that sends or reserves, beside what the model thinks of it. */
struct slot {
	struct mpsc_send send;
	struct mpsc_reserve reserve;
	struct t_waker w;
	enum stage stage;
	size_t n_wanted, n_held; /* n_wanted 0: it is a send */
	int value;
};

static struct {
	struct scene s;
	struct rand rand;
	size_t max, n_free, n_permitted;
	bool closed;

	enum fate fate[MAX_VALUES];
	int n_values;
	int queue[MAX_VALUES];
	size_t n_queued;

	struct slot slot[N_SLOTS];
	struct slot *line[N_SLOTS];
	size_t n_line;
	struct mpsc_permit permit[N_SLOTS];

	struct mpsc_recv recv;
	struct t_waker recv_w;
	bool receiving;
	int received;
} m;

static size_t below(size_t n)
{
	return rand_below(&m.rand, (uint32_t)n);
}

/* --- The model --- */

static int new_value(void)
{
	CHECK(m.n_values < MAX_VALUES);
	m.fate[m.n_values] = SENDERS;
	return m.n_values++;
}

static void meets(int value, enum fate from, enum fate to)
{
	CHECK_EQ(m.fate[value], from);
	m.fate[value] = to;
}

static void destroyed(void *item)
{
	meets(*(int *)item, QUEUED, DESTROYED);
}

static void enqueue(int value)
{
	meets(value, SENDERS, QUEUED);
	m.queue[m.n_queued++] = value;
}

static void leave_line(size_t i)
{
	m.n_line--;
	for (; i < m.n_line; i++)
		m.line[i] = m.line[i + 1];
}

static void free_slots(size_t n)
{
	while (n > 0 && m.n_line > 0) {
		struct slot *first = m.line[0];

		n--;
		if (first->n_wanted == 0)
			enqueue(first->value);
		else if (++first->n_held < first->n_wanted)
			continue;
		first->stage = GRANTED;
		leave_line(0);
	}
	m.n_free += n;
}

static int expected_of_send(void)
{
	return m.closed ? -EPIPE : m.n_free == 0 ? -EAGAIN : 0;
}

static int expected_of_reserve(size_t n)
{
	if (m.closed)
		return -EPIPE;
	return n > m.max ? -EINVAL : n > m.n_free ? -EAGAIN : 0;
}

static size_t n_granted_reserves(void)
{
	size_t n = 0;

	for (int i = 0; i < N_SLOTS; i++)
		if (m.slot[i].stage == GRANTED)
			n += m.slot[i].n_wanted;
	return n;
}

static bool has_ended(void)
{
	return m.closed && m.n_queued == 0 && m.n_permitted + n_granted_reserves() == 0;
}

static void dequeue(int expected)
{
	CHECK_EQ(m.queue[0], expected);
	meets(expected, QUEUED, RECEIVED);
	memmove(m.queue, m.queue + 1, --m.n_queued * sizeof m.queue[0]);
}

static void check_counts(void)
{
	CHECK_EQ(mpsc_len(&m.s.rx), m.n_queued);
	CHECK_EQ(mpsc_capacity(&m.s.tx), m.max == SIZE_MAX ? SIZE_MAX : m.n_free);
	CHECK_EQ(mpsc_sender_is_closed(&m.s.tx), m.closed);
	for (int i = 0; i < N_SLOTS; i++) {
		const struct slot *sl = &m.slot[i];

		if (sl->stage == WAITING)
			CHECK_EQ(sl->w.wakes, 0);
		if (sl->stage == GRANTED || sl->stage == REFUSED)
			CHECK_EQ(sl->w.wakes, 1);
	}
	if (m.receiving && (m.n_queued > 0 || has_ended()))
		CHECK_EQ(m.recv_w.wakes, 1);
}

/* --- The steps --- */

static struct future *future_of_slot(struct slot *sl)
{
	return sl->n_wanted ? &sl->reserve.future : &sl->send.future;
}

static void keep_permit(struct mpsc_permit permit)
{
	int i = 0;

	while (m.permit[i].chan && i < N_SLOTS - 1)
		i++;
	m.n_permitted += permit.n;
	if (m.permit[i].chan) {
		m.n_permitted -= m.permit[i].n;
		free_slots(m.permit[i].n);
		mpsc_permit_drop(&m.permit[i]);
	}
	m.permit[i] = permit;
}

static void step_try_send(void)
{
	int value = new_value(), err = expected_of_send();

	if (err == 0) {
		m.n_free--;
		enqueue(value);
	}
	CHECK_EQ(mpsc_try_send(&m.s.tx, &value), err);
}

static void step_try_reserve(void)
{
	size_t n = 1 + below(4);
	struct mpsc_permit permit;
	int err = m.max == SIZE_MAX && !m.closed ? -EINVAL : expected_of_reserve(n);

	CHECK_EQ(mpsc_try_reserve(&m.s.tx, n, &permit), err);
	if (err == 0) {
		m.n_free -= n;
		keep_permit(permit);
	}
}

static void wait_in_line(struct slot *sl)
{
	sl->stage = WAITING;
	sl->n_held = 0;
	if (m.n_line == 0) {
		sl->n_held = m.n_free;
		m.n_free = 0;
	}
	m.line[m.n_line++] = sl;
}

static void start(struct slot *sl)
{
	int err;
	enum poll polled;

	sl->w = t_waker();
	sl->n_wanted = m.max == SIZE_MAX ? 0 : below(4);
	sl->value = sl->n_wanted ? -1 : new_value();
	err = sl->n_wanted ? expected_of_reserve(sl->n_wanted) : expected_of_send();
	polled = sl->n_wanted
			 ? t_poll(mpsc_reserve(&sl->reserve, &m.s.tx, sl->n_wanted), &sl->w)
			 : t_poll(mpsc_send(&sl->send, &m.s.tx, &sl->value), &sl->w);
	CHECK_EQ(polled, err == -EAGAIN ? POLL_PENDING : POLL_READY);
	if (err == -EAGAIN) {
		wait_in_line(sl);
		return;
	}
	CHECK_EQ(sl->n_wanted ? sl->reserve.err : sl->send.err, err);
	if (err)
		return;
	m.n_free -= sl->n_wanted ? sl->n_wanted : 1;
	if (sl->n_wanted)
		keep_permit(sl->reserve.permit);
	else
		enqueue(sl->value);
}

/* Polls a future that has been started. A spurious poll must change nothing. */
static void poll_again(struct slot *sl)
{
	enum stage stage = sl->stage;

	sl->stage = stage == WAITING ? WAITING : IDLE;
	CHECK_EQ(t_poll(future_of_slot(sl), &sl->w), stage == WAITING ? POLL_PENDING : POLL_READY);
	if (stage == WAITING)
		return;
	CHECK_EQ(t_held(&sl->w), 0);
	if (sl->n_wanted == 0) {
		CHECK_EQ(sl->send.err, stage == GRANTED ? 0 : -EPIPE);
	} else if (stage == REFUSED || m.closed) {
		CHECK_EQ(sl->reserve.err, -EPIPE);
		free_slots(stage == GRANTED ? sl->n_wanted : 0);
	} else {
		CHECK_EQ(sl->reserve.err, 0);
		keep_permit(sl->reserve.permit);
	}
}

static void cancel(struct slot *sl)
{
	enum stage stage = sl->stage;

	future_drop(future_of_slot(sl));
	CHECK_EQ(t_held(&sl->w), 0);
	sl->stage = IDLE;
	if (sl->n_wanted == 0)
		CHECK_EQ(sl->send.err, stage == GRANTED ? 0 : -ECANCELED);
	if (stage == WAITING) {
		for (size_t i = 0; i < m.n_line; i++)
			if (m.line[i] == sl)
				leave_line(i);
		free_slots(sl->n_wanted ? sl->n_held : 0);
	} else if (stage == GRANTED) {
		free_slots(sl->n_wanted);
	}
}

static void step_future(void)
{
	struct slot *sl = &m.slot[below(N_SLOTS)];

	if (sl->stage == IDLE)
		start(sl);
	else if (below(4) == 0)
		cancel(sl);
	else
		poll_again(sl);
}

static void step_permit(void)
{
	struct mpsc_permit *permit = &m.permit[below(N_SLOTS)];
	size_t n = permit->n;
	int value;

	if (!permit->chan)
		return;
	if (below(3) == 0) {
		m.n_permitted -= n;
		free_slots(n);
		mpsc_permit_drop(permit);
		return;
	}
	value = new_value();
	m.n_permitted--;
	enqueue(value);
	mpsc_permit_send(permit, &value);
	CHECK_EQ(permit->n, n - 1);
}

static void step_try_recv(void)
{
	int array[8], err = has_ended() ? -EPIPE : -EAGAIN;
	size_t max = 1 + below(8), n = m.n_queued < max ? m.n_queued : max;

	CHECK_EQ(mpsc_try_recv_many(&m.s.rx, array, max), n ? (long)n : err);
	for (size_t i = 0; i < n; i++)
		dequeue(array[i]);
	free_slots(n);
}

static void step_recv(void)
{
	bool ready = m.n_queued > 0 || has_ended(), ended = has_ended();

	if (m.receiving && below(4) == 0) {
		future_drop(&m.recv.future);
		m.receiving = false;
		CHECK_EQ(t_held(&m.recv_w), 0);
		return;
	}
	if (!m.receiving) {
		m.recv_w = t_waker();
		mpsc_recv(&m.recv, &m.s.rx, &m.received);
	}
	t_wakes(&m.recv_w);
	CHECK_EQ(t_poll(&m.recv.future, &m.recv_w), ready ? POLL_READY : POLL_PENDING);
	m.receiving = !ready;
	if (!ready)
		return;
	CHECK_EQ(m.recv.err, ended ? -EPIPE : 0);
	CHECK_EQ(t_held(&m.recv_w), 0);
	if (!ended) {
		dequeue(m.received);
		free_slots(1);
	}
}

static void step_close(void)
{
	m.closed = true;
	for (size_t i = 0; i < m.n_line; i++) {
		m.line[i]->stage = REFUSED;
		m.n_free += m.line[i]->n_wanted ? m.line[i]->n_held : 0;
	}
	m.n_line = 0;
	mpsc_close(&m.s.rx);
}

static void step(size_t i, size_t close_at)
{
	if (i == close_at) {
		step_close();
		return;
	}
	switch (below(8)) {
	case 0:
		step_try_send();
		break;
	case 1:
		step_try_reserve();
		break;
	case 2:
		step_permit();
		break;
	case 3:
		step_try_recv();
		break;
	case 4:
	case 5:
		step_recv();
		break;
	default:
		step_future();
	}
}

static void end_round(void)
{
	for (int i = 0; i < N_SLOTS; i++)
		if (m.slot[i].stage != IDLE)
			cancel(&m.slot[i]);
	if (m.receiving)
		future_drop(&m.recv.future);
	for (int i = 0; i < N_SLOTS; i++)
		mpsc_permit_drop(&m.permit[i]);
	m.n_queued = 0;
	scene_end(&m.s);
	for (int i = 0; i < m.n_values; i++)
		CHECK(m.fate[i] != QUEUED);
}

static void run_round(uint64_t seed)
{
	size_t capacity = seed % 4 == 0 ? 0 : seed % 11, close_at;

	memset(&m, 0, sizeof m);
	m.rand.state = seed;
	m.s = scene_with_drop(capacity, destroyed);
	m.n_free = m.max = capacity ? capacity : SIZE_MAX;
	close_at = below(ROUND_STEPS * 2);
	for (size_t i = 0; i < ROUND_STEPS; i++) {
		step(i, close_at);
		check_counts();
	}
	end_round();
}

TEST(mpsc_model, a_hundred_thousand_random_steps_agree_with_a_naive_model)
{
	for (uint64_t seed = 1; seed <= N_STEPS / ROUND_STEPS; seed++)
		run_round(seed);
}
