/*
 * memory: the heap, the stacks, and what every byte of them is.
 *
 * The one idea: each thread has an arena of its own, and what is freed is not used again in the
 * same run. So a block lies at the same address in (nearly) all schedules, and whoever touches it
 * after its end is found, even if nothing else has been allocated since.
 *
 * A block knows its state by granules of eight bytes: never allocated, live, or dead.
 */
#ifndef WEFT_TESTS_EXPLORE_MEMORY_H
#define WEFT_TESTS_EXPLORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MEMORY_ARENA_LEN = 4 << 20, /* for each thread, in one run */
	MEMORY_GRANULE = 8,
};

void memory_init(void);
void memory_reset(void);

/* The low end of EXPLORE_STACK_LEN bytes. */
char *memory_stack(unsigned thread);

/* Filled with a pattern, so that every run reads the same there. NULL: the arena is full. */
void *memory_alloc(size_t len, size_t align);
void memory_free(void *p);
size_t memory_len(const void *p); /* as it was asked for */

/* Makes part of a block dead, or live again: for allocators above this one. */
void memory_poison(const void *p, size_t len, bool is_dead);

void memory_check_leaks(void);

/* Ends the run unless the bytes may be touched. */
void memory_check(uintptr_t addr, size_t len);

/* "block 3 + 16, 96 bytes", "stack of B", "static". Overwritten by the fourth call from now. */
const char *memory_name(uintptr_t addr);

/* Of block `i`, from 1 on: where it came from, and where it went. Returns how many addresses. */
unsigned memory_allocated_at(unsigned i, uintptr_t *pcs);
unsigned memory_freed_at(unsigned i, uintptr_t *pcs);
unsigned memory_block_of(uintptr_t addr); /* 0: none */

/*
 * The granule that an address lies in, counted from 0; or MEMORY_UNKNOWN for what nobody under test
 * shares: thread-local variables, constants, libc's own data.
 */
#define MEMORY_UNKNOWN UINT32_MAX
uint32_t memory_granule(uintptr_t addr);
uint32_t memory_n_granules(void);

#endif
