/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "shared/digest.h"
#include "shared/io.h"
#include "variant.h"
#include "vmlinux-lock.h"

enum { MAX_HEADER = 256 << 20 };

static char *digest_key(const char *arch)
{
	return str_printf("vmlinux.%s", arch);
}

static char *of_key(const char *arch)
{
	return str_printf("vmlinux.%s.of", arch);
}

static void hex_of(const char *content, size_t len, char ret_hex[DIGEST_HEX_SIZE])
{
	uint8_t bytes[DIGEST_SIZE];

	digest_of(content, len, bytes);
	digest_hex(bytes, ret_hex);
}

int vmlinux_lock_compare(const struct lock_file *lock, const char *arch, const char *content,
			 size_t len, const char **ret_was)
{
	cleanup_free char *key = digest_key(arch), *of = of_key(arch);
	char hex[DIGEST_HEX_SIZE];

	if (!key || !of)
		return -ENOMEM;
	const char *locked = lock_file_get(lock, key), *was = lock_file_get(lock, of);
	if (!locked)
		return 0;
	hex_of(content, len, hex);
	if (strcmp(locked, hex) == 0)
		return 0;
	if (ret_was)
		*ret_was = was;
	return -EPERM;
}

int vmlinux_lock_set(struct lock_file *lock, const char *arch, const char *content, size_t len,
		     const char *of)
{
	cleanup_free char *key = digest_key(arch), *key_of = of_key(arch);
	char hex[DIGEST_HEX_SIZE];

	hex_of(content, len, hex);
	if (!key || !key_of || lock_file_set(lock, key, hex) < 0)
		return -ENOMEM;
	return lock_file_set(lock, key_of, of);
}

/* -ENOENT, with `e` untouched, where there is none. */
static int read_header(const char *root, const char *pattern, const char *arch,
		       struct strbuf *ret_content, struct crossbpf_error *e)
{
	cleanup_free char *name = variant_expand(pattern, arch);
	cleanup_free char *path = name ? io_absolute(root, name) : NULL;

	if (!path)
		return error_no_memory(e);
	int r = io_read_file(path, MAX_HEADER, ret_content);
	if (r == -ENOENT || r == -ENOTDIR)
		return -ENOENT;
	return r < 0 ? error_set(e, r, EXIT_STATUS_USAGE, NULL, "cannot read %s: %s", path,
				 strerror(-r))
		     : 0;
}

static int keep(struct lock_file *found, const struct lock_file *old, char *key)
{
	const char *value = key ? lock_file_get(old, key) : NULL;
	int r = !key ? -ENOMEM : value ? lock_file_set(found, key, value) : 0;

	free(key);
	return r;
}

static int describe(struct lock_file *found, const struct lock_file *old, const char *root,
		    const char *pattern, const char *arch, struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf content = {0};
	bool same = true;

	int r = read_header(root, pattern, arch, &content, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		r = vmlinux_lock_set(found, arch, content.data ? content.data : "", content.len,
				     NULL);
		same = r == 0 && vmlinux_lock_compare(old, arch, content.data ? content.data : "",
						      content.len, NULL) == 0;
	} else {
		r = keep(found, old, digest_key(arch));
	}
	if (r == 0 && same)
		r = keep(found, old, of_key(arch));
	return r < 0 ? error_no_memory(e) : 0;
}

int vmlinux_lock_describe(struct lock_file *found, const struct lock_file *old, const char *root,
			  const char *pattern, const struct strv *archs, struct crossbpf_error *e)
{
	int r = 0;

	for (size_t i = 0; i < archs->n && r == 0; i++)
		r = describe(found, old, root, pattern, archs->v[i], e);
	return r;
}

static int check(const struct lock_file *lock, const char *root, const char *pattern,
		 const char *arch, struct crossbpf_error *e)
{
	cleanup_free char *key = digest_key(arch), *name = variant_expand(pattern, arch);
	cleanup_strbuf struct strbuf content = {0};
	const char *was = NULL;

	if (!key || !name)
		return error_no_memory(e);
	if (!lock_file_get(lock, key))
		return 0;
	int r = read_header(root, pattern, arch, &content, e);
	if (r < 0) /* one that is missing is what compilers complain of */
		return r == -ENOENT ? 0 : r;
	r = vmlinux_lock_compare(lock, arch, content.data ? content.data : "", content.len, &was);
	if (r == -ENOMEM)
		return error_no_memory(e);
	return r < 0 ? error_set(e, r, EXIT_STATUS_NO_BACKEND,
				 "make it anew with crossbpf vmlinux, or accept it: crossbpf lock",
				 "%s is not what crossbpf.lock has%s%s", name, was ? ", of " : "",
				 was ? was : "")
		     : 0;
}

int vmlinux_lock_check(const char *root, const char *pattern, const struct strv *archs,
		       struct crossbpf_error *e)
{
	cleanup_lock_file struct lock_file lock = {0};
	cleanup_free char *path = lock_file_path(root);

	int r = path ? lock_file_read(path, &lock, e) : error_no_memory(e);
	if (r == -ENOENT)
		return 0;
	for (size_t i = 0; i < archs->n && r == 0; i++)
		r = check(&lock, root, pattern, archs->v[i], e);
	return r;
}
