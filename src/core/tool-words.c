/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shared/io.h"
#include "tool-words.h"

void tool_words_free(struct tool_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].path);
	free(w->v);
	*w = (struct tool_words){0};
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* The name of an output, where it is a part of the option's word; else NULL. */
static const char *joined_output(const char *word)
{
	static const char longs[] = "--output=";

	if (strncmp(word, longs, strlen(longs)) == 0)
		return word + strlen(longs);
	return word[0] == '-' && word[1] == 'o' && word[2] ? word + 2 : NULL;
}

/* An operand is an input; all that has none of its own to write to is written in place. */
static void read_strip(struct tool_words *w)
{
	static const char *const with_value[] = {"-R",
						 "-K",
						 "-N",
						 "--remove-section",
						 "--keep-section",
						 "--keep-symbol",
						 "--strip-symbol",
						 NULL};
	static const char *const with_output[] = {"-o", "--output", NULL};
	bool only_operands = false;

	w->in_place = true;
	for (size_t i = 0; i < w->n; i++) {
		const char *word = w->v[i].text;
		if (only_operands || word[0] != '-' || !word[1]) {
			w->v[i].is_input = word[0] != '@' || only_operands;
			w->reads_stream = w->reads_stream || strcmp(word, "-") == 0;
		} else if (strcmp(word, "--") == 0) {
			only_operands = true;
		} else if (is_one_of(word, with_value)) {
			i++;
		} else if (is_one_of(word, with_output) && i + 1 < w->n) {
			w->v[++i].is_output = true;
			w->in_place = false;
		} else if (joined_output(word)) {
			w->v[i].is_output = true;
			w->in_place = false;
		}
	}
}

/* bpftool takes the beginning of a word for the word. */
static bool begins(const char *whole, const char *word)
{
	return word[0] && strncmp(whole, word, strlen(word)) == 0;
}

/* gen object OUTPUT INPUT..., gen min_core_btf INPUT OUTPUT OBJECT...; others print. */
static void read_bpftool(struct tool_words *w)
{
	static const char *const with_value[] = {"-B", "--base-btf", NULL};
	const char *before[2] = {"", ""}; /* the first two that are no options */
	size_t place = 0;

	for (size_t i = 0; i < w->n; i++) {
		const char *word = w->v[i].text;
		if (word[0] == '-') {
			i += is_one_of(word, with_value);
			continue;
		}
		bool gen = begins("gen", before[0]);
		if ((place == 2 && gen && begins("object", before[1])) ||
		    (place == 3 && gen && begins("min_core_btf", before[1])))
			w->v[i].is_output = true;
		if (place < 2)
			before[place] = word;
		place++;
	}
}

/* The name in a word: behind an option's letter or '=', or a list's '@'. */
static const char *name_in(const struct tool_word *word)
{
	const char *value = strchr(word->text, '=');

	if (word->is_input)
		return word->text;
	if (word->is_output)
		return joined_output(word->text) ? joined_output(word->text) : word->text;
	if (word->text[0] == '@')
		return word->text + 1;
	return word->text[0] == '-' && value ? value + 1 : word->text;
}

static int find_file(struct tool_word *word, const char *dir)
{
	const char *name = name_in(word);
	struct stat st;

	cleanup_free char *path = io_absolute(dir, name);
	if (!path)
		return -ENOMEM;
	if (name[0] && (word->is_output || (stat(path, &st) == 0 && S_ISREG(st.st_mode))))
		word->path = TAKE_PTR(path);
	return 0;
}

int tool_words_read(enum tool_name name, const char *const *args, const char *dir,
		    struct tool_words *ret_words)
{
	cleanup_tool_words struct tool_words w = {0};
	int r = 0;

	size_t n = 0;
	while (args[n])
		n++;
	w.v = calloc(n + 1, sizeof(*w.v));
	if (!w.v)
		return -ENOMEM;
	for (w.n = 0; w.n < n; w.n++)
		w.v[w.n].text = args[w.n];
	if (name == TOOL_LLVM_STRIP)
		read_strip(&w);
	else
		read_bpftool(&w);
	for (size_t i = 0; i < w.n && r == 0; i++)
		r = find_file(&w.v[i], dir);
	if (r < 0)
		return r;
	*ret_words = w;
	w = (struct tool_words){0};
	return 0;
}
