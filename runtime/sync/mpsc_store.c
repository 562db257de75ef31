/*
 * mpsc_store: the blocks that a channel keeps its items in. See mpsc_chan.h for the picture.
 *
 * The one idea: both cursors move on lazily, when there is something to put or get. So when the
 * queue is empty they stand at the same place, and an unbounded channel that is emptied now and
 * then starts over in the block it has instead of asking for another.
 */
#include "sync/mpsc_chan.h"

#include "base/mem.h"

/* NULL: no memory. Not under the lock. */
struct mpsc_block *mpsc__block_new(const struct mpsc *ch)
{
	size_t n = ch->max ? ch->max : MPSC_BLOCK_ITEMS, len;
	struct mpsc_block *block;

	if (ch->max && n < MPSC_RING_LEN_MIN / ch->len)
		n = MPSC_RING_LEN_MIN / ch->len;
	if (__builtin_mul_overflow(n, (size_t)ch->len, &len) ||
	    __builtin_add_overflow(len, sizeof *block, &len))
		return NULL;
	block = mem_alloc(len);
	if (block) {
		block->next = NULL;
		block->len = len;
	}
	return block;
}

/* Frees a chain; the ring's only block counts as one. Not under the lock. */
void mpsc__blocks_free(struct mpsc_block *first)
{
	while (first) {
		struct mpsc_block *next = first->next == first ? NULL : first->next;

		mem_free(first, first->len);
		first = next;
	}
}

/* With `put` at the end of its block: moves it to where there is room. False: to no spare block. */
bool mpsc__put_next_block(struct mpsc *ch)
{
	struct mpsc_block *next = ch->put.block->next;

	if (!next && ch->n_queued == 0) {
		mpsc__cursor_to(&ch->get, ch->put.block);
		next = ch->put.block;
	} else if (!next) {
		next = ch->spare;
		if (!next)
			return false;
		ch->spare = next->next;
		ch->n_spare--;
		next->next = NULL;
		ch->put.block->next = next;
	}
	mpsc__cursor_to(&ch->put, next);
	return true;
}

/* With `get` at the end of its block, and items behind that: moves it there. */
void mpsc__get_next_block(struct mpsc *ch, struct mpsc_block **dead)
{
	struct mpsc_block *left = ch->get.block, *next = left->next;

	bug_unless(ch->n_queued > 0 && next);
	mpsc__cursor_to(&ch->get, next);
	if (next == left)
		return;
	if (ch->n_spare < MPSC_SPARE_MAX) {
		left->next = ch->spare;
		ch->spare = left;
		ch->n_spare++;
	} else {
		left->next = *dead;
		*dead = left;
	}
}
