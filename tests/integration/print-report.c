/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print-report KIND FORMAT [FILE]: a report of `crossbpf verify` that no kernel gave: "usual" as
 * users have them, "nasty" with names and logs that try to get out of the page, "empty". The format
 * is "table", "json", or "html", which is written to the file.
 *
 * print-report refused FORMAT FILE OBJECT PROGRAM KERNEL: of what a kernel of that release says
 * against a program, which stands on standard input.
 */
#include "config.h"

#include "cli/verify-html.h"
#include "cli/verify-json.h"
#include "cli/verify-table.h"
#include "unit/make-report.h"

#define TAGS "</pre></details><script>document.title='broken out'</script>"

static void make_nasty(struct verify_report *r)
{
	static char names[16][320], long_name[301];
	const char *kernels[17] = {0};
	static const char *const objects[] = {"<script>document.title='broken out'</script>.bpf.o",
					      "a\"onmouseover=\"alert(1)\" b='c'.bpf.o", long_name,
					      NULL};

	memset(long_name, 'n', sizeof(long_name) - 1);
	for (int i = 0; i < 16; i++) {
		snprintf(names[i], sizeof(names[i]), "6.%d%s", i, i == 3 ? "<b>&amp;" : "");
		kernels[i] = names[i];
	}
	report_make(r, objects, kernels);
	for (size_t k = 0; k < 16; k++) {
		report_add(r, k, 0, "</td></table>" TAGS, 1000 * k + 7);
		report_refuse(r, k, 1, "quote\"'&lt;", "\033[31mred\033[0m\xff\xfe " TAGS "\n");
		report_add(r, k, 2, long_name, k % 2 ? 0 : 999999);
	}
	report_lose(r, 5, "panicked: " TAGS, "[    1.0] " TAGS "\n\033[2J\x9b\n");
	r->kernels[6].command_status = 3;
	r->kernels[6].command_output = made_text(TAGS);
	r->kernels[7].has_btf = false;
}

/* The verifier goes through a few instructions, more or less with each kernel. */
static void add_loop(struct verify_report *r, size_t kernel, const char *name, uint64_t n)
{
	static const unsigned per_mille[] = {1000, 1012, 980, 940, 0, 905};

	report_add(r, kernel, 1, name, n * per_mille[kernel] / 1000)->seconds = (double)n / 2e6;
}

static void make_usual(struct verify_report *r)
{
	static const char *const objects[] = {"build/bpf/cgrp.bpf.o", "build/bpf/firewall.bpf.o",
					      "build/bpf/probe.bpf.o", NULL},
				 *const kernels[] = {"6.1",  "6.6",    "6.12", "boot/vmlinuz-nobtf",
						     "6.15", "native", NULL},
				 *const releases[] = {"6.1.0-49-amd64",    "6.6.52", "6.12.9-amd64",
						      "6.1.0-nobtf-amd64", NULL,     "6.18.1"};

	report_make(r, objects, kernels);
	for (size_t k = 0; k < r->n_kernels; k++) {
		free(r->kernels[k].release);
		r->kernels[k].release = made_text(releases[k]);
		if (k == 4)
			continue;
		if (k == 0 || k == 3)
			report_refuse(
				r, k, 0, "on_connect",
				"0: R1=ctx(off=0,imm=0) R10=fp0\n"
				"; long *value = bpf_cgrp_storage_get(&cgroups, cgroup, 0, 1);\n"
				"12: (85) call bpf_cgrp_storage_get#210\n"
				"unknown func bpf_cgrp_storage_get#210\n"
				"processed 9 insns (limit 1000000) max_states_per_insn 0 "
				"total_states 0 peak_states 0 mark_read 0\n");
		else
			report_add(r, k, 0, "on_connect", 214);
		add_loop(r, k, "count_packets", 1234);
		add_loop(r, k, "parse_headers", 68213);
		add_loop(r, k, "match_rules", 412877);
		if (k != 3)
			report_add(r, k, 2, "trace_open", 93);
	}
	struct verify_program *p = &r->kernels[0].objects[1].programs[0];
	p->packets = 1200;
	p->n_tallies = 2;
	p->tallies = made_or_end(calloc(2, sizeof(*p->tallies)));
	snprintf(p->tallies[0].name, sizeof(p->tallies[0].name), "XDP_PASS");
	p->tallies[0].n = 1150;
	snprintf(p->tallies[1].name, sizeof(p->tallies[1].name), "XDP_DROP");
	p->tallies[1].n = 50;
	r->kernels[5].objects[1].programs[0].attached = true;
	r->kernels[5].objects[1].programs[0].counted = true;
	r->kernels[5].objects[1].programs[0].runs = 4711;
	r->kernels[3].has_btf = false;
	r->kernels[3].objects[2].verdict = VERIFY_REFUSED;
	r->kernels[3].objects[2].error = -ESRCH;
	r->kernels[3].objects[2].message = made_text("libbpf: failed to find valid kernel BTF\n"
						     "libbpf: Error loading vmlinux BTF: -3\n"
						     "libbpf: failed to load object 'probe_bpf'\n");
	report_lose(r, 4, "no answer for 60 s",
		    "[    0.812304] VFS: Cannot open root device\n"
		    "[    0.813377] Kernel panic - not syncing: VFS: Unable to mount root fs\n");
}

static void make_refused(struct verify_report *r, char **argv)
{
	const char *const objects[] = {argv[0], NULL}, *const kernels[] = {argv[2], NULL};
	char log[65536];
	size_t len = fread(log, 1, sizeof(log) - 1, stdin);

	log[len] = '\0';
	report_make(r, objects, kernels);
	report_refuse(r, 0, 0, argv[1], log);
}

static int print(const struct verify_report *r, const char *format, const char *path)
{
	cleanup_error struct crossbpf_error e = {0};

	if (strcmp(format, "table") == 0)
		return verify_table_print(r, stdout, false);
	if (strcmp(format, "json") == 0)
		return verify_json_print(r, stdout);
	return path ? verify_html_write(r, path, &e) : -EINVAL;
}

int main(int argc, char **argv)
{
	static const char *const none[] = {NULL};
	cleanup_verify_report struct verify_report r = {0};

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "usual") == 0)
		make_usual(&r);
	else if (strcmp(argv[1], "nasty") == 0)
		make_nasty(&r);
	else if (argc == 7)
		make_refused(&r, &argv[4]);
	else
		report_make(&r, none, none);
	return verify_explain(&r) < 0 || print(&r, argv[2], argv[3]) < 0;
}
