# expect: it pauses 0 ms by the runtime's clock, and should pause 10.
s/co_await(delay(&f->pause, f->pause_ms));/usleep((unsigned)f->pause_ms);/
s/^#include <errno.h>/#define _DEFAULT_SOURCE 1\n&\n#include <unistd.h>/
