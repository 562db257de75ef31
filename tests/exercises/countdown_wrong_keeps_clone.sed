# expect: there are 2 clones of the waker that nobody gave up
s/waker_wake_by_ref(cx->waker)/waker_clone(cx->waker);waker_wake_by_ref(cx->waker)/
