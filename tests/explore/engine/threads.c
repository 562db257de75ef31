/*
 * threads: virtual threads on stacks of their own, and one run of them.
 *
 * The one idea: whoever ends a step asks search.c who goes on, and switches straight to him. That
 * costs a dozen instructions and no system call, so some hundred thousand runs fit into a second.
 * What else a thread has of its own, errno and the program's thread-local variables, is copied out
 * and in.
 */
#define _GNU_SOURCE 1 /* dl_iterate_phdr */
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"
#include "explore/engine/search.h"

struct run run;

static const struct scenario *scenario;
static void *engine_sp;
static bool was_good;

/* --- Switching --- */

/*
 * Saves what a call must preserve, and where the stack is, in *save; goes on where `load` was
 * saved.
 */
void threads__switch(void **save, void *load);

#if defined __x86_64__
__asm__(".text\n"
	".globl threads__switch\n"
	".type threads__switch, @function\n"
	"threads__switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size threads__switch, . - threads__switch\n");
enum { SAVED_WORDS = 6, SAVED_FRAME = 5 };
#elif defined __aarch64__
__asm__(".text\n"
	".globl threads__switch\n"
	".type threads__switch, %function\n"
	"threads__switch:\n"
	"	sub sp, sp, #160\n"
	"	stp x29, x30, [sp]\n"
	"	stp x19, x20, [sp, #16]\n"
	"	stp x21, x22, [sp, #32]\n"
	"	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n"
	"	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n"
	"	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	mov x2, sp\n"
	"	str x2, [x0]\n"
	"	mov sp, x1\n"
	"	ldp x29, x30, [sp]\n"
	"	ldp x19, x20, [sp, #16]\n"
	"	ldp x21, x22, [sp, #32]\n"
	"	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n"
	"	ldp x27, x28, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n"
	"	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n"
	"	ret\n"
	".size threads__switch, . - threads__switch\n");
enum { SAVED_WORDS = 20, SAVED_FRAME = 0 };
#else
#error "the explorer knows how to switch stacks on x86-64 and aarch64"
#endif

/* --- Thread-local variables of the program. (Nobody under test keeps state in libc's own.) --- */

static struct {
	char *at;
	size_t len;
	char initial[TLS_MAX];
} tls;

static int find_tls(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_TLS)
			continue;
		tls.at = info->dlpi_tls_data;
		tls.len = segment->p_memsz;
		if (tls.len > TLS_MAX)
			abort();
		memcpy(tls.initial, (const char *)info->dlpi_addr + segment->p_vaddr,
		       segment->p_filesz);
	}
	return 1; /* the first is the program itself */
}

void threads_init(void)
{
	dl_iterate_phdr(find_tls, NULL);
}

static void switch_to(struct thread *next)
{
	struct thread *last = run.current;

	if (next == last)
		return;
	last->saved_errno = errno;
	memcpy(last->tls, tls.at, tls.len);
	memcpy(tls.at, next->tls, tls.len);
	errno = next->saved_errno;
	run.current = next;
	threads__switch(&last->sp, next->sp);
}

_Noreturn void threads_leave(bool is_good)
{
	void *abandoned;

	was_good = is_good;
	threads__switch(&abandoned, engine_sp);
	abort();
}

/* --- Steps --- */

static unsigned ready(void)
{
	unsigned options = 0;

	for (unsigned i = 0; i < run.n_threads; i++)
		if (run.threads[i].status == STATUS_READY)
			options |= 1u << i;
	return options & ~run.yielded ? options & ~run.yielded : options;
}

/* Those who sleep by the clock, and may be woken by it at any time. */
static unsigned timed(void)
{
	unsigned options = 0;

	for (unsigned i = 0; i < run.n_threads; i++)
		if (run.threads[i].status == STATUS_BLOCKED &&
		    run.threads[i].deadline_ns != UINT64_MAX)
			options |= 1u << i;
	return options;
}

/* The first deadline there is. */
static unsigned first_timed(unsigned options)
{
	unsigned first = (unsigned)__builtin_ctz(options);

	for (unsigned i = first + 1; i < run.n_threads; i++)
		if (options & 1u << i &&
		    run.threads[i].deadline_ns < run.threads[first].deadline_ns)
			first = i;
	return first;
}

static void time_out(struct thread *t)
{
	if (run.now_ns < t->deadline_ns)
		run.now_ns = t->deadline_ns;
	t->has_timed_out = true;
	t->status = STATUS_READY;
}

static void count_step(struct place place)
{
	if (++run.n_steps > STEPS_MAX)
		found("no end", "more than %d steps", STEPS_MAX);
	if (run.is_traced)
		report_step(place);
}

/* When nobody else can go on, the clock does. */
static unsigned choose(unsigned options, int current)
{
	if (options == 0)
		found("deadlock", "every thread is blocked");
	if (options >> OPTION_TIMEOUT << OPTION_TIMEOUT == options)
		return OPTION_TIMEOUT + first_timed(options >> OPTION_TIMEOUT);
	if (run.is_searched)
		return search_choose(options, current);
	return current >= 0 ? (unsigned)current : (unsigned)__builtin_ctz(options);
}

/* Who takes the next step? `current` is -1 if the one that runs cannot. */
static void go_on(int current)
{
	for (;; run.n_decisions++) {
		unsigned options = ready() | timed() << OPTION_TIMEOUT, chosen;

		if (run.is_tso)
			options |= tso_waiting() << OPTION_FLUSH;
		chosen = choose(options, current);
		if (chosen >= OPTION_TIMEOUT)
			time_out(&run.threads[chosen -= OPTION_TIMEOUT]);
		if (chosen < OPTION_FLUSH) {
			switch_to(&run.threads[chosen]);
			return;
		}
		count_step((struct place){ .what = "flush" });
		tso_flush(chosen - OPTION_FLUSH);
	}
}

/*
 * What no other thread ever touches is nothing to wait for others at; a replay has not learned what
 * is.
 */
void point(struct place place)
{
	unsigned me = run.current->id;

	if (!run.is_parallel)
		return;
	run.n_decisions++;
	run.yielded &= 1u << me;
	if (!place.addr || race_is_shared(place.addr, place.is_write) || run.is_traced)
		go_on((int)me);
	count_step(place);
}

bool block(const void *thing, const char *why, uint64_t deadline_ns)
{
	struct thread *me = run.current;

	me->status = STATUS_BLOCKED;
	me->waits_for = thing;
	me->waits_why = why;
	me->deadline_ns = deadline_ns;
	me->has_timed_out = false;
	run.yielded = 0;
	if (run.is_tso)
		tso_drain(me);
	if (me->id > 0)
		count_step((struct place){ .what = why, .addr = thing, .is_sleep = true });
	run.n_decisions++;
	go_on(-1);
	me->waits_for = NULL;
	return !me->has_timed_out;
}

unsigned wake(const void *thing, unsigned n)
{
	unsigned woken = 0;

	for (unsigned i = 0; i < run.n_threads && woken < n; i++) {
		struct thread *t = &run.threads[i];

		if (t->status == STATUS_BLOCKED && t->waits_for == thing) {
			t->status = STATUS_READY;
			woken++;
		}
	}
	return woken;
}

void yield(void)
{
	if (!run.is_parallel)
		return;
	run.yielded |= 1u << run.current->id;
	count_step((struct place){ .what = "yield" });
	run.n_decisions++;
	go_on(-1);
	run.yielded &= ~(1u << run.current->id);
}

/* --- Threads --- */

static void finish(void)
{
	struct thread *me = run.current;

	if (run.is_tso)
		tso_drain(me);
	me->status = STATUS_DONE;
	run.yielded = 0;
	run.is_parallel = --run.n_alive > 1;
	wake(me, THREADS_MAX);
	run.n_decisions++;
	go_on(-1);
	abort();
}

static void begin(void)
{
	run.current->result = run.current->body(run.current->arg);
	finish();
}

/* A stack as threads__switch leaves it, with begin() as the place to return to. */
static void *new_stack(unsigned id)
{
	void **sp = (void **)(memory_stack(id) + EXPLORE_STACK_LEN) - 2;

#if defined __x86_64__
	*--sp = NULL; /* as if begin() had been called, which an aligned stack needs */
	*--sp = (void *)begin;
	sp -= SAVED_WORDS;
	memset(sp, 0, SAVED_WORDS * sizeof *sp);
#else
	sp -= SAVED_WORDS;
	memset(sp, 0, SAVED_WORDS * sizeof *sp);
	sp[1] = (void *)begin;
#endif
	return sp;
}

struct thread *thread_new(void *(*body)(void *), void *arg, uintptr_t name)
{
	struct thread *t, *me = run.current;

	if (run.n_threads == THREADS_MAX)
		found("explorer", "more than %d threads", EXPLORE_THREADS_MAX);
	t = &run.threads[run.n_threads];
	memset(t, 0, offsetof(struct thread, tls));
	t->id = run.n_threads++;
	t->status = STATUS_READY;
	t->body = body;
	t->arg = arg;
	t->name = name;
	t->sp = new_stack(t->id);
	t->sleeper = (struct sleeper){ 0 };
	memcpy(t->tls, tls.initial, tls.len);
	if (me) {
		t->clock = me->clock;
		me->clock.at[me->id]++;
	}
	t->clock.at[t->id] = 1;
	run.is_parallel = ++run.n_alive > 1;
	return t;
}

void thread_join(struct thread *t)
{
	point((struct place){ .what = "join" });
	while (t->status != STATUS_DONE)
		block(t, "join", UINT64_MAX);
	vclock_join(&run.current->clock, &t->clock);
}

/* Frame pointers: everything here is compiled with them. */
unsigned thread_backtrace(const struct thread *t, uintptr_t *pcs, unsigned max)
{
	uintptr_t low = (uintptr_t)memory_stack(t->id), frame, n = 0;

	if (t == run.current)
		frame = (uintptr_t)__builtin_frame_address(0);
	else
		frame = ((uintptr_t *)t->sp)[SAVED_FRAME];
	while (n < max && frame - low < EXPLORE_STACK_LEN - 32 && frame % sizeof frame == 0) {
		const uintptr_t *words = (const uintptr_t *)frame;

		if (words[1] == 0 || words[0] <= frame)
			break;
		pcs[n++] = words[1];
		frame = words[0];
	}
	return (unsigned)n;
}

/* --- One run --- */

static void *run_body(void *arg)
{
	(*(void (**)(void))arg)();
	return NULL;
}

/*
 * Threads that setup has started come to rest, so that where they stand does not depend on the
 * schedule.
 */
static void settle(void)
{
	do {
		run.yielded |= 1;
		run.n_decisions++;
		go_on(-1);
	} while (ready() & ~1u);
	run.yielded = 0;
}

static void run_threads(void)
{
	struct thread *threads[EXPLORE_THREADS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < EXPLORE_THREADS_MAX && scenario->thread[i]; i++)
		threads[n++] = thread_new(run_body, (void *)&scenario->thread[i],
					  (uintptr_t)scenario->thread[i]);
	run.is_searched = true;
	for (unsigned i = 0; i < n; i++)
		while (threads[i]->status != STATUS_DONE)
			block(threads[i], "the end of the threads", UINT64_MAX);
	run.is_searched = false;
	for (unsigned i = 0; i < n; i++)
		vclock_join(&run.current->clock, &threads[i]->clock);
}

static void *run_scenario(void *arg)
{
	(void)arg;
	if (scenario->setup)
		scenario->setup();
	if (run.is_parallel)
		settle();
	run_threads();
	if (scenario->check)
		scenario->check();
	memory_check_leaks();
	kernel_check_leaks();
	waker_check_leaks();
	threads_leave(true);
}

bool threads_run(const struct scenario *s)
{
	scenario = s;
	run.generation++;
	run.n_steps = run.n_decisions = run.n_threads = run.n_alive = run.yielded = 0;
	run.now_ns = 0;
	run.current = NULL;
	run.is_searched = run.is_parallel = false;
	run.is_tso = s->is_tso;
	memory_reset();
	race_reset();
	kernel_reset();
	tso_reset();
	waker_reset();
	run.current = thread_new(run_scenario, NULL, 0);
	memcpy(tls.at, tls.initial, tls.len);
	threads__switch(&engine_sp, run.current->sp);
	memcpy(tls.at, tls.initial, tls.len);
	return was_good;
}
