# expect: memory was allocated (line
# expect: and nobody has freed it: 16 bytes
s/^	waker_wake_by_ref/	if (c->n_polls == 4) ((char *volatile)__builtin_malloc(16))[0] = 0;\n&/
