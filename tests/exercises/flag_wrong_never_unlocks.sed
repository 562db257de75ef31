# expect: a poll has returned, and still holds the lock.
/^static enum poll flag_wait_poll/,/^}/{
s/^	pthread_mutex_unlock(.*/	if (is_set)\
	&/
}
