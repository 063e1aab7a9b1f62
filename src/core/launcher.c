/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "launcher.h"
#include "object/object.h"

/* Does it map names in a way that is not ours, or keep sources that are a text with all headers
 * over there? */
static bool is_bound_to_files(const char *word)
{
	return strstr(word, "-prefix-map=") || strcmp(word, "-gembed-source") == 0;
}

int launcher_argv(const struct strv *launcher, const struct strv *argv, const char *root,
		  struct strv *ret_argv)
{
	cleanup_free char *map = str_printf("-ffile-prefix-map=%s/=", root);

	if (!map)
		return -ENOMEM;
	strv_add_all(ret_argv, (const char *const *)launcher->v);
	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->v[i];
		if (strcmp(word, "-fdebug-compilation-dir=.") == 0)
			strv_take(ret_argv, str_printf("-fdebug-compilation-dir=%s", root));
		else if (strcmp(word, map) == 0)
			strv_take(ret_argv, str_printf("-fmacro-prefix-map=%s/=", root));
		else if (is_bound_to_files(word))
			return -ENOTSUP;
		else
			strv_add(ret_argv, word);
	}
	/* The text keeps its directives: where a macro was expanded is part of debug information.
	 * Over there the options of the preprocessor mean nothing. */
	strv_add(ret_argv, "-frewrite-includes");
	strv_add(ret_argv, "-Wno-unused-command-line-argument");
	return ret_argv->error;
}

int launcher_object(const char *root, const struct strbuf *object, struct strbuf *ret_object)
{
	cleanup_free char *from = str_printf("%s/", root);
	const char *why;

	if (!from)
		return -ENOMEM;
	int r = object_lacks_lines(object->data, object->len, &why);
	if (r == 0)
		r = object_rename_sources(object->data, object->len, from, "./", ret_object, &why);
	else if (r > 0)
		return 0;
	return r == 0 ? 1 : r == -ENOMEM ? r : 0;
}
