# expect: wrong no wake is lost, at whatever moment the flag is set while it is polled, another thread sets the flag
s/^	struct waker waker = waker_clone(cx->waker);/	struct waker waker = { 0 };/
s/^	if (!is_set) {/	pthread_mutex_unlock(\&flag->lock);\n	waker = waker_clone(cx->waker);\n	pthread_mutex_lock(\&flag->lock);\n&/
