/* The counts of a channel, asked of each kind of handle. */
#include "weft.h"

size_t counts(const struct mpsc_sender *tx, const struct mpsc_weak_sender **weak,
	      const struct mpsc_receiver *rx);

size_t counts(const struct mpsc_sender *tx, const struct mpsc_weak_sender **weak,
	      const struct mpsc_receiver *rx)
{
	return mpsc_n_senders(tx) + mpsc_n_senders(*weak++) + mpsc_n_weak_senders(rx);
}
