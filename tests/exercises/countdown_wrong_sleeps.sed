# expect: poll 1 of countdown never returned: it slept or waited
s/^	waker_wake_by_ref/	sleep(60);\n&/
/stdio/s/$/\n#include <unistd.h>/
