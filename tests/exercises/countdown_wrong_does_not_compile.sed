# expect: It does not compile yet. The compiler says:
# expect: error:
s/->left == 0/->lef == 0/
