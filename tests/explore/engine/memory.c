/* memory: arenas, stacks and the state of each granule. See memory.h. */
#define _GNU_SOURCE 1 /* MAP_FIXED_NOREPLACE */
#include "explore/engine/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explore/engine/engine.h"
#include "explore/engine/race.h"
#include "explore/engine/report.h"

/* The same address in every process, so that a schedule found in one can be played in another. */
#define REGION ((uintptr_t)0x100000000000)

enum {
	ARENAS_LEN = THREADS_MAX * MEMORY_ARENA_LEN,
	STACK_STEP = EXPLORE_STACK_LEN + 4096, /* and a page that must not be touched */
	REGION_LEN = ARENAS_LEN + THREADS_MAX * STACK_STEP,
	BLOCKS_MAX = 4096,
	HEAD_LEN = 16,
	TRACE_LEN = 6,
};

/* A granule's state: so many of its bytes are live; or one of these. */
enum { NEVER = 0, ALL = 8, DEAD = 0xff };

struct block {
	uintptr_t at;
	size_t len;
	bool is_live;
	uintptr_t allocated[TRACE_LEN], freed[TRACE_LEN];
};

static struct {
	uint8_t *states; /* of the arenas */
	size_t used[THREADS_MAX];
	struct block blocks[BLOCKS_MAX];
	unsigned n_blocks;
} heap;

/* The program's variables, as the linker knows them. */
extern char __data_start[], _end[];
static uintptr_t globals;
static size_t globals_len;

static void *map(uintptr_t at, size_t len)
{
	void *p = mmap((void *)at, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0),
		       -1, 0);

	if (p == MAP_FAILED || (at && p != (void *)at)) {
		perror("explore: mmap");
		exit(2);
	}
	return p;
}

void memory_init(void)
{
	map(REGION, REGION_LEN);
	heap.states = map(0, ARENAS_LEN / MEMORY_GRANULE);
	for (unsigned i = 0; i < THREADS_MAX; i++)
		mprotect(memory_stack(i) - 4096, 4096, PROT_NONE);
	globals = (uintptr_t)__data_start & -(uintptr_t)MEMORY_GRANULE;
	globals_len = (uintptr_t)_end - globals;
}

void memory_reset(void)
{
	for (unsigned i = 0; i < THREADS_MAX; i++) {
		memset(heap.states + (size_t)i * MEMORY_ARENA_LEN / MEMORY_GRANULE, NEVER,
		       (heap.used[i] + MEMORY_GRANULE - 1) / MEMORY_GRANULE);
		heap.used[i] = 0;
	}
	heap.n_blocks = 0;
}

char *memory_stack(unsigned thread)
{
	return (char *)REGION + ARENAS_LEN + (size_t)thread * STACK_STEP + 4096;
}

uint32_t memory_granule(uintptr_t addr)
{
	if (addr - REGION < REGION_LEN)
		return (uint32_t)((addr - REGION) / MEMORY_GRANULE);
	if (addr - globals < globals_len)
		return (uint32_t)((REGION_LEN + (addr - globals)) / MEMORY_GRANULE);
	return MEMORY_UNKNOWN;
}

uint32_t memory_n_granules(void)
{
	return (uint32_t)((REGION_LEN + globals_len) / MEMORY_GRANULE + 1);
}

/* --- Blocks --- */

static void set_states(uintptr_t at, size_t len, uint8_t state)
{
	uint8_t *states = heap.states + (at - REGION) / MEMORY_GRANULE;

	memset(states, state, len / MEMORY_GRANULE);
	if (len % MEMORY_GRANULE)
		states[len / MEMORY_GRANULE] =
			state == ALL ? (uint8_t)(len % MEMORY_GRANULE) : state;
}

static void remember(uintptr_t *pcs)
{
	unsigned n = thread_backtrace(run.current, pcs, TRACE_LEN);

	memset(pcs + n, 0, (TRACE_LEN - n) * sizeof *pcs);
}

/* In front of each block lies its number, in bytes that nobody may touch. */
void *memory_alloc(size_t len, size_t align)
{
	unsigned me = run.current->id;
	uintptr_t arena = REGION + (uintptr_t)me * MEMORY_ARENA_LEN, at;
	struct block *b;

	if (align < 16)
		align = 16;
	at = (arena + heap.used[me] + HEAD_LEN + align - 1) & -align;
	if (len > MEMORY_ARENA_LEN || at + len + HEAD_LEN > arena + MEMORY_ARENA_LEN)
		return NULL;
	if (heap.n_blocks == BLOCKS_MAX)
		found("explorer", "more than %d blocks in one run", BLOCKS_MAX);
	heap.used[me] = at + len - arena;
	b = &heap.blocks[heap.n_blocks++];
	b->at = at;
	b->len = len;
	b->is_live = true;
	remember(b->allocated);
	*(uint64_t *)(at - HEAD_LEN) = heap.n_blocks;
	memset((void *)at, 0xa5, len);
	set_states(at, len, ALL);
	return (void *)at;
}

static struct block *block_at(const void *p)
{
	uintptr_t at = (uintptr_t)p;
	uint64_t i = at - REGION - HEAD_LEN < ARENAS_LEN ? *(uint64_t *)(at - HEAD_LEN) : 0;

	if (i == 0 || i > heap.n_blocks || heap.blocks[i - 1].at != at)
		found("use after free", "%p is given back, but is no block", p);
	return &heap.blocks[i - 1];
}

/* Freeing counts as writing all of it: whoever else touches it must come before. */
void memory_free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = block_at(p);
	if (!b->is_live)
		found("use after free", "%s is freed twice", memory_name(b->at));
	race_free(b->at, b->len);
	b->is_live = false;
	remember(b->freed);
	set_states(b->at, b->len, DEAD);
}

size_t memory_len(const void *p)
{
	return block_at(p)->len;
}

void memory_poison(const void *p, size_t len, bool is_dead)
{
	uintptr_t at = (uintptr_t)p;

	if (at - REGION >= ARENAS_LEN)
		return;
	if (is_dead)
		race_free(at, len);
	set_states(at, len, is_dead ? DEAD : ALL);
}

void memory_check_leaks(void)
{
	for (unsigned i = 0; i < heap.n_blocks; i++)
		if (heap.blocks[i].is_live)
			found("leak", "%s is still there", memory_name(heap.blocks[i].at));
}

/* --- Checks --- */

static void bad_access(uintptr_t addr)
{
	unsigned i = memory_block_of(addr);

	if (addr < 4096)
		found("crash", "access to NULL + %zu", (size_t)addr);
	if (i && heap.blocks[i - 1].is_live &&
	    addr < heap.blocks[i - 1].at + heap.blocks[i - 1].len)
		found("use after free", "access to a dead part of %s", memory_name(addr));
	if (i && !heap.blocks[i - 1].is_live)
		found("use after free", "access to %s, which is freed", memory_name(addr));
	found("use after free", "access to what was never allocated, behind %s", memory_name(addr));
}

/* Eight granules at once: what is copied may be large. */
static bool is_all_live(const uint8_t *states)
{
	uint64_t eight;

	memcpy(&eight, states, sizeof eight);
	return eight == ALL * UINT64_C(0x0101010101010101);
}

void memory_check(uintptr_t addr, size_t len)
{
	const uint8_t *state;
	size_t end = addr % MEMORY_GRANULE + len;

	if (addr - REGION >= ARENAS_LEN) {
		if (addr < 4096)
			bad_access(addr);
		return;
	}
	state = heap.states + (addr - REGION) / MEMORY_GRANULE;
	for (; end > 8 * MEMORY_GRANULE && is_all_live(state); state += 8)
		end -= 8 * MEMORY_GRANULE;
	for (; end > MEMORY_GRANULE; end -= MEMORY_GRANULE, state++)
		if (*state != ALL)
			bad_access(addr);
	if (end > *state || *state == DEAD)
		bad_access(addr);
}

/* --- Names --- */

/* The last block that begins at or before it, in the same arena. */
unsigned memory_block_of(uintptr_t addr)
{
	unsigned best = 0;

	if (addr - REGION >= ARENAS_LEN)
		return 0;
	for (unsigned i = 0; i < heap.n_blocks; i++)
		if (heap.blocks[i].at <= addr && addr - heap.blocks[i].at < MEMORY_ARENA_LEN &&
		    (!best || heap.blocks[best - 1].at < heap.blocks[i].at))
			best = i + 1;
	return best;
}

static void name_global(char *name, size_t len, uintptr_t addr)
{
	size_t offset;
	const char *variable = report_variable(addr, &offset);

	if (!variable)
		snprintf(name, len, "static 0x%zx", (size_t)addr);
	else if (offset == 0)
		snprintf(name, len, "%s", variable);
	else
		snprintf(name, len, "%s+%zu", variable, offset);
}

const char *memory_name(uintptr_t addr)
{
	static char names[4][64];
	static unsigned next;
	char *name = names[next++ % 4];
	unsigned i = memory_block_of(addr);

	if (i)
		snprintf(name, sizeof names[0], "block %u+%zu (%zu bytes)", i,
			 (size_t)(addr - heap.blocks[i - 1].at), heap.blocks[i - 1].len);
	else if (addr - REGION - ARENAS_LEN < REGION_LEN - ARENAS_LEN)
		snprintf(name, sizeof names[0], "stack of %s -%zu",
			 report_thread((unsigned)((addr - REGION - ARENAS_LEN) / STACK_STEP)),
			 STACK_STEP - (size_t)((addr - REGION - ARENAS_LEN) % STACK_STEP));
	else if (addr - globals < globals_len)
		name_global(name, sizeof names[0], addr);
	else
		snprintf(name, sizeof names[0], "0x%zx", (size_t)addr);
	return name;
}

static unsigned copy_pcs(const uintptr_t *from, uintptr_t *pcs)
{
	unsigned n = 0;

	while (n < TRACE_LEN && from[n])
		pcs[n] = from[n], n++;
	return n;
}

unsigned memory_allocated_at(unsigned i, uintptr_t *pcs)
{
	return copy_pcs(heap.blocks[i - 1].allocated, pcs);
}

unsigned memory_freed_at(unsigned i, uintptr_t *pcs)
{
	return heap.blocks[i - 1].is_live ? 0 : copy_pcs(heap.blocks[i - 1].freed, pcs);
}
