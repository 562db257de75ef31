/*
 * mem: the one door to the heap.
 *
 * Everything that the runtime allocates comes through here, so that a test can fail the n-th
 * allocation, for all n, and count that every byte came back. mem_ops may be replaced while nothing
 * is allocated; the table must outlive everything that is.
 */
#ifndef WEFT_BASE_MEM_H
#define WEFT_BASE_MEM_H

#include <stddef.h>

/* See mem_alloc. */
enum { MEM_HUGE = 2 << 20 };

struct mem_ops {
	void *(*alloc)(size_t len); /* aligned like malloc's; NULL: no memory */
	void (*free)(void *p, size_t len);
};

/* malloc and free, unless replaced. */
extern const struct mem_ops *mem_ops;

/*
 * `len` bytes, not zeroed, owned by the caller; NULL when there is no memory. Multiples of
 * MEM_HUGE lie in huge pages where the kernel has them: for what is large, and walked through in
 * no order.
 */
static inline void *mem_alloc(size_t len)
{
	return mem_ops->alloc(len);
}

/* Gives back what mem_alloc(len) returned; `len` must be the same. NULL is allowed. */
static inline void mem_free(void *p, size_t len)
{
	if (p)
		mem_ops->free(p, len);
}

/* n items of `len` bytes each; NULL when there is no memory, or no such size. Free with n * len. */
static inline void *mem_alloc_array(size_t n, size_t len)
{
	size_t total;

	return __builtin_mul_overflow(n, len, &total) ? NULL : mem_alloc(total);
}

#endif
