# sum.sh COUNT...: the last line of `make check`. A stage that left no count has failed.
passed=0 failed=0
for count; do
	p=0 f=1
	[ -f "$count" ] && read -r p f <"$count"
	passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
