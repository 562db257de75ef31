# expect: It does not compile yet. The compiler says:
# expect: a local variable does not outlive a co_await. Make it a field
s/^	while (f->attempts/	unsigned long pause_ms = 10;\n\n&/
s/f->pause_ms/pause_ms/
