/* mem: the door, open on malloc, and for the largest things on mmap. See mem.h. */
#define _GNU_SOURCE 1 /* MADV_HUGEPAGE, MAP_ANONYMOUS */
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static bool is_huge(size_t len)
{
	return len > 0 && len % MEM_HUGE == 0;
}

/*
 * A huge page must begin at a multiple of its size, which mmap does not promise: so one page more
 * is mapped, and what stands out on either side is given back. The advice may be refused; that
 * only costs speed.
 */
static void *map_huge(size_t len)
{
	char *p = mmap(NULL, len + MEM_HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)p % MEM_HUGE;
	if (before > 0)
		munmap(p, before);
	munmap(p + before + len, MEM_HUGE - before);
	madvise(p + before, len, MADV_HUGEPAGE);
	return p + before;
}

static void *heap_alloc(size_t len)
{
	return is_huge(len) ? map_huge(len) : malloc(len);
}

static void heap_free(void *p, size_t len)
{
	if (is_huge(len))
		munmap(p, len);
	else
		free(p);
}

static const struct mem_ops heap = { .alloc = heap_alloc, .free = heap_free };

const struct mem_ops *mem_ops = &heap;
