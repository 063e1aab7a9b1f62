/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "elf.h"
#include "stamp.h"

static bool is_word(const char *s)
{
	size_t len = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") : 0;

	return len && len <= STAMP_WORD_MAX && s[len] == '\0';
}

int stamp_write(const struct object_stamp *stamp, struct strbuf *ret_content)
{
	if (!is_word(stamp->target) || !is_word(stamp->arch))
		return -EINVAL;
	strbuf_add(ret_content, STAMP_FORMAT, sizeof(STAMP_FORMAT));
	strbuf_add(ret_content, stamp->target, strlen(stamp->target) + 1);
	strbuf_add(ret_content, stamp->arch, strlen(stamp->arch) + 1);
	return ret_content->error;
}

/* The string at *at, which moves behind its NUL; NULL where there is none. */
static const char *next_string(const char **at, const char *end)
{
	const char *string = *at;
	const char *nul = string < end ? memchr(string, '\0', (size_t)(end - string)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return string;
}

int stamp_read(const void *content, size_t len, struct object_stamp *ret_stamp, const char **why)
{
	const char *at = content, *end = at + len;
	const char *format = next_string(&at, end);

	if (!format)
		return elf_malformed(why, "its stamp is malformed");
	if (strcmp(format, STAMP_FORMAT) != 0)
		return -ENOTSUP;

	const char *target = next_string(&at, end), *arch = next_string(&at, end);
	if (!is_word(target) || !is_word(arch) || at != end)
		return elf_malformed(why, "its stamp is malformed");
	*ret_stamp = (struct object_stamp){.target = target, .arch = arch};
	return 0;
}

int stamp_find(const struct elf_object *e, struct object_stamp *ret_stamp, const char **why)
{
	for (uint32_t i = 1; i < e->n_sections; i++)
		if (e->sections[i].data && strcmp(e->sections[i].name, STAMP_SECTION) == 0)
			return stamp_read(e->sections[i].data, e->sections[i].size, ret_stamp, why);
	return -ENOENT;
}

int object_read_stamp(const void *data, size_t len, struct object_stamp *ret_stamp,
		      const char **why)
{
	cleanup_elf_object struct elf_object e = {0};
	int r = elf_object_open(&e, data, len, why);

	return r < 0 ? r : stamp_find(&e, ret_stamp, why);
}
