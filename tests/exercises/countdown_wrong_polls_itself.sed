# expect: poll 1 of countdown polls itself
s/waker_wake_by_ref(cx->waker)/return future_poll(future, cx)/
