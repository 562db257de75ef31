# expect: a waker is called while the lock is held.
s/^	waker = waker_take(&flag->waker);/	if (flag->is_set)\n		waker_wake(\&flag->waker);\n&/
