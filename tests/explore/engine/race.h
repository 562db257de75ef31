/*
 * race: what happens before what.
 *
 * The one idea: each thread counts its releases, and knows how far it has seen each other thread's
 * count (a vector clock). A release leaves the thread's clock with the atomic variable, an acquire
 * takes it from there. Each plain access leaves a mark with the thread's count; two accesses of
 * which one writes and one is plain race if neither thread had seen the other's count by then, in
 * whatever order they came this time.
 *
 * The second idea: an atomic variable keeps its last values, for a load may say one that is old.
 * Which ones it may say, C17 tells from the same clocks: none that is older than one which the
 * thread has seen, or than one whose store it must have seen. Which one it says is a decision of
 * search.c. (What is not played: stores that take effect in another order than they were made, and
 * loads that see the future.)
 *
 * Orders count as C17 says, a little more strictly where it helps: a relaxed store ends what was
 * released through its variable before, by the same thread, too. There is no consume: it is
 * acquire.
 */
#ifndef WEFT_TESTS_EXPLORE_RACE_H
#define WEFT_TESTS_EXPLORE_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vclock;

void race_init(void);
void race_reset(void);

/*
 * True if more than one thread was ever seen at that variable, one of them writing: in all runs of
 * this scenario so far. Notes who asks. When that makes a variable shared which was not,
 * race_has_grown says so from then on: the runs made before know too few places where steps end.
 */
bool race_is_shared(const volatile void *addr, bool is_write);
bool race_was_shared(const volatile void *addr); /* without asking for oneself */
bool race_has_grown(void);
void race_forget_grown(void);
void race_forget_shared(void); /* before another scenario */

/*
 * After a run: it has touched something that was thought to be one thread's. Play the same one
 * again.
 */
bool race_must_repeat(void);

/* Ends the run if it races. `pc`: where. */
void race_access(uintptr_t addr, size_t len, bool is_write, bool is_atomic, uintptr_t pc);
void race_free(uintptr_t addr, size_t len);

/*
 * The current thread does this with an atomic variable, in this order (__ATOMIC_...). `newest` is
 * what is in memory; race_load returns what is loaded. Stores and exchanges (read, modify, write)
 * come after the memory is written, and say what was there before.
 */
uint64_t race_load(const volatile void *addr, uint64_t newest, int order);
void race_store(const volatile void *addr, uint64_t before, uint64_t value, int order);
void race_exchange(const volatile void *addr, uint64_t before, uint64_t value, int order);
void race_fence(int order);

/* The same for what the kernel or a lock does: its newest value, and nothing old. */
void race_acquire(const volatile void *addr);
void race_release(const volatile void *addr);

/*
 * For a store that others see only later: what it releases, taken when it is made and left when it
 * arrives.
 */
void race_take_release(int order, struct vclock *released);
void race_leave_release(const volatile void *addr, uint64_t before, uint64_t value,
			const struct vclock *released);

#endif
