/*
 * start: a host without libc, and a future that runs on it.
 *
 * A compiler may call four functions of its own accord, also when built freestanding: they are
 * here. The program begins at _start, polls a coroutine with the waker that does nothing, and
 * leaves by the exit system call with the number of checks that failed.
 */
#include "future/co.h"
#include "future/future.h"
#include "future/join.h"
#include "future/ready.h"
#include "future/yield_now.h"

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	char *t = to;
	const char *f = from;

	while (len-- > 0)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	char *t = to;
	const char *f = from;

	if (t < f)
		return memcpy(to, from, len);
	while (len-- > 0)
		t[len] = f[len];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	char *t = to;

	while (len-- > 0)
		*t++ = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a, *y = b;

	for (size_t i = 0; i < len; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

static _Noreturn void leave(long status)
{
#if defined __x86_64__
	__asm__ volatile("syscall" : : "a"(231L), "D"(status) : "rcx", "r11", "memory");
#elif defined __aarch64__
	register long x0 __asm__("x0") = status, x8 __asm__("x8") = 94;

	__asm__ volatile("svc 0" : : "r"(x0), "r"(x8) : "memory");
#else
#error "say here how this machine makes the exit_group system call"
#endif
	__builtin_unreachable();
}

struct twice {
	struct co co;
	int n_awaited, n_finished; /* outputs */
	struct yield_now yield[2];
	struct join both;
};

static enum poll twice_run(struct co *co, struct context *cx)
{
	struct twice *const f = co_frame(co, struct twice);

	co_begin(co);
	co_await(join(&f->both, yield_now(&f->yield[0]), yield_now(&f->yield[1])));
	f->n_awaited++;
	co_finally {
		f->n_finished++;
	}
	co_end;
}

static struct future *twice(struct twice *f)
{
	*f = (struct twice){ .co = co_init(twice_run) };
	return &f->co.future;
}

__attribute__((used)) static void run(void)
{
	struct twice f;
	struct future *future = twice(&f);
	struct context cx = context_of(&waker_noop);
	long failed = 0;

	failed += future_poll(future, &cx) != POLL_PENDING;
	failed += future_poll(future, &cx) != POLL_READY;
	failed += f.n_awaited != 1 || f.n_finished != 1;
	leave(failed);
}

/* The kernel starts us with the stack aligned to 16 bytes, and no return address on it. */
#if defined __x86_64__
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tcall run\n");
#else
__asm__(".globl _start\n_start:\n\tbl run\n");
#endif
