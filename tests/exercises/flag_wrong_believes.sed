# expect: the flag is not set, and a poll says READY.
s/is_set = flag->is_set;/is_set = flag->is_set || waker_is_some(\&flag->waker);/
