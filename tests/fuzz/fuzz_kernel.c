/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anything as a file that holds a kernel: it is refused with a reason, or what is found lies within
 * it, and is read as BTF, or refused as that. Under libFuzzer, or run-once.c.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "object/btf.h"
#include "object/kernel-image.h"
#include "target.h"

static int visit(void *ctx, uint32_t type, uint32_t at)
{
	const struct btf *btf = ctx;

	CHECK(type && at <= btf->types_len - 4);
	return 0;
}

static void read_btf(const uint8_t *data, size_t len, bool big)
{
	const char *why = NULL;
	struct btf btf;

	int r = btf_open(&btf, data, len, big, &why);
	if (r == 0)
		r = btf_each_name(&btf, visit, &btf, &why);
	CHECK(r == 0 || (r == -ENOEXEC && why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static FILE *file;
	struct kernel_image image;
	const char *why = NULL;

	if (!file)
		file = tmpfile();
	CHECK(file && ftruncate(fileno(file), 0) == 0 &&
	      pwrite(fileno(file), data, len, 0) == (ssize_t)len);
	int r = kernel_image_find(fileno(file), &image, &why);
	CHECK(r == 0 || ((r == -ENOEXEC || r == -ENOENT) && why));
	if (r < 0)
		return 0;
	CHECK(image.offset <= len && image.len <= len - image.offset);
	if (image.kind == KERNEL_BTF || image.kind == KERNEL_ELF || image.kind == KERNEL_IMAGE)
		read_btf(data + image.offset, (size_t)image.len, image.big);
	return 0;
}
