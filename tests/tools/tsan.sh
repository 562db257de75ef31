# tsan.sh TIMES PROGRAM...: the suites *_threads of test programs that were built with TSan, so many times
# over: real threads meet in another way each time. What fails is shown. Ends in a line of figures.
times=$1
shift
passed=0 failed=0
result=build/check/tsan/again.result
for i in $(seq "$times"); do
	for program; do
		STAGE=tsan sh tests/tools/run.sh "$program" "$result"
		read -r p f <"$result"
		passed=$((passed + p)) failed=$((failed + f))
	done
done
rm -f "$result" "$result.log"
echo "$# programs, $times times: $passed passed, $failed failed"
[ "$failed" = 0 ]
