/* expect: incompatible pointer type */
#include "sync/mpsc.h"
#include "sync/watch.h"

#pragma GCC diagnostic error "-Wincompatible-pointer-types"

size_t count(const struct watch_sender *tx);

size_t count(const struct watch_sender *tx)
{
	return mpsc_n_senders(tx);
}
