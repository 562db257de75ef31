# expect: it is no longer in your table.
/when_it_was_dropped }/d
s/^static void when_it_was_dropped/__attribute__((unused)) &/
