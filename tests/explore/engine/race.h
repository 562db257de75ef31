/*
 * race: what happens before what.
 *
 * The one idea: each thread counts its releases, and knows how far it has seen each other thread's
 * count (a vector clock). A release leaves the thread's clock with the atomic variable, an acquire
 * takes it from there. Each plain access leaves a mark with the thread's count; two accesses of which
 * one writes and one is plain race if neither thread had seen the other's count by then, in whatever
 * order they came this time.
 *
 * Orders count as C17 says, a little more strictly where it helps: a relaxed store ends what was
 * released through its variable before, by the same thread, too. There is no consume: it is acquire.
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
 * True if more than one thread was ever seen at that variable, one of them writing: in all runs of this
 * scenario so far. Notes who asks. When that makes a variable shared which was not, race_has_grown
 * says so from then on: the runs made before know too few places where steps end.
 */
bool race_is_shared(const volatile void *addr, bool is_write);
bool race_was_shared(const volatile void *addr); /* without asking for oneself */
bool race_has_grown(void);
void race_forget_grown(void);
void race_forget_shared(void); /* before another scenario */

/* Ends the run if it races. `pc`: where. */
void race_access(uintptr_t addr, size_t len, bool is_write, bool is_atomic, uintptr_t pc);
void race_free(uintptr_t addr, size_t len);

/* The current thread does this with an atomic variable, in this order (__ATOMIC_...). */
void race_load(const volatile void *addr, int order);
void race_store(const volatile void *addr, int order);
void race_exchange(const volatile void *addr, int order); /* read, modify, write */
void race_fence(int order);

/*
 * For a store that others see only later: what it releases, taken when it is made and left when it
 * arrives.
 */
void race_take_release(int order, struct vclock *released);
void race_leave_release(const volatile void *addr, const struct vclock *released);

#endif
