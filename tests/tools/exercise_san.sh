# exercise_san.sh CC...: "address,undefined" if the compiler has these sanitizers and what it builds with
# them runs; else nothing, and exercises are checked without.
folder=$(mktemp -d) || exit 0
echo 'int main(void) { return 0; }' >"$folder/a.c"
"$@" -fsanitize=address,undefined "$folder/a.c" -o "$folder/a" 2>/dev/null && "$folder/a" 2>/dev/null &&
	echo address,undefined
rm -rf "$folder"
