# expect: wrong no wake is lost, at whatever moment the flag is set while it is polled, another thread sets the flag
# expect: make hint E=flag N=3
s/^	if (!is_set) {/	pthread_mutex_unlock(\&flag->lock);\n	pthread_mutex_lock(\&flag->lock);\n&/
