# compile.sh FILE...: cases that must compile, and cases that must not.
#
#	ok_*.c                       compiles without a warning
#	/* expect: TEXT */           (first line) does not compile, and TEXT is in what the compiler says
#	/* expect (gcc): TEXT */     the same, for that compiler only
#
# Under each of $COMPILERS. Ends in a line "passed failed".
passed=0 failed=0
flags="-std=c17 -Wall -Wextra -Wshadow -Wdeclaration-after-statement -Iruntime -I. -Itests"

fail() {
	failed=$((failed + 1))
	echo "--- $file ($cc): $1"
	[ -n "$said" ] && echo "$said"
}

for file; do
	first=$(head -n 1 "$file")
	only=$(echo "$first" | sed -n 's/.*expect (\([a-z]*\)):.*/\1/p')
	text=$(echo "$first" | sed -n 's/.*expect[^:]*: \(.*\) \*\/.*/\1/p')
	for cc in $COMPILERS; do
		case $only:$cc in
		gcc:*clang* | clang:*gcc*) continue ;;
		esac
		case $file in
		*/ok_*)
			if said=$($cc $flags -O2 -Werror -c "$file" -o /dev/null 2>&1); then
				passed=$((passed + 1))
			else
				fail "must compile, and does not"
			fi
			continue
			;;
		esac
		if [ -z "$text" ]; then
			said= fail "no 'expect:' in its first line"
		elif said=$($cc $flags -fsyntax-only "$file" 2>&1); then
			fail "must not compile, and does"
		elif ! echo "$said" | grep -qF -- "$text"; then
			fail "must say '$text', and says:"
		else
			passed=$((passed + 1))
		fi
	done
done
echo "$passed $failed"
