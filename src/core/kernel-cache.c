/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "kernel-cache.h"
#include "shared/io.h"

/* The package's name without ".deb". */
static char *stem(const struct kernel_package *p)
{
	return strndup(p->file, strlen(p->file) - strlen(".deb"));
}

struct job {
	const struct kernel_package_request *request;
	const char *module_dir;
	struct kernel_btf btf;
	char *of; /* the package; owned until it is returned */
};

static int read_btf(const struct job *j, const char *file, struct kernel_btf *ret,
		    struct crossbpf_error *e)
{
	const struct kernel_btf_request reading = {
		.path = file, .module_dir = j->module_dir, .control = j->request->control};

	return kernel_btf_read(&reading, ret, e);
}

/* A package of tens of megabytes, for its BTF: nothing else of it is kept. */
static int read_package(void *ctx, const struct kernel_package *p, const char *file,
			struct crossbpf_error *e)
{
	struct job *j = ctx;

	(void)p;
	return read_btf(j, file, &j->btf, e);
}

/* With its digest: what has one name and version may have been built again. */
static char *file_of(const struct kernel_package_request *request, const struct kernel_package *p,
		     const char *of)
{
	return str_printf("%s/kernels/%s%s%.32s.btf", request->cache_dir, of, *p->hash ? "-" : "",
			  p->hash);
}

/* What is kept of it, else what is in the package. */
static int take(void *ctx, const struct kernel_package *p, struct crossbpf_error *e)
{
	struct job *j = ctx;
	const struct kernel_package_user user = {j, take, read_package};
	cleanup_error struct crossbpf_error damaged = {0};
	cleanup_free char *of = stem(p);
	cleanup_free char *file = of ? file_of(j->request, p, of) : NULL;

	if (!file)
		return error_no_memory(e);
	if (read_btf(j, file, &j->btf, &damaged) < 0) {
		int r = kernel_package_download(j->request, p, &user, e);
		if (r < 0)
			return r;
		/* One that cannot be kept is downloaded again. */
		if (io_make_parents(file, 0755) == 0)
			(void)io_replace_file(file, j->btf.data.data, j->btf.data.len);
	}
	j->btf.arch = j->request->arch;
	j->of = TAKE_PTR(of);
	return 0;
}

int kernel_cache_get(const struct kernel_package_request *request, const char *module_dir,
		     struct kernel_btf *ret, char **ret_of, struct crossbpf_error *e)
{
	struct job j = {.request = request, .module_dir = module_dir};
	const struct kernel_package_user user = {&j, take, read_package};

	int r = kernel_package_use(request, &user, e);
	if (r < 0) {
		kernel_btf_free(&j.btf);
		return r;
	}
	*ret = j.btf;
	*ret_of = j.of;
	return 0;
}
