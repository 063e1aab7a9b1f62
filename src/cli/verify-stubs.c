/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"
#include "verify-table.h"
#include "verify-json.h"
#include "verify-html.h"
#include "verify-baseline.h"
#define WEAK __attribute__((weak))
WEAK int verify_table_print(const struct verify_report *r, FILE *to, bool colour)
{
	(void)colour;
	for (size_t i = 0; i < r->n_kernels; i++) {
		const struct verify_kernel *k = &r->kernels[i];
		fprintf(to, "%s %s btf %d error %d %s seconds %.1f command %d %s\n", k->name, k->release ? k->release : "-", k->has_btf, k->error, k->failure ? k->failure : "", k->seconds, k->command_status, k->command_output ? k->command_output : "");
		for (size_t o = 0; o < r->n_objects; o++) {
			const struct verify_object *v = &k->objects[o];
			fprintf(to, " %s %d %d %s\n", r->objects[o], v->verdict, v->error, v->message ? v->message : "");
			for (size_t p = 0; p < v->n_programs; p++)
				fprintf(to, "  %s %s %d %d insns %llu attached %d %s runs %llu packets %llu\n%.300s\n", v->programs[p].name, v->programs[p].section, v->programs[p].verdict, v->programs[p].error, (unsigned long long)v->programs[p].instructions, v->programs[p].attached, v->programs[p].attach_message ? v->programs[p].attach_message : "", (unsigned long long)v->programs[p].runs, (unsigned long long)v->programs[p].packets, v->programs[p].log ? v->programs[p].log : "");
		}
		if (k->error && k->console) fprintf(to, "console: %s\n", k->console);
	}
	return 0;
}
WEAK int verify_json_print(const struct verify_report *r, FILE *to) { return verify_table_print(r, to, false); }
WEAK int verify_html_write(const struct verify_report *r, const char *path, struct crossbpf_error *e) { (void)r; (void)path; (void)e; return 0; }
WEAK int verify_baseline_check(const struct verify_report *r, const char *path, double percent, unsigned *ret, struct crossbpf_error *e) { (void)r; (void)path; (void)percent; (void)ret; (void)e; return 0; }
