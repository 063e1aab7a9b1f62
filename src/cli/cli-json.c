/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>

#include "cli-json.h"
#include "shared/strbuf.h"

json_t *cli_json_text(const char *text, size_t len)
{
	json_t *string = json_stringn(text, len);
	cleanup_strbuf struct strbuf mended = {0};

	for (size_t i = 0; !string && i < len;) {
		size_t n = 4 < len - i ? 4 : len - i;
		json_t *part = NULL;
		while (n && !(part = json_stringn(text + i, n)))
			n--;
		json_decref(part);
		strbuf_add(&mended, n ? text + i : "\xef\xbf\xbd", n ? n : 3);
		i += n ? n : 1;
	}
	return string ? string : json_stringn(mended.data ? mended.data : "", mended.len);
}

void cli_json_print(json_t *object)
{
	if (object) {
		json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
		putchar('\n');
		fflush(stdout);
	}
	json_decref(object);
}
