/*
 * race: marks and clocks. See race.h.
 *
 * A granule is eight bytes, and its marks say which of them they are for. A mark is dropped when
 * another one says more: so mostly there is one for each thread that reads, or one for the last
 * that wrote.
 *
 * Most memory is touched by one thread only, in all runs: there it leaves no marks. When a second
 * thread comes, this run is to be repeated, with marks; the runs before need not be, since there
 * was none.
 */
#define _GNU_SOURCE 1 /* MAP_ANONYMOUS */
#include "explore/engine/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explore/engine/engine.h"
#include "explore/engine/memory.h"
#include "explore/engine/report.h"
#include "explore/engine/search.h"

enum { READS = 0, WRITES = 1, ATOMIC = 2 };

struct mark {
	uint32_t clock; /* the thread's own count */
	uint32_t pc;    /* the program lies below 4 GiB: it is linked with -no-pie */
	uint32_t step;
	uint8_t thread, kind, bytes;
};

enum { MARKS_HERE = 3, MARKS_MORE = 13, MORE_MAX = 1 << 16, SYNCS_MAX = 1 << 14 };

struct granule {
	uint32_t generation; /* of what follows; older: there is nothing */
	uint32_t sync;       /* the first of its atomic variables, from 1 on */
	uint32_t more;       /* where its further marks are, from 1 on */
	uint8_t n_marks;
	uint8_t touched_by;          /* threads, in any run */
	uint8_t seen_by, written_by; /* of these, who used it as an atomic variable */
	struct mark marks[MARKS_HERE];
};

struct more {
	struct mark marks[MARKS_MORE];
};

/*
 * A value that an atomic variable has had. `seen_at`: how far each thread was when it first read it
 * or wrote it, 0: it has not. The oldest one that is kept counts as seen by all.
 */
struct version {
	uint64_t value;
	uint32_t seen_at[THREADS_MAX];
	struct vclock released;
	bool is_seq_cst;
};

enum { VERSIONS_MAX = 6 };

/* An atomic variable that was written while there were threads. */
struct sync {
	const volatile void *addr;
	uint32_t next;
	uint32_t n;
	struct version versions[VERSIONS_MAX]; /* the newest is the last */
};

/* What was seen by whoever made a seq_cst fence. */
static struct vclock fenced;

static struct granule *granules;
static uint8_t *pages; /* who touched one of 64 granules, in any run */
static struct more *mores;
static struct sync *syncs;
static uint32_t n_mores, n_syncs;
static bool has_grown, must_repeat;

enum { PAGE_GRANULES = 64 };

static void *map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("explore: mmap");
		exit(2);
	}
	return p;
}

void race_init(void)
{
	granules = map(memory_n_granules() * sizeof *granules);
	pages = map(memory_n_granules() / PAGE_GRANULES + 1);
	mores = map(MORE_MAX * sizeof *mores);
	syncs = map(SYNCS_MAX * sizeof *syncs);
}

void race_reset(void)
{
	n_mores = n_syncs = 0;
	must_repeat = false;
	fenced = (struct vclock){ 0 };
}

/* --- What is shared --- */

bool race_is_shared(const volatile void *addr, bool is_write)
{
	uint32_t i = memory_granule((uintptr_t)addr);
	uint8_t me = (uint8_t)(1u << run.current->id);
	struct granule *g;
	bool before, after;

	if (i == MEMORY_UNKNOWN)
		return false;
	g = &granules[i];
	before = g->written_by && (g->seen_by & (g->seen_by - 1));
	g->seen_by |= me;
	if (is_write)
		g->written_by |= me;
	after = g->written_by && (g->seen_by & (g->seen_by - 1));
	if (after && !before)
		has_grown = true;
	return after;
}

bool race_was_shared(const volatile void *addr)
{
	uint32_t i = memory_granule((uintptr_t)addr);
	uint8_t by = i == MEMORY_UNKNOWN ? 0 : granules[i].seen_by;

	return (by & (by - 1)) && granules[i].written_by;
}

bool race_has_grown(void)
{
	return has_grown;
}

void race_forget_grown(void)
{
	has_grown = false;
}

void race_forget_shared(void)
{
	madvise(granules, memory_n_granules() * sizeof *granules, MADV_DONTNEED);
	madvise(pages, memory_n_granules() / PAGE_GRANULES + 1, MADV_DONTNEED);
	has_grown = false;
}

/* --- Marks --- */

static struct mark *mark_at(struct granule *g, unsigned i)
{
	return i < MARKS_HERE ? &g->marks[i] : &mores[g->more - 1].marks[i - MARKS_HERE];
}

static void drop_mark(struct granule *g, unsigned i)
{
	g->n_marks--;
	*mark_at(g, i) = *mark_at(g, g->n_marks);
}

static void add_mark(struct granule *g, const struct mark *m)
{
	if (g->n_marks == MARKS_HERE + MARKS_MORE)
		found("explorer", "too many marks on one granule");
	if (g->n_marks == MARKS_HERE && !g->more) {
		if (n_mores == MORE_MAX)
			found("explorer", "too many marks");
		g->more = ++n_mores;
	}
	g->n_marks++;
	*mark_at(g, g->n_marks - 1u) = *m;
}

static struct granule *fresh(uint32_t i)
{
	struct granule *g = &granules[i];

	if (g->generation != run.generation) {
		g->generation = run.generation;
		g->sync = g->more = 0;
		g->n_marks = 0;
	}
	return g;
}

static bool conflict(unsigned a, unsigned b)
{
	return ((a | b) & WRITES) && !(a & b & ATOMIC);
}

static void report_race(const struct mark *old, const struct mark *new, uintptr_t addr)
{
	static const char *const words[] = { "read", "write", "atomic read", "atomic write" };

	if (run.ignores_races)
		return;
	report_other(old->thread, old->step, words[old->kind], old->pc);
	found("data race", "%s of %s, not ordered after the %s below", words[new->kind],
	      memory_name(addr & -(uintptr_t)MEMORY_GRANULE), words[old->kind]);
}

/*
 * Does `new` say all that `old` says, so that whoever races with old also races with new? Old comes
 * before new here. A plain mark says more than an atomic one, a write more than a read.
 */
static bool covers(const struct mark *new, const struct mark *old)
{
	return (new->kind &WRITES) >= (old->kind & WRITES) &&
	       (new->kind &ATOMIC) <= (old->kind & ATOMIC);
}

static void touch(struct granule *g, const struct mark *new, uintptr_t addr)
{
	const struct vclock *seen = &run.current->clock;

	for (unsigned i = 0; i < g->n_marks;) {
		struct mark *old = mark_at(g, i);

		if (!(old->bytes & new->bytes)) {
			i++;
			continue;
		}
		if (old->thread == new->thread) {
			if (old->clock == new->clock && covers(old, new) &&
			    !(new->bytes & ~old->bytes))
				return;
		} else if (old->clock > seen->at[old->thread]) {
			if (conflict(old->kind, new->kind))
				report_race(old, new, addr);
			i++;
			continue;
		}
		if (covers(new, old))
			old->bytes &= (uint8_t)~new->bytes;
		if (old->bytes)
			i++;
		else
			drop_mark(g, i);
	}
	add_mark(g, new);
}

/* True if marks are needed: it is not ours alone. */
static bool is_touched_by_others(uint32_t i)
{
	struct granule *g = &granules[i];
	uint8_t me = (uint8_t)(1u << run.current->id);

	if (__builtin_expect(g->touched_by == me, 1))
		return false;
	if (!(g->touched_by & me)) {
		g->touched_by |= me;
		pages[i / PAGE_GRANULES] |= me;
		must_repeat |= g->touched_by != me;
	}
	return g->touched_by != me;
}

bool race_must_repeat(void)
{
	return must_repeat;
}

void race_access(uintptr_t addr, size_t len, bool is_write, bool is_atomic, uintptr_t pc)
{
	uint32_t i;
	struct mark m;

	if (!run.is_parallel)
		return;
	i = memory_granule(addr);
	if (i == MEMORY_UNKNOWN)
		return;
	m = (struct mark){ .clock = run.current->clock.at[run.current->id],
			   .pc = (uint32_t)pc,
			   .step = run.n_steps,
			   .thread = (uint8_t)run.current->id,
			   .kind = (uint8_t)((is_write ? WRITES : READS) |
					     (is_atomic ? ATOMIC : 0)) };
	for (unsigned first = addr % MEMORY_GRANULE; len > 0; first = 0, i++) {
		unsigned n = len < MEMORY_GRANULE - first ? (unsigned)len : MEMORY_GRANULE - first;

		m.bytes = (uint8_t)(((1u << n) - 1) << first);
		if (is_touched_by_others(i))
			touch(fresh(i), &m, addr);
		addr += n;
		len -= n;
	}
}

/*
 * Whoever comes later is told by memory_check what has become of it: so it does not matter where.
 */
void race_free(uintptr_t addr, size_t len)
{
	uint32_t first = memory_granule(addr), i = first;
	uint32_t end = i + (uint32_t)((len + MEMORY_GRANULE - 1) / MEMORY_GRANULE);
	uint8_t me = (uint8_t)(1u << run.current->id);

	if (!run.is_parallel)
		return;
	for (; i < end; i++) {
		if (!(pages[i / PAGE_GRANULES] & ~me))
			i |= PAGE_GRANULES - 1;
		else if (granules[i].touched_by & ~me)
			race_access(addr + (size_t)(i - first) * MEMORY_GRANULE, MEMORY_GRANULE,
				    true, false, 0);
	}
}

/* --- Clocks --- */

static bool acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
	       order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

/* NULL: it was not written yet, and `make` is false; or it is nobody's concern. */
static struct sync *sync_of(const volatile void *addr, bool make)
{
	uint32_t i = memory_granule((uintptr_t)addr);
	struct granule *g;

	if (i == MEMORY_UNKNOWN)
		return NULL;
	g = fresh(i);
	for (uint32_t s = g->sync; s; s = syncs[s - 1].next)
		if (syncs[s - 1].addr == addr)
			return &syncs[s - 1];
	if (!make)
		return NULL;
	if (n_syncs == SYNCS_MAX)
		found("explorer", "too many atomic variables");
	syncs[n_syncs].addr = addr;
	syncs[n_syncs].next = g->sync;
	syncs[n_syncs].n = 0;
	g->sync = ++n_syncs;
	return &syncs[n_syncs - 1];
}

/* --- Versions --- */

static struct version *newest_of(struct sync *s)
{
	return &s->versions[s->n - 1];
}

/* The first one: what was there before anybody wrote, or was put there by plain stores. */
static void begin_versions(struct sync *s, uint64_t value)
{
	s->n = 1;
	s->versions[0].value = value;
	s->versions[0].is_seq_cst = false;
	memset(&s->versions[0].released, 0, sizeof s->versions[0].released);
	memset(s->versions[0].seen_at, 0, sizeof s->versions[0].seen_at);
}

static void see(struct version *v)
{
	const struct thread *me = run.current;

	if (v->seen_at[me->id] == 0)
		v->seen_at[me->id] = me->clock.at[me->id];
}

static void add_version(struct sync *s, uint64_t before, uint64_t value,
			const struct vclock *released, bool is_seq_cst)
{
	struct version *v;

	if (s->n == 0 || newest_of(s)->value != before)
		begin_versions(s, before);
	if (s->n == VERSIONS_MAX) {
		memmove(s->versions, s->versions + 1, (VERSIONS_MAX - 1) * sizeof *s->versions);
		s->n--;
	}
	v = &s->versions[s->n++];
	v->value = value;
	v->released = *released;
	v->is_seq_cst = is_seq_cst;
	memset(v->seen_at, 0, sizeof v->seen_at);
	see(v);
}

/* Has the current thread seen it, or has somebody whose doings it has seen? */
static bool is_seen(const struct version *v)
{
	const struct thread *me = run.current;

	for (unsigned i = 0; i < run.n_threads; i++)
		if (v->seen_at[i] &&
		    (v->seen_at[i] <= me->clock.at[i] || v->seen_at[i] <= me->fenced.at[i]))
			return true;
	return false;
}

/* How many of the newest versions may be loaded. */
static unsigned n_loadable(const struct sync *s, bool is_seq_cst)
{
	unsigned n = 1;

	for (uint32_t i = s->n - 1; i > 0; i--, n++)
		if (is_seen(&s->versions[i]) || (is_seq_cst && s->versions[i].is_seq_cst))
			return n;
	return n;
}

uint64_t race_load(const volatile void *addr, uint64_t newest, int order)
{
	struct thread *me = run.current;
	struct sync *s = run.is_parallel ? sync_of(addr, false) : NULL;
	struct version *v;

	if (!s || s->n == 0)
		return newest;
	v = newest_of(s);
	if (v->value != newest) {
		begin_versions(s, newest);
		return newest;
	}
	if (!run.is_tso)
		v -= search_pick(n_loadable(s, order == __ATOMIC_SEQ_CST));
	see(v);
	vclock_join(acquires(order) ? &me->clock : &me->to_acquire, &v->released);
	return v->value;
}

void race_take_release(int order, struct vclock *released)
{
	struct thread *me = run.current;

	*released = releases(order) ? me->clock : me->released;
	if (releases(order))
		me->clock.at[me->id]++;
}

void race_leave_release(const volatile void *addr, uint64_t before, uint64_t value,
			const struct vclock *released)
{
	struct sync *s = sync_of(addr, true);

	if (s)
		add_version(s, before, value, released, false);
}

void race_store(const volatile void *addr, uint64_t before, uint64_t value, int order)
{
	struct vclock released;
	struct sync *s = run.is_parallel ? sync_of(addr, true) : NULL;

	if (!s)
		return;
	race_take_release(order, &released);
	add_version(s, before, value, &released, order == __ATOMIC_SEQ_CST);
}

/*
 * Reads the newest. What was released before through the same variable is passed on, whatever the
 * order.
 */
void race_exchange(const volatile void *addr, uint64_t before, uint64_t value, int order)
{
	struct thread *me = run.current;
	struct vclock released, passed_on = { 0 };
	struct sync *s = run.is_parallel ? sync_of(addr, true) : NULL;

	if (!s)
		return;
	if (s->n > 0 && newest_of(s)->value == before) {
		passed_on = newest_of(s)->released;
		vclock_join(acquires(order) ? &me->clock : &me->to_acquire, &passed_on);
	}
	race_take_release(order, &released);
	vclock_join(&released, &passed_on);
	add_version(s, before, value, &released, order == __ATOMIC_SEQ_CST);
}

void race_acquire(const volatile void *addr)
{
	struct sync *s = run.is_parallel ? sync_of(addr, false) : NULL;

	if (s && s->n > 0)
		vclock_join(&run.current->clock, &newest_of(s)->released);
}

void race_release(const volatile void *addr)
{
	race_store(addr, 0, 0, __ATOMIC_RELEASE);
}

void race_fence(int order)
{
	struct thread *me = run.current;

	if (acquires(order))
		vclock_join(&me->clock, &me->to_acquire);
	if (order == __ATOMIC_SEQ_CST) {
		vclock_join(&me->fenced, &fenced);
		vclock_join(&fenced, &me->clock);
	}
	if (releases(order)) {
		me->released = me->clock;
		me->clock.at[me->id]++;
	}
}
