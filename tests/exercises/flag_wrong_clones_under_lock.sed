# expect: a waker is cloned while the lock is held.
s/^	struct waker waker = waker_clone(cx->waker);/	struct waker waker = { 0 };/
s/^	if (!is_set) {/	waker = waker_clone(cx->waker);\n&/
