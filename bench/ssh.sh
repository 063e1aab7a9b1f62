# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh
# One edited file on another host, beside ssh of the same clang on a file that is there already, and
# beside the recipe by hand: rsync, make over ssh, scp; as they are called by hand, each with a connection
# of its own. Then a hundred calls of crossbpf-clang in a row, beside as many of ssh over a control
# connection.
. "${srcdir:-.}/tests/integration/lib.sh"
. "$tests_dir/sshd.sh"
. "$tests_dir/selftests.sh"

need rsync scp
prepare_selftests
account builder
start_sshd
known_host
ssh_config </dev/null
export CROSSBPF_BACKEND=ssh:builder CROSSBPF_TRUST=all
pairs=$builddir_top/bench/pairs

mkdir "$tmp/project"
cd "$tmp/project"
echo "backend ssh { config = \"$sshd_dir/config\" }" >crossbpf.conf
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
printf '%%.bpf.o: %%.bpf.c\n\tclang %s -c $< -o $@ && llvm-strip -g $@\n' "$flags" >Makefile
crossbpf build -q --arch x86 uapi.bpf.c core.bpf.c
cp uapi.bpf.c core.bpf.c vmlinux.h Makefile "$sshd_dir/builder"
chmod -R a+r "$sshd_dir/builder"

plain="ssh -F $sshd_dir/config"
ssh="$plain -S $tmp/control -o ControlMaster=no"
ssh -F "$sshd_dir/config" -S "$tmp/control" -M -N -f -o ControlPersist=yes builder
for program in uapi core; do
	cat >"$program-edit" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.bpf.c
exec crossbpf build -q --arch x86 $program.bpf.c
EOF
	for way in plain ssh; do
		eval "command=\$$way"
		cat >"$program-$way" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.unused
exec $command builder 'clang $flags -c $program.bpf.c -o $program.o'
EOF
	done
	cat >"$program-hand" <<EOF
#!/bin/sh
echo "// \$(date +%N)" >>$program.bpf.c
rsync -e '$plain' -t $program.bpf.c vmlinux.h Makefile builder:hand/ &&
	$plain builder 'make -s -C hand $program.bpf.o' &&
	scp -q -F $sshd_dir/config builder:hand/$program.bpf.o .
EOF
	cat >"$program-clang" <<EOF
#!/bin/sh
exec crossbpf-clang $flags -c $program.bpf.c -o $program.o
EOF
	chmod +x "$program"-*
	echo "A: one edit of a $program program by crossbpf build, B: ssh HOST clang on the file there"
	"$pairs" -t "ssh, one edit, $program" -a crossbpf -b "ssh HOST clang" "${PAIRS:-21}" -- "./$program-edit" -- "./$program-plain"
	echo "A: the same, B: rsync, ssh make, scp"
	"$pairs" -t "ssh, one edit, $program" -a crossbpf -b "rsync, ssh make, scp" "${PAIRS:-21}" -- "./$program-edit" -- "./$program-hand"
	echo "A: crossbpf-clang of the same file ${CALLS:-100} times in a row, B: ssh over a control connection"
	"$pairs" -t "ssh, calls in a row, $program" -a crossbpf-clang -b "ssh, control connection" "${CALLS:-100}" -- "./$program-clang" -- "./$program-ssh"
done
