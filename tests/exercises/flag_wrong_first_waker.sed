# expect: the last waker is not called, but the first one.
s/if (!is_set)/if (!is_set \&\& !waker_is_some(\&flag->waker))/
