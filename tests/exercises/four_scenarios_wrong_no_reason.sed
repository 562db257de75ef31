# expect: Which of the reasons decides it?
s/CALL, NOTHING_MEANWHILE/CALL, NO_REASON/
