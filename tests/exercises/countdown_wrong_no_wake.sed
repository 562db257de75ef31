# expect: wrong with PENDING it arranges a wake poll 1 said PENDING, and nobody has called the waker.
# expect: block_on_park says -EDEADLK
# expect: make hint E=countdown N=2
/waker_wake_by_ref/s/.*/	(void)cx;/
