/*
 * posix: what the runtime asks of libc about threads and memory; the linker brings it here
 * (--wrap).
 *
 * The one idea: a lock of pthreads keeps who has it in its own first word, and what it puts in
 * order is that of an atomic variable there: taking it is an acquire, giving it up is a release.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/sys.h"
#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"

/*
 * base/lock.h asks libc whether there is but one thread. There is, and libc says so here when the
 * process starts; but nobody must know.
 */
char __libc_single_threaded;

void posix_init(void)
{
	__libc_single_threaded = 0;
}

/* --- The heap --- */

void *__wrap_malloc(size_t len)
{
	return memory_alloc(len, 16);
}

void __wrap_free(void *p)
{
	memory_free(p);
}

void *__wrap_calloc(size_t n, size_t len)
{
	size_t total;
	void *p = __builtin_mul_overflow(n, len, &total) ? NULL : memory_alloc(total, 16);

	return p ? memset(p, 0, total) : NULL;
}

void *__wrap_realloc(void *old, size_t len)
{
	void *p = memory_alloc(len, 16);

	if (p && old) {
		size_t n = memory_len(old);

		memcpy(p, old, n < len ? n : len);
		memory_free(old);
	}
	return p;
}

void *__wrap_aligned_alloc(size_t align, size_t len)
{
	return memory_alloc(len, align);
}

/* --- Futex --- */

static uint64_t deadline_of(const struct timespec *ts, bool is_absolute)
{
	if (!ts)
		return UINT64_MAX;
	return (uint64_t)ts->tv_sec * 1000000000u + (uint64_t)ts->tv_nsec +
	       (is_absolute ? 0 : run.now_ns);
}

static long futex_wait(uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
	point((struct place){ .what = "futex wait", .addr = word });
	if (run.is_tso)
		tso_drain(run.current);
	memory_check((uintptr_t)word, sizeof *word);
	report_value(*word, *word);
	if (*word != seen) {
		errno = EAGAIN;
		return -1;
	}
	if (block(word, "sleeps on a futex", deadline_ns))
		return 0;
	errno = ETIMEDOUT;
	return -1;
}

/* The kernel does not look at the word, which may be gone. */
static long futex_wake(uint32_t *word, unsigned n)
{
	unsigned woken;

	point((struct place){ .what = "futex wake" });
	if (run.is_tso)
		tso_drain(run.current);
	woken = wake(word, n);
	report_value(woken, woken);
	return woken;
}

static long futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return futex_wait(word, value, deadline_of(timeout, false));
	case FUTEX_WAIT_BITSET:
		return futex_wait(word, value, deadline_of(timeout, true));
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return futex_wake(word, value);
	default:
		found("explorer", "futex operation %d is not played", op & FUTEX_CMD_MASK);
	}
}

long __wrap_syscall(long number, ...)
{
	long arg[4];
	va_list args;

	va_start(args, number);
	for (unsigned i = 0; i < 4; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number != SYS_futex)
		found("explorer", "system call %ld is not played", number);
	return futex((uint32_t *)arg[0], (int)arg[1], (uint32_t)arg[2],
		     (const struct timespec *)arg[3]);
}

/* --- Threads --- */

int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*body)(void *),
			  void *arg)
{
	(void)attr;
	point((struct place){ .what = "pthread_create" });
	*id = (pthread_t)thread_new(body, arg, (uintptr_t)body);
	return 0;
}

int __wrap_pthread_join(pthread_t id, void **result)
{
	struct thread *t = (struct thread *)id;

	thread_join(t);
	if (result)
		*result = t->result;
	return 0;
}

int __wrap_pthread_detach(pthread_t id)
{
	(void)id;
	return 0;
}

pthread_t __wrap_pthread_self(void)
{
	return (pthread_t)run.current;
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	(void)how, (void)set;
	if (old)
		sigemptyset(old);
	return 0;
}

int __wrap_pthread_setname_np(pthread_t id, const char *name)
{
	(void)id, (void)name;
	return 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	return sys_ops->clock_gettime(clock, ts);
}

int __wrap_sched_yield(void)
{
	yield();
	return 0;
}

int __wrap_nanosleep(const struct timespec *ts, struct timespec *left)
{
	(void)left;
	point((struct place){ .what = "nanosleep" });
	block(ts, "nanosleep", deadline_of(ts, false));
	return 0;
}

/* --- Mutexes --- */

static unsigned *owner_of(pthread_mutex_t *m)
{
	return (unsigned *)m;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	(void)attr;
	*owner_of(m) = 0;
	return 0;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
	if (*owner_of(m))
		found("bug", "a mutex is destroyed while it is held");
	return 0;
}

/* Returns whether it had to wait, in which case others have run. */
static void take(pthread_mutex_t *m)
{
	while (*owner_of(m))
		block(m, "a mutex", UINT64_MAX);
	*owner_of(m) = run.current->id + 1;
	race_acquire(m);
}

static void give(pthread_mutex_t *m)
{
	if (*owner_of(m) != run.current->id + 1)
		found("bug", "a mutex is unlocked by a thread that does not hold it");
	*owner_of(m) = 0;
	race_release(m);
	wake(m, THREADS_MAX);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
	point((struct place){ .what = "mutex lock", .addr = m, .is_write = true });
	memory_check((uintptr_t)m, sizeof *m);
	if (*owner_of(m) == run.current->id + 1)
		found("deadlock", "a mutex is locked twice by the same thread");
	take(m);
	return 0;
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *m)
{
	point((struct place){ .what = "mutex trylock", .addr = m, .is_write = true });
	memory_check((uintptr_t)m, sizeof *m);
	if (*owner_of(m))
		return EBUSY;
	take(m);
	return 0;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
	point((struct place){ .what = "mutex unlock", .addr = m, .is_write = true });
	memory_check((uintptr_t)m, sizeof *m);
	give(m);
	return 0;
}

/* --- Conditions --- */

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	(void)c, (void)attr;
	return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
	(void)c;
	return 0;
}

/* Gives up the mutex and sleeps in one step. */
static int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline_ns)
{
	bool in_time;

	point((struct place){ .what = "condition wait", .addr = c });
	memory_check((uintptr_t)c, sizeof *c);
	give(m);
	in_time = block(c, "a condition", deadline_ns);
	take(m);
	return in_time ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return cond_wait(c, m, UINT64_MAX);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *ts)
{
	return cond_wait(c, m, deadline_of(ts, true));
}

static int cond_wake(pthread_cond_t *c, unsigned n)
{
	unsigned woken;

	point((struct place){ .what = "condition signal" });
	memory_check((uintptr_t)c, sizeof *c);
	woken = wake(c, n);
	report_value(woken, woken);
	return 0;
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
	return cond_wake(c, 1);
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
	return cond_wake(c, THREADS_MAX);
}

/* --- Ends --- */

_Noreturn void __wrap_abort(void)
{
	found("bug", "abort()");
}

_Noreturn void __wrap_bug(const char *who, const char *what, const char *file, int line)
{
	found("bug", "%s: %s (%s:%d)", who ? who : "?", what ? what : "?", file ? file : "?", line);
}
