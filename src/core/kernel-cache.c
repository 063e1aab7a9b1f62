/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kernel-cache.h"
#include "shared/io.h"

/* The package's name without ".deb". */
static char *stem(const struct kernel_package *p)
{
	return strndup(p->file, strlen(p->file) - strlen(".deb"));
}

/* A package of tens of megabytes, for its BTF: nothing else of it is kept. */
static int download(const struct kernel_package_request *request, const struct kernel_package *p,
		    const char *module_dir, struct kernel_btf *ret, struct crossbpf_error *e)
{
	cleanup_free char *dir = NULL, *file = NULL, *line = NULL;

	int r = io_temporary_dir(&dir);
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_OUTPUT, "set TMPDIR to another directory",
				 "cannot make a temporary directory: %s", strerror(-r));
	file = str_printf("%s/%s", dir, p->file);
	line = str_printf("downloading %s", p->file);
	if (request->log && line)
		request->log(line);
	r = file ? kernel_package_fetch(request, p, dir, e) : error_no_memory(e);
	if (r == 0) {
		struct kernel_btf_request reading = {
			.path = file, .module_dir = module_dir, .control = request->control};
		r = kernel_btf_read(&reading, ret, e);
	}
	if (file)
		unlink(file);
	rmdir(dir);
	return r;
}

/* With its digest: what has one name and version may have been built again. */
static char *file_of(const struct kernel_package_request *request, const struct kernel_package *p,
		     const char *of)
{
	return str_printf("%s/kernels/%s%s%.32s.btf", request->cache_dir, of, *p->hash ? "-" : "",
			  p->hash);
}

/* What is kept of it, else what is in the package. */
static int get(const struct kernel_package_request *request, const struct kernel_package *p,
	       const char *module_dir, struct kernel_btf *ret, char **ret_of,
	       struct crossbpf_error *e)
{
	cleanup_kernel_btf struct kernel_btf k = {0};
	cleanup_error struct crossbpf_error damaged = {0};
	cleanup_free char *of = stem(p);
	cleanup_free char *file = of ? file_of(request, p, of) : NULL;

	if (!file)
		return error_no_memory(e);
	struct kernel_btf_request kept = {
		.path = file, .module_dir = module_dir, .control = request->control};
	if (kernel_btf_read(&kept, &k, &damaged) < 0) {
		int r = download(request, p, module_dir, &k, e);
		if (r < 0)
			return r;
		/* One that cannot be kept is downloaded again. */
		if (io_make_parents(file, 0755) == 0)
			(void)io_replace_file(file, k.data.data, k.data.len);
	}
	k.arch = request->arch;
	*ret = k;
	k = (struct kernel_btf){0};
	*ret_of = TAKE_PTR(of);
	return 0;
}

int kernel_cache_get(const struct kernel_package_request *request, const char *module_dir,
		     struct kernel_btf *ret, char **ret_of, struct crossbpf_error *e)
{
	cleanup_kernel_package struct kernel_package p = {0};
	cleanup_error struct crossbpf_error old = {0};

	int r = kernel_package_find(request, &p, e);
	if (r < 0)
		return r;
	if (!p.own)
		return get(request, &p, module_dir, ret, ret_of, e);
	r = get(request, &p, module_dir, ret, ret_of, &old);
	if (r == -EIO) { /* the servers may have a newer one in its place */
		r = kernel_package_renew(request, &p, e);
		return r < 0 ? r : get(request, &p, module_dir, ret, ret_of, e);
	}
	if (r < 0) {
		*e = old;
		old = (struct crossbpf_error){0};
	}
	return r;
}
