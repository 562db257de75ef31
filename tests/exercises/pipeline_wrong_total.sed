# expect: you say that `total` can be forgotten at PRINT.
# expect: the total is 50, and should be 80.
/PRINT\] = {.*TOTAL/s/\[TOTAL\] = true/[TOTAL] = false/
