# behaviours.sh: tests/behaviours.tsv and the tags in the tests agree. A row that is adapted has a test
# that bears its name, a row that is left out has none. Ends in a line "passed failed".
passed=0 failed=0
tags=$OUT/tags
grep -rhoE '/\* BEH .* \*/' tests --include='*.c' | sed -E 's,^/\* BEH (.*) \*/$,\1,' | sort -u >"$tags"
while IFS='	' read -r area test what why; do
	case $area in '#'*) continue ;; esac
	if grep -qxF -- "$test" "$tags"; then tagged=yes; else tagged=no; fi
	case $what/$tagged in
	adapted/yes | 'left out/no')
		[ -n "$why" ] && passed=$((passed + 1)) && continue
		;;
	esac
	failed=$((failed + 1))
	echo "--- tests/behaviours.tsv: $test ($area) is '$what', tagged: $tagged, why: '$why'"
done <tests/behaviours.tsv
echo "$passed $failed"
