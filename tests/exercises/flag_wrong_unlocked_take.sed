# expect: it touches `waker` of the flag, and does not hold the lock.
/^static void flag_wait_drop/,/^}/{
/pthread_mutex_/d
}
