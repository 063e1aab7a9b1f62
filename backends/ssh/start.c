/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"
#include "shared/io.h"
#include "start.h"

enum { MAX_NOISE = 64 << 10, LONGEST_LINE = MARK_SIZE + 24 };

int start_init(struct start *s)
{
	uint64_t number;
	int r = io_random(&number, sizeof(number));

	*s = (struct start){0};
	snprintf(s->mark, sizeof(s->mark), "crossbpf-%016llx", (unsigned long long)number);
	return r;
}

void start_free(struct start *s)
{
	strbuf_free(&s->noise);
}

/* What stands behind the mark, up to the line's end; NULL where it is not all there. */
static const char *find_word(const struct start *s, char word[24], size_t *ret_end)
{
	const char *at = s->noise.data, *end = s->noise.data + s->noise.len;

	while ((at = memmem(at, (size_t)(end - at), s->mark, strlen(s->mark)))) {
		at += strlen(s->mark);
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			return NULL;
		size_t len = (size_t)(newline - at);
		if (len > 1 && newline[-1] == '\r') /* a terminal's */
			len--;
		if (len > 1 && len < 24 && *at == ':') {
			memcpy(word, at + 1, len - 1);
			word[len - 1] = '\0';
			*ret_end = (size_t)(newline + 1 - s->noise.data);
			return word;
		}
	}
	return NULL;
}

/* A shell without end of words is not kept. */
static void forget_noise(struct start *s)
{
	if (s->noise.len > MAX_NOISE) {
		memmove(s->noise.data, s->noise.data + s->noise.len - LONGEST_LINE, LONGEST_LINE);
		s->noise.len = LONGEST_LINE;
	}
}

int start_take(struct start *s, const char *data, size_t len, const char **ret_data,
	       size_t *ret_len)
{
	char word[24];
	size_t end = 0, before = s->noise.len;

	*ret_data = data;
	*ret_len = s->began ? len : 0;
	if (s->began || len == 0)
		return 0;
	strbuf_add(&s->noise, data, len);
	if (s->noise.error)
		return s->noise.error;
	if (!find_word(s, word, &end)) {
		forget_noise(s);
		return 0;
	}
	s->no_dir = strcmp(word, "dir") == 0;
	s->no_program = strcmp(word, "program") == 0;
	s->group = strtol(word, NULL, 10);
	s->began = true;
	*ret_data = data + (end - before);
	*ret_len = len - (end - before);
	strbuf_free(&s->noise);
	return 0;
}

int start_judge(const struct start *s, const struct crossbpf_run *run, const char *builder)
{
	if (s->no_dir)
		return complain(run->host, -ENOENT, NULL, "there is no directory %s on %s",
				run->dir, builder);
	if (s->no_program)
		return complain(run->host, -ENOENT, "install it there, or name another host",
				"there is no program '%s' on %s", run->argv[0], builder);
	return 0;
}

int start_refuse(const struct start *s, const struct crossbpf_run *run, const char *builder,
		 int status)
{
	size_t end = s->noise.len;

	while (end && (s->noise.data[end - 1] == '\n' || s->noise.data[end - 1] == '\r'))
		end--;
	size_t begin = end;
	while (begin && s->noise.data[begin - 1] != '\n')
		begin--;
	return complain(run->host, -ENOEXEC, "does it run commands at all, as in ssh HOST true?",
			"the login shell on %s ended with status %d, and ran no command%s%.*s",
			builder, status, end ? ": " : "", (int)(end - begin),
			end ? s->noise.data + begin : "");
}
