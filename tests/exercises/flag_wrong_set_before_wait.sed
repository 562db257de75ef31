# expect: the flag was set before the first poll, and a poll says PENDING
s/^	flag->is_set = true;/	flag->is_set = waker_is_some(\&flag->waker);/
