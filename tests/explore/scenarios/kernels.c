/*
 * kernels: the explorer is tested first. Each of these is a classic mistake, which must be found,
 * and with as many preemptions as it takes, no fewer; or the same done right, in which nothing may
 * be found.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/lock.h"
#include "explore/explore.h"

/* --- A counter --- */

static int plain;
static atomic_int counter;
static pthread_mutex_t mutex, other_mutex;
static pthread_cond_t condition;

static void begin(void)
{
	plain = 0;
	atomic_init(&counter, 0);
	pthread_mutex_init(&mutex, NULL);
	pthread_mutex_init(&other_mutex, NULL);
	pthread_cond_init(&condition, NULL);
}

static void add_plainly(void)
{
	plain++;
}

SCENARIO(kernel_counter_without_a_lock, .setup = begin, .thread = { add_plainly, add_plainly },
	 .finds = "data race", .needs = 0);

/* No race, but another thread comes between the load and the store. */
static void add_in_two_steps(void)
{
	int n = atomic_load(&counter);

	atomic_store(&counter, n + 1);
}

static void counted_two(void)
{
	CHECK_EQ(atomic_load(&counter), 2);
}

SCENARIO(kernel_counter_in_two_steps, .setup = begin, .check = counted_two,
	 .thread = { add_in_two_steps, add_in_two_steps }, .finds = "check", .needs = 1);

static void add_under_mutex(void)
{
	pthread_mutex_lock(&mutex);
	plain++;
	pthread_mutex_unlock(&mutex);
}

static void plain_is_three(void)
{
	CHECK_EQ(plain, 3);
}

SCENARIO(kernel_counter_under_a_mutex, .setup = begin, .check = plain_is_three,
	 .thread = { add_under_mutex, add_under_mutex, add_under_mutex });

/* --- Two locks --- */

static void lock_both(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&other_mutex);
	pthread_mutex_unlock(&other_mutex);
	pthread_mutex_unlock(&mutex);
}

static void lock_both_backwards(void)
{
	pthread_mutex_lock(&other_mutex);
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
	pthread_mutex_unlock(&other_mutex);
}

SCENARIO(kernel_locks_in_two_orders, .setup = begin, .thread = { lock_both, lock_both_backwards },
	 .finds = "deadlock", .needs = 1);
SCENARIO(kernel_locks_in_one_order, .setup = begin, .thread = { lock_both, lock_both, lock_both });

/* --- Sleeping --- */

static void set_and_signal(void)
{
	pthread_mutex_lock(&mutex);
	plain = 1;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
}

static void wait_until_set(void)
{
	pthread_mutex_lock(&mutex);
	while (!plain)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
}

/* What was seen before the lock was given up is not looked at again. */
static void wait_without_looking_again(void)
{
	int seen;

	pthread_mutex_lock(&mutex);
	seen = plain;
	pthread_mutex_unlock(&mutex);
	pthread_mutex_lock(&mutex);
	if (!seen)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
}

SCENARIO(kernel_sleep_without_looking_again, .setup = begin, .finds = "deadlock", .needs = 1,
	 .thread = { wait_without_looking_again, set_and_signal });
SCENARIO(kernel_sleep_after_looking_again, .setup = begin,
	 .thread = { wait_until_set, wait_until_set, set_and_signal, set_and_signal });

/* A signal wakes one, and both wait. */
SCENARIO(kernel_one_signal_for_two, .setup = begin, .finds = "deadlock", .needs = 0,
	 .thread = { wait_until_set, wait_until_set, set_and_signal });

/* The clock wakes whoever sleeps by it at any time, or at last when nobody else can go on. */
static void wait_a_while(void)
{
	struct timespec deadline = { .tv_sec = 1 };
	int err = 0;

	pthread_mutex_lock(&mutex);
	while (!plain && !err)
		err = pthread_cond_timedwait(&condition, &mutex, &deadline);
	pthread_mutex_unlock(&mutex);
}

static void wait_a_while_for_what_must_come(void)
{
	wait_a_while();
	pthread_mutex_lock(&mutex);
	CHECK_EQ(plain, 1);
	pthread_mutex_unlock(&mutex);
}

SCENARIO(kernel_sleep_by_the_clock, .setup = begin, .thread = { wait_a_while, wait_a_while });
SCENARIO(kernel_sleep_by_the_clock_cut_short, .setup = begin, .finds = "check", .needs = 1,
	 .thread = { wait_a_while_for_what_must_come, set_and_signal });

/* --- A deque: its owner takes from the bottom, thieves from the top --- */

enum { N_ITEMS = 2 };
static struct {
	atomic_int top, bottom;
	atomic_int taken[N_ITEMS];
} deque;

static void fill_deque(void)
{
	atomic_init(&deque.top, 0);
	atomic_init(&deque.bottom, N_ITEMS);
	for (int i = 0; i < N_ITEMS; i++)
		atomic_init(&deque.taken[i], 0);
}

static void steal(void)
{
	int top = atomic_load(&deque.top), bottom = atomic_load(&deque.bottom);

	if (top < bottom && atomic_compare_exchange_strong(&deque.top, &top, top + 1))
		atomic_fetch_add(&deque.taken[top], 1);
}

/* The last item is the thieves', too: who wants it must say so where they do. */
static void pop(bool with_cas)
{
	int bottom = atomic_load(&deque.bottom) - 1, top;

	atomic_store(&deque.bottom, bottom);
	top = atomic_load(&deque.top);
	if (top < bottom) {
		atomic_fetch_add(&deque.taken[bottom], 1);
		return;
	}
	atomic_store(&deque.bottom, bottom + 1);
	if (top > bottom)
		return;
	if (!with_cas)
		atomic_store(&deque.top, top + 1);
	else if (!atomic_compare_exchange_strong(&deque.top, &top, top + 1))
		return;
	atomic_fetch_add(&deque.taken[bottom], 1);
}

static void pop_with_cas(void)
{
	pop(true);
	pop(true);
}

static void pop_without_cas(void)
{
	pop(false);
	pop(false);
}

static void each_taken_once(void)
{
	for (int i = 0; i < N_ITEMS; i++)
		CHECK_EQ(atomic_load(&deque.taken[i]), 1);
}

SCENARIO(kernel_pop_without_cas, .setup = fill_deque, .check = each_taken_once,
	 .thread = { pop_without_cas, steal }, .finds = "check", .needs = 1);
SCENARIO(kernel_pop_with_cas, .setup = fill_deque, .check = each_taken_once,
	 .thread = { pop_with_cas, steal, steal });

/* --- What takes exactly three preemptions --- */

static atomic_int ping, pong;

static void begin_ping(void)
{
	atomic_init(&ping, 0);
	atomic_init(&pong, 0);
}

static void say_ping(void)
{
	atomic_store(&ping, 1);
	if (atomic_load(&pong) != 1)
		return;
	atomic_store(&ping, 2);
	CHECK(atomic_load(&pong) != 2);
}

static void say_pong(void)
{
	if (atomic_load(&ping) != 1)
		return;
	atomic_store(&pong, 1);
	if (atomic_load(&ping) == 2)
		atomic_store(&pong, 2);
}

SCENARIO(kernel_that_takes_three_preemptions, .setup = begin_ping, .thread = { say_ping, say_pong },
	 .finds = "check", .needs = 3);

/* --- A message --- */

static void send_relaxed(void)
{
	plain = 1;
	atomic_store_explicit(&counter, 1, memory_order_relaxed);
}

static void send_released(void)
{
	plain = 1;
	atomic_store_explicit(&counter, 1, memory_order_release);
}

static void send_behind_a_fence(void)
{
	plain = 1;
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&counter, 1, memory_order_relaxed);
}

/* The relaxed store is not part of what the first one released. */
static void send_and_overwrite(void)
{
	plain = 1;
	atomic_store_explicit(&counter, 1, memory_order_release);
	atomic_store_explicit(&counter, 2, memory_order_relaxed);
}

static void receive(void)
{
	if (atomic_load_explicit(&counter, memory_order_acquire))
		CHECK_EQ(plain, 1);
}

static void receive_relaxed(void)
{
	if (atomic_load_explicit(&counter, memory_order_relaxed))
		CHECK_EQ(plain, 1);
}

static void receive_before_a_fence(void)
{
	if (!atomic_load_explicit(&counter, memory_order_relaxed))
		return;
	atomic_thread_fence(memory_order_acquire);
	CHECK_EQ(plain, 1);
}

/* Passes on what others released, by whatever order. */
static void add_relaxed(void)
{
	atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
}

static void receive_second(void)
{
	if (atomic_load_explicit(&counter, memory_order_acquire) == 2)
		CHECK_EQ(plain, 1);
}

SCENARIO(kernel_message_relaxed, .setup = begin, .thread = { send_relaxed, receive },
	 .finds = "data race", .needs = 0);
SCENARIO(kernel_message_received_relaxed, .setup = begin,
	 .thread = { send_released, receive_relaxed }, .finds = "data race", .needs = 0);
SCENARIO(kernel_message_overwritten, .setup = begin,
	 .thread = { send_and_overwrite, receive_second }, .finds = "data race", .needs = 0);
SCENARIO(kernel_message_released, .setup = begin, .thread = { send_released, receive, receive });
SCENARIO(kernel_message_between_fences, .setup = begin,
	 .thread = { send_behind_a_fence, receive_before_a_fence });
SCENARIO(kernel_message_passed_on, .setup = begin,
	 .thread = { send_released, add_relaxed, receive_second });

/* --- Two flags, each set by one and looked at by the other: both may see 0 --- */

static atomic_int flag[2], inside;

static void lower_flags(void)
{
	atomic_init(&flag[0], 0);
	atomic_init(&flag[1], 0);
	atomic_init(&inside, 0);
}

static void enter(int me, memory_order store, memory_order load)
{
	atomic_store_explicit(&flag[me], 1, store);
	if (!atomic_load_explicit(&flag[1 - me], load))
		CHECK_EQ(atomic_fetch_add(&inside, 1), 0);
}

static void enter_first_released(void)
{
	enter(0, memory_order_release, memory_order_acquire);
}

static void enter_second_released(void)
{
	enter(1, memory_order_release, memory_order_acquire);
}

static void enter_first(void)
{
	enter(0, memory_order_seq_cst, memory_order_seq_cst);
}

static void enter_second(void)
{
	enter(1, memory_order_seq_cst, memory_order_seq_cst);
}

static void enter_behind_a_fence(int me)
{
	atomic_store_explicit(&flag[me], 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&flag[1 - me], memory_order_relaxed))
		CHECK_EQ(atomic_fetch_add(&inside, 1), 0);
}

static void enter_first_fenced(void)
{
	enter_behind_a_fence(0);
}

static void enter_second_fenced(void)
{
	enter_behind_a_fence(1);
}

static void enter_by_exchange(int me, memory_order order)
{
	atomic_exchange_explicit(&flag[me], 1, order);
	if (!atomic_load_explicit(&flag[1 - me], memory_order_seq_cst))
		CHECK_EQ(atomic_fetch_add(&inside, 1), 0);
}

static void enter_first_by_exchange(void)
{
	enter_by_exchange(0, memory_order_seq_cst);
}

static void enter_second_by_exchange(void)
{
	enter_by_exchange(1, memory_order_seq_cst);
}

/* Right on x86, where an exchange is a fence; but C17 does not promise it. */
static void enter_second_by_released_exchange(void)
{
	enter_by_exchange(1, memory_order_acq_rel);
}

SCENARIO(kernel_flags_released, .setup = lower_flags, .finds = "check", .needs = 1,
	 .thread = { enter_first_released, enter_second_released });
SCENARIO(kernel_flags_seq_cst, .setup = lower_flags, .thread = { enter_first, enter_second });
SCENARIO(kernel_flags_fenced, .setup = lower_flags,
	 .thread = { enter_first_fenced, enter_second_fenced });
SCENARIO(kernel_flags_exchanged, .setup = lower_flags,
	 .thread = { enter_first_by_exchange, enter_second_by_exchange });
SCENARIO(kernel_flags_exchanged_acq_rel, .setup = lower_flags, .finds = "check", .needs = 1,
	 .thread = { enter_first_by_exchange, enter_second_by_released_exchange });

/* The same where stores wait in a buffer. */
SCENARIO(kernel_buffered_flags_released, .setup = lower_flags, .is_tso = true, .finds = "check",
	 .needs = 1, .thread = { enter_first_released, enter_second_released });
SCENARIO(kernel_buffered_flags_seq_cst, .setup = lower_flags, .is_tso = true,
	 .thread = { enter_first, enter_second });
SCENARIO(kernel_buffered_flags_fenced, .setup = lower_flags, .is_tso = true,
	 .thread = { enter_first_fenced, enter_second_fenced });
SCENARIO(kernel_buffered_flags_exchanged, .setup = lower_flags, .is_tso = true,
	 .thread = { enter_first_by_exchange, enter_second_by_released_exchange });

/* --- Which old values a load may say --- */

static atomic_int data, ready;

static void reset_data(void)
{
	atomic_init(&data, 0);
	atomic_init(&ready, 0);
}

static void publish(void)
{
	atomic_store_explicit(&data, 1, memory_order_relaxed);
	atomic_store_explicit(&ready, 1, memory_order_release);
}

static void publish_relaxed(void)
{
	atomic_store_explicit(&data, 1, memory_order_relaxed);
	atomic_store_explicit(&ready, 1, memory_order_relaxed);
}

static void look(void)
{
	if (atomic_load_explicit(&ready, memory_order_acquire))
		CHECK_EQ(atomic_load_explicit(&data, memory_order_relaxed), 1);
}

static void count_data(void)
{
	for (int i = 1; i <= 3; i++)
		atomic_store_explicit(&data, i, memory_order_relaxed);
}

/* Once seen, a value cannot be unseen: not by the same thread, */
static void look_twice(void)
{
	int first = atomic_load_explicit(&data, memory_order_relaxed);

	CHECK(atomic_load_explicit(&data, memory_order_relaxed) >= first);
}

/* and not by one that it has told. */
static void look_and_tell(void)
{
	int seen = atomic_load_explicit(&data, memory_order_relaxed);

	atomic_store_explicit(&ready, seen, memory_order_release);
}

static void look_as_told(void)
{
	int told = atomic_load_explicit(&ready, memory_order_acquire);

	CHECK(atomic_load_explicit(&data, memory_order_relaxed) >= told);
}

static void look_at_own(void)
{
	atomic_store_explicit(&data, 5, memory_order_relaxed);
	CHECK(atomic_load_explicit(&data, memory_order_relaxed) != 0);
}

/* An exchange always finds the newest. */
static void add_to_data(void)
{
	atomic_fetch_add_explicit(&data, 1, memory_order_relaxed);
}

static void data_is_three(void)
{
	CHECK_EQ(atomic_load(&data), 3);
}

SCENARIO(kernel_old_value_behind_a_release, .setup = reset_data, .thread = { publish, look });
SCENARIO(kernel_old_value_behind_a_relaxed_store, .setup = reset_data,
	 .thread = { publish_relaxed, look }, .finds = "check", .needs = 1);
SCENARIO(kernel_old_value_after_a_newer, .setup = reset_data, .thread = { count_data, look_twice });
SCENARIO(kernel_old_value_after_what_was_told, .setup = reset_data,
	 .thread = { count_data, look_and_tell, look_as_told });
SCENARIO(kernel_old_value_before_ones_own, .setup = reset_data,
	 .thread = { look_at_own, count_data });
SCENARIO(kernel_old_value_exchanged, .setup = reset_data, .check = data_is_three,
	 .thread = { add_to_data, add_to_data, add_to_data });

/* --- Memory --- */

static int *_Atomic shared;

static void make(void)
{
	atomic_init(&shared, malloc(sizeof(int)));
	*atomic_load(&shared) = 0;
	atomic_init(&counter, 2);
}

static void read_it(void)
{
	int *p = atomic_load(&shared);

	if (p)
		CHECK_EQ(*p, 0);
}

static void free_it(void)
{
	free(atomic_exchange(&shared, NULL));
}

static void read_it_later(void)
{
	int *p = atomic_load(&shared);

	while (atomic_load(&counter) == 2)
		explore_yield();
	CHECK_EQ(*p, 0);
}

static void free_it_and_say_so(void)
{
	free(atomic_load(&shared));
	atomic_store(&counter, 0);
}

static void leave_the_last_to_free(void)
{
	if (atomic_fetch_sub_explicit(&counter, 1, memory_order_acq_rel) == 1)
		free(atomic_load_explicit(&shared, memory_order_relaxed));
}

static void write_and_leave(memory_order order)
{
	int *p = atomic_load_explicit(&shared, memory_order_relaxed);

	(void)*(volatile int *)p;
	if (atomic_fetch_sub_explicit(&counter, 1, order) == 1)
		free(p);
}

static void read_and_leave_relaxed(void)
{
	write_and_leave(memory_order_relaxed);
}

static void read_and_leave(void)
{
	write_and_leave(memory_order_acq_rel);
}

static void free_twice(void)
{
	free(atomic_load(&shared));
}

static void write_behind_it(void)
{
	((volatile char *)atomic_load(&shared))[sizeof(int)] = 1;
}

static void nothing(void)
{
}

SCENARIO(kernel_read_beside_a_free, .setup = make, .thread = { read_it, free_it },
	 .finds = "data race", .needs = 0);
SCENARIO(kernel_read_of_what_is_freed, .setup = make,
	 .thread = { read_it_later, free_it_and_say_so }, .finds = "use after free", .needs = 0);
SCENARIO(kernel_count_of_owners_relaxed, .setup = make, .finds = "data race", .needs = 0,
	 .thread = { read_and_leave_relaxed, read_and_leave_relaxed });
SCENARIO(kernel_count_of_owners, .setup = make, .thread = { read_and_leave, read_and_leave });
SCENARIO(kernel_freed_twice, .setup = make, .thread = { free_twice, free_twice },
	 .finds = "use after free", .needs = 0);
SCENARIO(kernel_write_behind_a_block, .setup = make, .thread = { write_behind_it },
	 .finds = "use after free", .needs = 0);
SCENARIO(kernel_leak, .setup = make, .thread = { leave_the_last_to_free }, .finds = "leak",
	 .needs = 0);

/* --- What never ends, and what crashes --- */

static void spin(void)
{
	while (!atomic_load(&counter))
		;
}

static void spin_and_yield(void)
{
	while (!atomic_load(&counter))
		explore_yield();
}

static void set(void)
{
	atomic_store(&counter, 1);
}

static void read_null(void)
{
	*(volatile int *)NULL = 1;
}

SCENARIO(kernel_spins_for_ever, .setup = begin, .thread = { spin, nothing }, .finds = "no end",
	 .needs = 0);
SCENARIO(kernel_spins_and_yields, .setup = begin, .thread = { spin_and_yield, set });
SCENARIO(kernel_reads_null, .setup = begin, .thread = { read_null }, .finds = "crash", .needs = 0);
