/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "packets.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdint.h>
#include <string.h>

#include "loader/verdict.h"
#include "shared/io.h"
#include "shared/strbuf.h"

enum { PACKETS_MAX = 256 << 20, NAME_SIZE = 32, TALLIES_MAX = 32 };

struct summary {
	uint64_t packets, failed;
	json_t *verdicts; /* owned */
};

static void count(struct summary *s, const char *verdict)
{
	/* Numbers that no type of program names could be as many as there are packets. */
	const char *name =
		json_object_size(s->verdicts) < TALLIES_MAX || json_object_get(s->verdicts, verdict)
			? verdict
			: "others";
	json_int_t n = json_integer_value(json_object_get(s->verdicts, name));

	json_object_set_new(s->verdicts, name, json_integer(n + 1));
}

static int run(struct summary *s, const struct bpf_program *program,
	       const struct verdict_type *type, const struct strbuf *frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data,
		    .data_size_in = (uint32_t)frame->len, .repeat = 1);
	char verdict[NAME_SIZE];

	if (frame->error)
		return frame->error;
	s->packets++;
	if (bpf_prog_test_run_opts(bpf_program__fd(program), &opts) < 0) {
		s->failed++;
		return 0;
	}
	verdict_print(type, opts.retval, verdict, sizeof(verdict));
	count(s, verdict);
	return 0;
}

/* Each is its length and its bytes; one that is cut off at the end was never whole. */
static int run_all(struct summary *s, const struct bpf_program *program,
		   const struct verdict_type *type, const struct strbuf *packets)
{
	cleanup_strbuf struct strbuf frame = {0};
	size_t at = 0;
	int r = 0;

	while (r == 0 && packets->len - at >= 4) {
		const unsigned char *p = (const unsigned char *)packets->data + at;
		size_t len = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		at += 4;
		if (len > packets->len - at)
			break;
		frame.len = 0;
		if (type->twice && len >= ETH_HLEN)
			strbuf_add(&frame, packets->data + at, ETH_HLEN);
		strbuf_add(&frame, packets->data + at, len);
		r = run(s, program, type, &frame);
		at += len;
	}
	return r;
}

int packets_run(const struct examine *x, size_t number, const struct bpf_program *program)
{
	const struct verdict_type *type = verdict_type(bpf_program__type(program));
	cleanup_strbuf struct strbuf packets = {0};
	const char *name = bpf_program__name(program);

	if (!type)
		return 0;
	int r = io_read_file(x->request->packets, PACKETS_MAX, &packets);
	if (r < 0)
		return r;
	struct summary s = {.verdicts = json_object()};
	r = run_all(&s, program, type, &packets);
	json_t *line = json_pack(
		"{s:s, s:I, s:o, s:I, s:I, s:o}", "event", "packets", "object", (json_int_t)number,
		"program", answer_text(x->answer, name, strlen(name)), "packets",
		(json_int_t)s.packets, "failed", (json_int_t)s.failed, "verdicts", s.verdicts);
	if (r == 0)
		return answer_line(x->answer, line);
	json_decref(line);
	return r;
}
