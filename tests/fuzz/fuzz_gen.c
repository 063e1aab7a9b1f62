/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go and C of anything. Beside what sanitizers see: it is refused with a reason, or becomes text
 * that holds nothing but what a Go file of ours may hold, and is the same the second time.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "gen/gen.h"
#include "target.h"

static int make(const struct gen_go *g, const void *data, size_t len, struct strbuf *text)
{
	cleanup_free char *why = NULL;
	int r = gen_go(g, data, len, text, &why);

	CHECK(r == 0 || r == -EFBIG || ((r == -EINVAL || r == -ENOEXEC || r == -ENODATA) && why));
	for (const char *at = why; at && *at; at++)
		CHECK(*at >= ' ' && *at <= '~');
	return r;
}

/* No name of the object's ends a string, a comment or a line. */
static void check_text(const struct strbuf *text)
{
	size_t quotes = 0;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];
		CHECK((c >= ' ' && c <= '~') || c == '\t' || c == '\n');
		quotes += c == '`';
		CHECK(c != '\n' || quotes % 2 == 0);
	}
	CHECK(strstr(text->data, "\npackage p\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { MAX_C = 2000 };
	static const unsigned versions[] = {GO_DIALECT_OLDEST, 22000};
	bool big = len > 5 && data[5] == 2;
	cleanup_strbuf struct strbuf header = {0};
	const struct gen_c c = {.ident = "p", .target = big ? "bpfeb" : "bpfel"};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		cleanup_strbuf struct strbuf text = {0}, again = {0};
		struct go_dialect dialect;
		const struct gen_go g = {
			.dialect = &dialect,
			.ident = "p",
			.package = "p",
			.embed = "p.o",
			.target = big ? "bpfeb" : "bpfel",
		};
		go_dialect_of(versions[i], &dialect);
		if (make(&g, data, len, &text) < 0)
			continue;
		check_text(&text);
		CHECK(make(&g, data, len, &again) == 0);
		CHECK(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
	}
	if (len < MAX_C) /* it does not look at the bytes */
		CHECK(gen_c(&c, data, len, &header) == 0);
	return 0;
}
