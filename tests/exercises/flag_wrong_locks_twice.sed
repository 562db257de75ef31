# expect: it locks a mutex that it has locked already
s/^	is_set = flag->is_set;/	pthread_mutex_lock(\&flag->lock);\n&/
