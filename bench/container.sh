#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# One edited file in a warm container, beside docker exec of the same clang on a file that is there
# already, and beside the recipe by hand: docker run of make on a bind mount. A second lies between
# two edits, as a person's do: meanwhile crossbpf enters the container for the next one.
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/engine.sh"
. "$tests_dir/selftests.sh"

prepare_selftests
start_docker
import_image builder debian:bookworm-slim
export CROSSBPF_BACKEND=docker CROSSBPF_TRUST=all
pairs=$builddir_top/bench/pairs

mkdir "$tmp/project"
cd "$tmp/project"
cp "$selftests/../../../../vmlinux/vmlinux.h" .
small_program uapi.bpf.c
cat >core.bpf.c <<'EOF'
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

SEC("kprobe/do_exit") int pid_of(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, pid);
}

char _license[] SEC("license") = "GPL";
EOF
flags='-target bpfel -mcpu=v1 -O2 -g -D__TARGET_ARCH_x86 -idirafter /usr/include/x86_64-linux-gnu'
printf 'PROGRAM.bpf.o: PROGRAM.bpf.c\n\tclang %s -c $< -o $@ && llvm-strip -g $@\n' "$flags" >Makefile
crossbpf build -q --arch x86 uapi.bpf.c core.bpf.c
container=$(docker ps -q | head -n 1)
image=$(docker inspect -f '{{.Image}}' "$container")

for program in uapi core; do
	cat >"$program-edit" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.bpf.c
exec crossbpf build -q --arch x86 $program.bpf.c
EOF
	cat >"$program-exec" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.unused
exec docker exec "$container" sh -c 'cd "$PWD" && exec clang $flags -c $program.bpf.c -o /tmp/$program.o'
EOF
	cat >"$program-hand" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.bpf.c
sed 's/PROGRAM/$program/' Makefile >$program.mk
exec docker run --rm --network none -v "$PWD:/src" -w /src "$image" make -s -f $program.mk
EOF
	chmod +x "$program-edit" "$program-exec" "$program-hand"
	echo "A: one edit of a $program program by crossbpf build, B: docker exec clang on the file there"
	"$pairs" -t "docker, one edit, $program" -a crossbpf -b "docker exec clang" -p 1000 "${PAIRS:-21}" -- "./$program-edit" -- "./$program-exec"
	docker run --rm "$image" sh -c 'command -v make' >/dev/null 2>&1 ||
		{ echo "(the image has no make: the recipe by hand runs clang itself)" &&
			sed -i "s/ make -s -f .*/ clang $(printf %s "$flags" | sed 's,/,\\/,g') -c $program.bpf.c -o $program.hand.o/" "$program-hand"; }
	echo "A: the same, B: docker run --rm of the recipe"
	"$pairs" -t "docker, one edit, $program" -a crossbpf -b "docker run make" -p 1000 "${PAIRS:-21}" -- "./$program-edit" -- "./$program-hand"
done
