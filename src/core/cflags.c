/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "cflags.h"
#include "clang-options.h"
#include "words.h"

/* What crossbpf itself says to clang cannot be said in cflags: what to do instead; NULL for what
 * can be said. */
static const char *instead_of(const char *word, enum clang_option_id id)
{
	static const char for_deps[] = "for a dependency file, emit dep (--emit object,dep)";

	if (strstr(word, "vfsoverlay") || strstr(word, "fdepfile-entry"))
		return "what is read under other names cannot be watched; use crossbpf-clang";
	if (strncmp(word, "-mcpu", 5) == 0)
		return "set cpu, or --cpu, instead";
	switch (id) {
	case OPT_TARGET:
		return "set target, or --target, instead";
	case OPT_OUTPUT:
		return "use -o or outdir instead";
	case OPT_DEPS:
	case OPT_DEPS_FILE:
	case OPT_DEPS_TARGET:
	case OPT_DEPS_ONLY:
	case OPT_WP:
		return for_deps;
	case OPT_PREPROCESS:
	case OPT_ASSEMBLY:
	case OPT_OBJECT:
	case OPT_SYNTAX_ONLY:
	case OPT_EMIT_LLVM:
	case OPT_LANGUAGE:
	case OPT_VERBATIM:
	case OPT_COMMANDS:
	case OPT_MORE_OUTPUTS:
	case OPT_END_OF_OPTIONS:
		return "crossbpf build makes objects; for all else there is crossbpf-clang";
	default:
		return strncmp(word, "-M", 2) == 0 ? for_deps : NULL;
	}
}

static int check_all(const struct strv *cflags, const char *what, bool *ret_no_system,
		     struct crossbpf_error *e)
{
	static const char arch[] = "__TARGET_ARCH_";

	for (size_t i = 0; i < cflags->n; i++) {
		const char *word = cflags->v[i];
		if (word[0] != '-' || !word[1])
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
					 "name sources as arguments, or in sources",
					 "'%s' in %s is no option", word, what);
		struct clang_option option = clang_option_find(word);
		if (option.more >= cflags->n - i)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, NULL,
					 "%s in %s lacks its value", word, what);
		const char *value = option.value  ? option.value
				    : option.more ? cflags->v[i + 1]
						  : "";
		if (option.id == OPT_DEFINE && strncmp(value, arch, strlen(arch)) == 0)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
					 "set arch, or --arch, instead", "%s does not belong in %s",
					 value, what);
		const char *said = option.id == OPT_XCLANG ? value : word;
		const char *instead = instead_of(said, option.id);
		if (instead)
			return error_set(e, -EINVAL, EXIT_STATUS_USAGE, instead,
					 "%s does not belong in %s", said, what);
		if (option.id == OPT_NO_SYSTEM)
			*ret_no_system = true;
		i += option.more;
	}
	return 0;
}

int cflags_split(const char *what, const char *text, struct strv *ret_words, bool *ret_no_system,
		 struct crossbpf_error *e)
{
	int r = words_split(what, text, ret_words, e);

	return r < 0 ? r : check_all(ret_words, what, ret_no_system, e);
}
