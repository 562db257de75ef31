# expect: between attempt 1 and attempt 2 it pauses 10 ms by the runtime's clock, and should pause 20.
# expect: 8 of 10 hold.
/pause_ms \*= 2/d
