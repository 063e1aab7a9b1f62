/* SPDX-License-Identifier: BSD-2-Clause */
/* crossbpf test-run: the packets of a capture through a program, by the kernel, and its verdicts.
 */
#include "config.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <jansson.h>
#include <endian.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "capture.h"
#include "cli/cli.h"
#include "loader.h"
#include "tested.h"

enum {
	OPTION_PCAP = 256,
	REPEAT_MAX = 10000000,
	NOT_SUPPORTED = 524, /* the kernel's ENOTSUPP, which no header here has */
	NAME_SIZE = 32,      /* of a verdict */
	TALLIES_MAX = 64,    /* what is beyond is counted as one: a program may say any number */
};

struct job {
	struct open_options options;
	const char *pcap, *program;
	unsigned long repeat;
	bool json;
};

struct tally {
	char name[NAME_SIZE];
	unsigned long long n;
};

/* One packet. */
struct outcome {
	unsigned long long number; /* from 1 */
	size_t len, len_out;
	uint32_t value, ns;
	int error;               /* 0 or a negative errno */
	char verdict[NAME_SIZE]; /* where there is none */
};

struct summary {
	struct tally tallies[TALLIES_MAX];
	size_t n_tallies;
	unsigned long long packets, failed;
	double ns;
};

static void job_free(struct job *j)
{
	open_options_free(&j->options);
}
#define cleanup_job CLEANUP(job_free)

static int parse_repeat(struct job *j, const char *text, struct crossbpf_error *e)
{
	char *end;

	errno = 0;
	j->repeat = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && !*end && !errno && j->repeat &&
			       j->repeat <= REPEAT_MAX
		       ? 0
		       : error_set(e, -EINVAL, EXIT_STATUS_USAGE, "1 to 10000000",
				   "--repeat %s: that is not how often a packet can be run", text);
}

static int take_option(struct job *j, int letter, struct crossbpf_error *e)
{
	switch (letter) {
	case 'j':
		j->json = true;
		return 1;
	case 'n':
		return parse_repeat(j, optarg, e) < 0 ? -EINVAL : 1;
	case 'p':
		j->program = optarg;
		return 1;
	case OPTION_PCAP:
		j->pcap = optarg;
		return 1;
	default:
		return open_options_take(&j->options, letter, optarg);
	}
}

static int parse_options(struct job *j, int argc, char **argv, struct crossbpf_error *e)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"pcap", required_argument, NULL, OPTION_PCAP},
					      {"program", required_argument, NULL, 'p'},
					      {"repeat", required_argument, NULL, 'n'},
					      OPEN_LONGS,
					      {0}};
	int letter, r;

	while ((letter = getopt_long(argc, argv, OPEN_LETTERS "jn:p:", longs, NULL)) != -1) {
		r = take_option(j, letter, e);
		if (r <= 0)
			return r < 0 ? r : cli_refuse_option("test-run", longs, argv, e);
	}
	if (argc - optind == 1 && j->pcap)
		return 0;
	return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "crossbpf test-run --help tells more",
			 argc == optind       ? "no object was named"
			 : argc - optind != 1 ? "one program is run at a time"
					      : "no packets were given: --pcap FILE");
}

static int check_link(const struct capture *c, const struct tested *t, struct crossbpf_error *e)
{
	if (c->begins == PACKETS_ETHERNET || (c->begins == PACKETS_IP && !t->type->sees_frame))
		return 0;
	return error_set(e, -EPROTONOSUPPORT, EXIT_STATUS_USAGE,
			 t->type->sees_frame ? "capture on an Ethernet device: tcpdump -i DEVICE"
					     : "capture on an Ethernet device, or where IP begins",
			 "packets of %s are of link type %s; '%s', of %s, wants %s", c->path,
			 c->link, t->name, t->type->name,
			 t->type->sees_frame ? "Ethernet" : "Ethernet, or IP alone (RAW)");
}

/* The kernel takes a frame and says from its header which protocol follows. */
static int make_frame(struct strbuf *frame, const struct packet *packet, const struct capture *c,
		      const struct tested *t)
{
	struct ethhdr header = {0};
	unsigned version = packet->len ? packet->data[0] >> 4 : 0;

	frame->len = 0;
	if (c->begins == PACKETS_IP) {
		uint16_t proto = version == 4 ? ETH_P_IP : version == 6 ? ETH_P_IPV6 : 0;
		header.h_proto = htobe16(proto);
		strbuf_add(frame, (const char *)&header, sizeof(header));
	} else if (t->type->twice && packet->len >= ETH_HLEN) {
		strbuf_add(frame, (const char *)packet->data, ETH_HLEN);
	}
	strbuf_add(frame, (const char *)packet->data, packet->len);
	return frame->error;
}

static void run_packet(const struct job *j, const struct tested *t, const struct strbuf *frame,
		       struct outcome *o)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data,
		    .data_size_in = (uint32_t)frame->len, .repeat = (int)j->repeat);

	if (bpf_prog_test_run_opts(t->fd, &opts) < 0) {
		o->error = -errno;
		return;
	}
	o->value = opts.retval;
	o->ns = opts.duration;
	verdict_print(t->type, o->value, o->verdict, sizeof(o->verdict));
	o->len_out =
		t->type->keeps_size
			? o->len
			: (size_t)((long long)o->len + opts.data_size_out - (long long)frame->len);
}

static void count(struct summary *s, const struct outcome *o)
{
	size_t i = 0;

	s->packets++;
	if (o->error) {
		s->failed++;
		return;
	}
	s->ns += o->ns;
	while (i < s->n_tallies && strcmp(s->tallies[i].name, o->verdict) != 0)
		i++;
	if (i == TALLIES_MAX)
		snprintf(s->tallies[--i].name, NAME_SIZE, "others");
	else if (i == s->n_tallies)
		memcpy(s->tallies[s->n_tallies++].name, o->verdict, NAME_SIZE);
	s->tallies[i].n++;
}

static void explain(const struct outcome *o, char *buf, size_t size)
{
	const char *what =
		o->error == -NOT_SUPPORTED ? "the kernel cannot run it so" : strerror(-o->error);

	if (o->error == -EINVAL && o->len < ETH_HLEN)
		what = "shorter than an Ethernet header, which the kernel does not take";
	else if (o->error == -EINVAL && o->len > 3000)
		what = "larger than the kernel takes for this program";
	snprintf(buf, size, "%s", what);
}

static void print_text(const struct outcome *o, const struct tested *t)
{
	char why[128], number[16] = "", out[32] = "";

	if (o->error) {
		explain(o, why, sizeof(why));
		printf("%6llu  not run: %s (%zu bytes)\n", o->number, why, o->len);
		return;
	}
	if (t->type->number)
		snprintf(number, sizeof(number), " %u", o->value);
	if (o->len_out != o->len)
		snprintf(out, sizeof(out), " -> %zu", o->len_out);
	printf("%6llu  %s%s  %zu%s bytes  %u ns\n", o->number, o->verdict, number, o->len, out,
	       o->ns);
}

static void print_json(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(line);
}

static void print_packet_json(const struct outcome *o)
{
	char why[128];
	json_t *line = json_pack("{s:I, s:I}", "packet", (json_int_t)o->number, "length",
				 (json_int_t)o->len);

	if (o->error) {
		explain(o, why, sizeof(why));
		json_object_set_new(line, "error", json_string(why));
		print_json(line);
		return;
	}
	json_object_set_new(line, "verdict", json_string(o->verdict));
	json_object_set_new(line, "return", json_integer(o->value));
	json_object_set_new(line, "length_out", json_integer((json_int_t)o->len_out));
	json_object_set_new(line, "ns", json_integer(o->ns));
	print_json(line);
}

static double mean(const struct summary *s)
{
	unsigned long long n = s->packets - s->failed;

	return n ? s->ns / (double)n : 0;
}

static void print_summary(const struct summary *s, const struct tested *t)
{
	printf("%s: %llu packet%s", t->name, s->packets, s->packets == 1 ? "" : "s");
	for (size_t i = 0; i < s->n_tallies; i++)
		printf(", %llu %s", s->tallies[i].n, s->tallies[i].name);
	if (s->failed)
		printf(", %llu not run", s->failed);
	printf("; %.1f ns each\n", mean(s));
}

static void print_summary_json(const struct summary *s, const struct tested *t, const struct job *j)
{
	json_t *verdicts = json_object();

	for (size_t i = 0; i < s->n_tallies; i++)
		json_object_set_new(verdicts, s->tallies[i].name,
				    json_integer((json_int_t)s->tallies[i].n));
	print_json(json_pack("{s:s, s:I, s:I, s:I, s:o, s:f}", "program", t->name, "packets",
			     (json_int_t)s->packets, "not_run", (json_int_t)s->failed, "repeat",
			     (json_int_t)j->repeat, "verdicts", verdicts, "ns", mean(s)));
}

/* What no packet is at fault for. */
static int refuse(const struct outcome *o, const struct tested *t, struct crossbpf_error *e)
{
	if (o->error == -NOT_SUPPORTED)
		return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, NULL,
				 "this kernel does not run programs of %s for a test: '%s'",
				 t->type->name, t->name);
	if (o->error == -EPERM)
		return error_set(e, -EPERM, EXIT_STATUS_FAILED, "run it as root",
				 "the kernel does not let '%s' be run", t->name);
	return 0;
}

static int run_packets(const struct job *j, const struct tested *t, struct capture *c,
		       struct summary *s, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf frame = {0};
	struct packet packet;
	int r;

	while ((r = capture_next(c, &packet, e)) > 0) {
		struct outcome o = {.number = s->packets + 1, .len = packet.len};
		if (make_frame(&frame, &packet, c, t) < 0)
			return error_no_memory(e);
		run_packet(j, t, &frame, &o);
		r = refuse(&o, t, e);
		if (r < 0)
			return r;
		count(s, &o);
		if (j->json)
			print_packet_json(&o);
		else
			print_text(&o, t);
	}
	return r;
}

static int test_run(const struct job *j, const char *word, struct summary *s,
		    struct crossbpf_error *e)
{
	cleanup_capture struct capture c = {0};
	cleanup_tested struct tested t = {.pinned = -1, .fd = -1};

	int r = capture_open(&c, j->pcap, e);
	if (r == 0)
		r = tested_open(&t, word, j->program, &j->options, e);
	if (r == 0)
		r = check_link(&c, &t, e);
	if (r < 0)
		return r;
	r = run_packets(j, &t, &c, s, e);
	/* Of a capture that ends in the middle of a packet, those before were run. */
	if (j->json)
		print_summary_json(s, &t, j);
	else
		print_summary(s, &t);
	return r;
}

int loader_test_run(int argc, char **argv)
{
	cleanup_error struct crossbpf_error e = {0};
	cleanup_job struct job j = {.repeat = 1};
	struct summary s = {0};

	if (parse_options(&j, argc, argv, &e) < 0 || test_run(&j, argv[optind], &s, &e) < 0) {
		fflush(stdout);
		return cli_report(&e);
	}
	int status = cli_finish_output();
	return status == EXIT_STATUS_OK && s.failed ? EXIT_STATUS_FAILED : status;
}
