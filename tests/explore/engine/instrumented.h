/* instrumented: comes before every file that the explorer plays. libc's copying is seen, too. */
#ifndef WEFT_TESTS_EXPLORE_INSTRUMENTED_H
#define WEFT_TESTS_EXPLORE_INSTRUMENTED_H

#include <string.h>

void *explore_memcpy(void *to, const void *from, size_t len);
void *explore_memmove(void *to, const void *from, size_t len);
void *explore_memset(void *to, int c, size_t len);
int explore_memcmp(const void *a, const void *b, size_t len);

#define memcpy(to, from, len) explore_memcpy((to), (from), (len))
#define memmove(to, from, len) explore_memmove((to), (from), (len))
#define memset(to, c, len) explore_memset((to), (c), (len))
#define memcmp(a, b, len) explore_memcmp((a), (b), (len))

#endif
