/*
 * tsan: what gcc -fsanitize=thread calls before every access to memory, and instead of every atomic
 * one. There is no ThreadSanitizer behind it, but the explorer.
 *
 * The one idea: a plain access is checked and goes on; an atomic one first ends the step, so that
 * whatever another thread may do to the variable has its chance to come before.
 */
#include <stdint.h>
#include <string.h>

#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"

#define PC ((uintptr_t)__builtin_return_address(0))

/* --- Plain accesses --- */

static inline void plain(const void *p, size_t len, bool is_write, uintptr_t pc)
{
	memory_check((uintptr_t)p, len);
	race_access((uintptr_t)p, len, is_write, false, pc);
}

#define PLAIN(len_)                                                                                \
	void __tsan_read##len_(void *p) { plain(p, len_, false, PC); }                             \
	void __tsan_write##len_(void *p) { plain(p, len_, true, PC); }                             \
	void __tsan_unaligned_read##len_(void *p) { plain(p, len_, false, PC); }                   \
	void __tsan_unaligned_write##len_(void *p) { plain(p, len_, true, PC); }                   \
	void __tsan_volatile_read##len_(void *p) { plain(p, len_, false, PC); }                    \
	void __tsan_volatile_write##len_(void *p) { plain(p, len_, true, PC); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t len)
{
	plain(p, len, false, PC);
}

void __tsan_write_range(void *p, size_t len)
{
	plain(p, len, true, PC);
}

void __tsan_vptr_update(void **p, void *value)
{
	(void)value;
	plain(p, sizeof *p, true, PC);
}

void __tsan_vptr_read(void **p)
{
	plain(p, sizeof *p, false, PC);
}

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
	(void)pc;
}

void __tsan_func_exit(void)
{
}

/* What libc would do unseen: instrumented.h has these called. */
void *explore_memcpy(void *to, const void *from, size_t len)
{
	if (len > 0) {
		plain(from, len, false, PC);
		plain(to, len, true, PC);
	}
	return memcpy(to, from, len);
}

void *explore_memmove(void *to, const void *from, size_t len)
{
	if (len > 0) {
		plain(from, len, false, PC);
		plain(to, len, true, PC);
	}
	return memmove(to, from, len);
}

void *explore_memset(void *to, int c, size_t len)
{
	if (len > 0)
		plain(to, len, true, PC);
	return memset(to, c, len);
}

int explore_memcmp(const void *a, const void *b, size_t len)
{
	if (len > 0) {
		plain(a, len, false, PC);
		plain(b, len, false, PC);
	}
	return memcmp(a, b, len);
}

/* --- Atomic accesses --- */

/* `after`: what is written, for the trace. */
static void begin(const char *what, const volatile void *p, size_t len, bool is_write, uintptr_t pc)
{
	point((struct place){ .what = what, .addr = p, .is_write = is_write });
	memory_check((uintptr_t)p, len);
	race_access((uintptr_t)p, len, is_write, true, pc);
}

static const char *word(const char *const words[6], int order)
{
	return words[order & 7];
}

#define WORDS(what_)                                                                               \
	{                                                                                          \
		what_ " relaxed", what_ " consume", what_ " acquire", what_ " release",            \
			what_ " acq_rel", what_                                                    \
	}
static const char *const loads[] = WORDS("load");
static const char *const stores[] = WORDS("store");
static const char *const exchanges[] = WORDS("exchange");
static const char *const changes[] = WORDS("change");
static const char *const compares[] = WORDS("compare, exchange");

static uint64_t get(const volatile void *p, unsigned len)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)p, len);
	return value;
}

static uint64_t load(const volatile void *p, unsigned len, int order, uintptr_t pc)
{
	uint64_t value;

	begin(word(loads, order), p, len, false, pc);
	if (run.is_tso && tso_load(p, len, &value)) {
		report_value(value, value);
		return value;
	}
	value = race_load(p, get(p, len), order);
	report_value(value, value);
	if (value != get(p, len))
		report_old(get(p, len));
	return value;
}

static void store(volatile void *p, unsigned len, uint64_t value, int order, uintptr_t pc)
{
	struct vclock released;
	uint64_t before;

	begin(word(stores, order), p, len, true, pc);
	before = get(p, len);
	report_value(before, value);
	if (run.is_tso && order != __ATOMIC_SEQ_CST && run.is_parallel) {
		race_take_release(order, &released);
		tso_store((void *)p, len, value, &released);
		return;
	}
	if (run.is_tso)
		tso_drain(run.current);
	memcpy((void *)p, &value, len);
	race_store(p, before, value, order);
}

/* The old value; the caller writes the new one before anybody else runs. */
static uint64_t change(const char *const words[6], volatile void *p, unsigned len, int order,
		       uintptr_t pc)
{
	begin(word(words, order), p, len, true, pc);
	if (run.is_tso)
		tso_drain(run.current);
	return get(p, len);
}

static void changed(volatile void *p, unsigned len, uint64_t before, uint64_t after, int order)
{
	report_value(before, after);
	memcpy((void *)p, &after, len);
	race_exchange(p, before, after, order);
}

/* That it may fail for no reason is not played. */
static bool compare(volatile void *p, void *expected, uint64_t value, unsigned len, int order,
		    int failed, uintptr_t pc)
{
	uint64_t before = change(compares, p, len, order, pc);

	if (before == get(expected, len)) {
		changed(p, len, before, value, order);
		return true;
	}
	report_value(before, before);
	if (failed != __ATOMIC_RELAXED)
		race_acquire(p);
	memcpy(expected, &before, len);
	return false;
}

#define CHANGE(bits_, name_, words_, new_)                                                         \
	uint##bits_##_t __tsan_atomic##bits_##_##name_(volatile uint##bits_##_t *p,                \
						       uint##bits_##_t v, int order)               \
	{                                                                                          \
		uint##bits_##_t old = (uint##bits_##_t)change(words_, p, bits_ / 8, order, PC);    \
                                                                                                   \
		changed(p, bits_ / 8, old, (uint##bits_##_t)(new_), order);                        \
		return old;                                                                        \
	}

#define ATOMIC(bits_)                                                                              \
	uint##bits_##_t __tsan_atomic##bits_##_load(const volatile uint##bits_##_t *p, int order)  \
	{                                                                                          \
		return (uint##bits_##_t)load(p, bits_ / 8, order, PC);                             \
	}                                                                                          \
	void __tsan_atomic##bits_##_store(volatile uint##bits_##_t *p, uint##bits_##_t v,          \
					  int order)                                               \
	{                                                                                          \
		store(p, bits_ / 8, v, order, PC);                                                 \
	}                                                                                          \
	CHANGE(bits_, exchange, exchanges, v)                                                      \
	CHANGE(bits_, fetch_add, changes, old + v)                                                 \
	CHANGE(bits_, fetch_sub, changes, old - v)                                                 \
	CHANGE(bits_, fetch_and, changes, old & v)                                                 \
	CHANGE(bits_, fetch_or, changes, old | v)                                                  \
	CHANGE(bits_, fetch_xor, changes, old ^ v)                                                 \
	CHANGE(bits_, fetch_nand, changes, ~(old & v))                                             \
	int __tsan_atomic##bits_##_compare_exchange_strong(                                        \
		volatile uint##bits_##_t *p, uint##bits_##_t *expected, uint##bits_##_t v,         \
		int order, int failed)                                                             \
	{                                                                                          \
		return compare(p, expected, v, bits_ / 8, order, failed, PC);                      \
	}                                                                                          \
	int __tsan_atomic##bits_##_compare_exchange_weak(                                          \
		volatile uint##bits_##_t *p, uint##bits_##_t *expected, uint##bits_##_t v,         \
		int order, int failed)                                                             \
	{                                                                                          \
		return compare(p, expected, v, bits_ / 8, order, failed, PC);                      \
	}                                                                                          \
	uint##bits_##_t __tsan_atomic##bits_##_compare_exchange_val(                               \
		volatile uint##bits_##_t *p, uint##bits_##_t expected, uint##bits_##_t v,          \
		int order, int failed)                                                             \
	{                                                                                          \
		compare(p, &expected, v, bits_ / 8, order, failed, PC);                            \
		return expected;                                                                   \
	}
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order)
{
	point((struct place){ .what = "fence" });
	if (run.is_tso && order == __ATOMIC_SEQ_CST)
		tso_drain(run.current);
	race_fence(order);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

/* Allocators that keep what was given back tell AddressSanitizer; the explorer listens, too. */
void __asan_poison_memory_region(const volatile void *p, size_t len)
{
	memory_poison((const void *)p, len, true);
}

void __asan_unpoison_memory_region(const volatile void *p, size_t len)
{
	memory_poison((const void *)p, len, false);
}
