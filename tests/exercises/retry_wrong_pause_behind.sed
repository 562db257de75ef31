# expect: the last attempt has failed, and it is over only 40 ms later.
/^		if (f->attempts > 0) {/,/^		}/d
s/^			co_return;/&\n		co_await(delay(\&f->pause, f->pause_ms));\n		f->pause_ms *= 2;/
