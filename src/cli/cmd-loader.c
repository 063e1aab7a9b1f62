/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crossbpf load, attach, detach, list, run, map and test-run: this process becomes crossbpf-loader,
 * which has libbpf. Help is here, where there may be no loader.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "shared/strbuf.h"
#include "shared/strv.h"

#define OBJECT_OPTIONS                                                                     \
	"  -s, --set=VARIABLE=VALUE  of the object's variables, before it is loaded\n"     \
	"  -m, --map-size=MAP=N      how many entries a map has room for\n"                \
	"  -r, --reuse-map=MAP=PIN   take a map that is there: OBJECT/MAP, a path, id:N\n" \
	"  -b, --btf=FILE            the kernel's types, where it does not tell them\n"    \
	"  -v, --verbose             say what libbpf does, and all of the verifier's log\n"

#define PROGRAM_OPTION "  -P, --program=NAME        load this program alone, and others so named\n"

#define WHERE                                                                                   \
	"\nWHERE is, by the program's type:\n"                                                  \
	"    XDP          DEVICE[:native|generic|auto]\n"                                       \
	"    TC           DEVICE[:ingress|egress][:tcx|clsact]\n"                               \
	"    cgroup       /sys/fs/cgroup/NAME\n"                                                \
	"    tracepoint   CATEGORY/NAME    raw tracepoint  NAME\n"                              \
	"    kprobe       FUNCTION[+OFFSET]\n"                                                  \
	"    uprobe       FILE:FUNCTION[+OFFSET]\n"                                             \
	"    perf event   EVENT[:HERTZ], such as cpu-clock:99\n"                                \
	"    socket       DEVICE (crossbpf run alone)\n"                                        \
	"    usdt         FILE:PROVIDER:NAME (crossbpf run alone)\n"                            \
	"    sk_lookup    self, or /run/netns/NAME\n"                                           \
	"A section that says it, as SEC(\"tracepoint/sched/sched_switch\") does, needs none;\n" \
	"of tp_btf, fentry and LSM it always does.\n"

static int become_loader(char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_free char *loader = str_printf(
		"%s/crossbpf-loader", cli_directory("CROSSBPF_LIBEXECDIR", CROSSBPF_LIBEXECDIR));
	cleanup_strv struct strv words = {0};

	strv_take(&words, loader ? strdup(loader) : NULL);
	strv_add_all(&words, (const char *const *)argv);
	if (words.error) {
		error_no_memory(&e);
		return cli_report(&e);
	}
	execv(loader, words.v);
	error_set(&e, -errno, EXIT_STATUS_FAILED,
		  errno == ENOENT ? "programs are loaded on Linux: install the package "
				    "crossbpf-loader there, or libbpf before ./configure"
				  : NULL,
		  "cannot run %s: %s", loader, strerror(errno));
	return cli_report(&e);
}

static bool asks_for_help(char **argv)
{
	for (argv++; *argv && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
			return true;
	return false;
}

static int run(char **argv, const char *help)
{
	if (!asks_for_help(argv))
		return become_loader(argv);
	fputs(help, stdout);
	return cli_finish_output();
}

int cmd_load(int argc, char **argv)
{
	(void)argc;
	return run(
		argv,
		"Usage: crossbpf load [OPTION...] OBJECT\n"
		"Loads an object's programs and maps, and pins them.\n\n"
		"  -p, --pin=DIR             where; a path, or a name under /sys/fs/bpf/crossbpf\n"
		"                            (default: the object's)\n" PROGRAM_OPTION
			OBJECT_OPTIONS "  -h, --help                this help\n\n"
		"See crossbpf-load(1).\n");
}

int cmd_attach(int argc, char **argv)
{
	(void)argc;
	return run(
		argv,
		"Usage: crossbpf attach [OPTION...] OBJECT [PROGRAM[=WHERE]...]\n"
		"Loads an object, and attaches its programs: all of those named, or none. They\n"
		"stay until crossbpf detach.\n\n"
		"      --replace             take the place of what is attached there, without a\n"
		"                            gap, and keep the maps\n"
		"  -p, --pin=DIR             where it is pinned, as for crossbpf "
		"load\n" PROGRAM_OPTION OBJECT_OPTIONS
		"  -h, --help                this help\n" WHERE "\n"
		"See crossbpf-attach(1).\n");
}

int cmd_detach(int argc, char **argv)
{
	(void)argc;
	return run(
		argv,
		"Usage: crossbpf detach NAME[/PROGRAM[=WHERE]]...\n"
		"Undoes one attachment; or, by NAME alone, all of an object's, and unloads it.\n\n"
		"  -h, --help  this help\n\n"
		"See crossbpf-detach(1).\n");
}

int cmd_list(int argc, char **argv)
{
	(void)argc;
	return run(argv, "Usage: crossbpf list [--json] [NAME...]\n"
			 "Says what is loaded and attached, where, and by which object.\n\n"
			 "  -j, --json  an object a line\n"
			 "  -h, --help  this help\n\n"
			 "See crossbpf-list(1).\n");
}

int cmd_map(int argc, char **argv)
{
	(void)argc;
	return run(argv, "Usage: crossbpf map get [--json] MAP [KEY]\n"
			 "       crossbpf map set MAP KEY [VALUE]\n"
			 "       crossbpf map delete MAP KEY\n"
			 "       crossbpf map list [--json] MAP\n"
			 "       crossbpf map import MAP FILE|-\n"
			 "What is in a map: NAME/MAP of what is loaded, a pin's path, or id:N.\n\n"
			 "  get     print a key's value\n"
			 "  set     set it; without a VALUE to zeroes\n"
			 "  delete  remove the key\n"
			 "  list    print all entries\n"
			 "  import  set those of a file, with a line KEY [VALUE] for each\n\n"
			 "  -j, --json  of get and list: an object a line\n"
			 "  -h, --help  this help\n\n"
			 "A key or value is, by its type:\n"
			 "    a number       80, -1, 0xff; or a name of its enumeration\n"
			 "    an address     192.0.2.1, 2001:db8::1, 02:00:00:00:00:01\n"
			 "    a prefix       192.0.2.0/24\n"
			 "    a structure    {\"daddr\": \"192.0.2.1\", \"dport\": 80}; the rest "
			 "of it is 0\n"
			 "    a map          as MAP, and a program likewise\n"
			 "    any            hex 01 02, its bytes\n\n"
			 "See crossbpf-map(1).\n");
}

int cmd_run(int argc, char **argv)
{
	(void)argc;
	return run(argv,
		   "Usage: crossbpf run [OPTION...] OBJECT [PROGRAM[=WHERE]...]\n"
		   "Loads an object, attaches its programs, and prints their events until ^C.\n"
		   "Nothing of it stays, however this ends.\n\n"
		   "  -e, --event=MAP=TYPE      the type of a buffer's records: 'struct NAME'\n"
		   "                            (default: by their size)\n"
		   "  -j, --json                an object a line\n"
		   "      --duration=SECONDS    end after this time\n"
		   "      --no-maps             print no maps at the end\n" PROGRAM_OPTION
			   OBJECT_OPTIONS "  -h, --help                this help\n" WHERE "\n"
		   "See crossbpf-run(1).\n");
}

int cmd_test_run(int argc, char **argv)
{
	(void)argc;
	return run(
		argv,
		"Usage: crossbpf test-run [OPTION...] OBJECT --pcap=FILE\n"
		"Runs a program on the packets of a capture, and says its verdicts.\n"
		"OBJECT is an object, a pinned program, or a NAME that crossbpf list shows.\n\n"
		"      --pcap=FILE           the packets, pcap or pcapng; - is standard input\n"
		"  -p, --program=NAME        which, where there are several that take packets\n"
		"  -n, --repeat=N            run each packet N times, for the time that it takes\n"
		"  -j, --json                an object a line\n" OBJECT_OPTIONS
		"  -h, --help                this help\n\n"
		"See crossbpf-test-run(1).\n");
}
