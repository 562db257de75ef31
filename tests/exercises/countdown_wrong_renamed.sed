# expect: It compiles, but its check cannot use it.
s/\bleft\b/rest/g
