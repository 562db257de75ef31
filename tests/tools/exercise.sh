# exercise.sh NAME [FILE]: compiles book-examples/exercises/NAME.c, or FILE in its place, with the check of
# that exercise, and runs that. The environment is what `make exercise_settings` prints. Says all on standard
# output. 0: all holds; 1: something does not; 2: it does not compile, crashes, or never returns.
name=$1
file=${2:-book-examples/exercises/$name.c}
check=book-examples/exercises/$name.check.c
program=$OUT/$name
mkdir -p "$OUT"
exec 2>&1

# What a compiler says about the macros of a coroutine is true, but hard to read.
explain() {
	case $1 in
	*"jumps over variable initialization"* | *"jump into scope"*)
		printf '\nThis means: a local variable does not outlive a co_await. Make it a field of the struct.\n'
		;;
	*"duplicate case value"*)
		printf '\nThis means: there are two co_awaits in one line. Give each a line of its own.\n'
		;;
	esac
}

echo "$name: $file"

# Alone first: so what the compiler says is about the answer, and nothing else.
if ! said=$($COMPILE -c "$file" -o "$program.o" 2>&1); then
	printf '\nIt does not compile yet. The compiler says:\n\n%s\n' "$said"
	explain "$said"
	exit 2
fi
[ -n "$said" ] && printf '\nIt compiles, but the compiler warns:\n\n%s\n' "$said"

# In the check its main has another name, and so no `return 0` of its own; its warnings were seen above.
if ! said=$($COMPILE -w -Itests -Itests/exercises -DEXERCISE="\"$file\"" -c "$check" -o "$program.o" 2>&1); then
	printf '\nIt compiles, but its check cannot use it. Are the structs and functions still called what they\n'
	printf 'were called in the beginning, with the same fields and arguments? The compiler says:\n\n%s\n' "$said"
	exit 2
fi
if ! said=$($LINK "$program.o" $OBJECTS $LDLIBS -o "$program" 2>&1); then
	printf '\nIt compiles, but does not link. Is a function declared, called, and written nowhere?\n\n%s\n' "$said"
	exit 2
fi

# Some sanitizers cannot start where the kernel places mappings too randomly.
fixed=
setarch "$(uname -m)" -R true 2>/dev/null && fixed="setarch $(uname -m) -R"

echo
ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 $fixed "$program" "$name" "$file"
