# expect: poll 1 of countdown printed without an end.
s/printf.*left--.*/while (c->left) printf("left: %d and counting\\n", c->left);/
