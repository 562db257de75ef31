# expect: it touches `is_set` of the flag, and does not hold the lock.
# expect: 9 of 10 hold.
/^static enum poll flag_wait_poll/,/^}/{
s/^	pthread_mutex_lock/	if (flag->is_set) {\
		waker_drop(\&waker);\
		return POLL_READY;\
	}\
&/
}
