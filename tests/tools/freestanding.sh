# freestanding.sh: the core needs no operating system. Each file of runtime/future/ compiles by itself
# with -ffreestanding, and together with start.c, which is all the host there is, they link without
# libc into a program that runs. Under each of $COMPILERS. Ends in a line "passed failed".
passed=0 failed=0

check() { # WHAT COMMAND...
	what=$1
	shift
	if said=$("$@" 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "--- $what"
		echo "$said"
	fi
}

for cc in $COMPILERS; do
	folder=$OUT/$(basename "$cc")
	flags="-std=c17 -O2 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pie -Iruntime"
	rm -rf "$folder"
	mkdir -p "$folder"
	for source in runtime/future/*.c tests/freestanding/start.c; do
		check "$source does not compile freestanding ($cc)" \
			$cc $flags -c "$source" -o "$folder/$(basename "$source" .c).o"
	done
	check "the core does not link without libc ($cc)" \
		$cc -nostdlib -static -no-pie "$folder"/*.o -o "$folder/start"
	check "the program without libc does not run ($cc)" "$folder/start"
done
echo "$passed $failed"
