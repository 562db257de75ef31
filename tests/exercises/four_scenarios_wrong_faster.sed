# expect: but nothing becomes faster by it
s/THREAD, IT_COMPUTES/THREAD, IT_IS_FASTER/
