/* weft: everything that programs use, in one include. See README.md for the map. */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

#include "future/boxed.h"
#include "future/co.h"
#include "future/future.h"
#include "future/fuse.h"
#include "future/join.h"
#include "future/pending.h"
#include "future/poll_fn.h"
#include "future/ready.h"
#include "future/retry.h"
#include "future/select.h"
#include "future/yield_now.h"

#include "sync/barrier.h"
#include "sync/broadcast.h"
#include "sync/cancel_token.h"
#include "sync/mpsc.h"
#include "sync/mutex.h"
#include "sync/notify.h"
#include "sync/once_cell.h"
#include "sync/oneshot.h"
#include "sync/permit.h"
#include "sync/rwlock.h"
#include "sync/semaphore.h"
#include "sync/until_cancelled.h"
#include "sync/watch.h"

#include "stream/futures_ordered.h"
#include "stream/futures_unordered.h"

#include "time/delay.h"
#include "time/interval.h"
#include "time/timeout.h"

#include "task/abort_handle.h"
#include "task/join_queue.h"
#include "task/join_set.h"
#include "task/task.h"
#include "task/task_local.h"
#include "task/task_tracker.h"

#include "executor/block_on_park.h"
#include "executor/block_on_spin.h"
#include "executor/local_set.h"
#include "executor/runtime.h"

#include "io/line_reader.h"

#include "net/signals.h"
#include "net/tcp_connect.h"
#include "net/tcp_listener.h"
#include "net/tcp_read.h"
#include "net/tcp_stream.h"
#include "net/tcp_write.h"

#include "reactor/readiness.h"

#include "trace/tape.h"

#endif
