/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen/ident.h"
#include "go-module.h"
#include "shared/io.h"

enum { MAX_MODULE = 1 << 20 };

/* The nearest go.mod; -ENOENT. */
static int read_module(const char *dir, struct strbuf *ret_text)
{
	size_t len = strlen(dir);

	for (;;) {
		cleanup_free char *path = str_printf("%.*s/go.mod", (int)len, dir);
		if (!path)
			return -ENOMEM;
		int r = io_read_file(path, MAX_MODULE, ret_text);
		if (r != -ENOENT && r != -ENOTDIR)
			return r;
		while (len && dir[len - 1] == '/')
			len--;
		if (!len)
			return -ENOENT;
		while (len && dir[len - 1] != '/')
			len--;
	}
}

int go_module_dialect(const char *dir, const char *said, struct go_dialect *ret,
		      struct crossbpf_error *e)
{
	cleanup_strbuf struct strbuf text = {0};

	if (said && !go_dialect_parse(said, ret))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "give one as go.mod does: v0.17.3",
				 "'%s' is no version of github.com/cilium/ebpf", said);
	if (said)
		return 0;
	int r = read_module(dir, &text);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0 && r != -ENOENT)
		return error_set(e, r, EXIT_STATUS_USAGE,
				 "make it readable, as it says for which version of cilium/ebpf "
				 "Go files are",
				 "cannot read go.mod in %s or above it: %s", dir, strerror(-r));
	if (r == -ENOENT || !text.len || !go_dialect_of_module(text.data, text.len, ret)) {
		go_dialect_of(GO_DIALECT_OLDEST, ret);
		ret->assumed = true;
	}
	return 0;
}

char *go_module_tell(const struct go_dialect *dialect, const char *said)
{
	unsigned minor = dialect->version / 1000, patch = dialect->version % 1000;

	if (dialect->assumed)
		return str_printf("Go files are for cilium/ebpf v0.%u.%u and newer, as no go.mod "
				  "there requires one",
				  minor, patch);
	return str_printf("Go files are for cilium/ebpf as of v0.%u.%u, which %s", minor, patch,
			  said ? "was asked for" : "go.mod requires");
}

int go_module_package(const char *dir, const char *said, char **ret_package,
		      struct crossbpf_error *e)
{
	const char *variable = getenv("GOPACKAGE");
	const char *chosen = said ? said : variable && *variable ? variable : NULL;
	size_t len = strlen(dir), from;

	while (len > 1 && (dir[len - 1] == '/' || (dir[len - 1] == '.' && dir[len - 2] == '/')))
		len--;
	for (from = len; from && dir[from - 1] != '/';)
		from--;
	cleanup_free char *package = chosen ? strdup(chosen) : strndup(dir + from, len - from);
	if (!package)
		return error_no_memory(e);
	if (!ident_is_package(package))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "name the package with --package, or set GOPACKAGE",
				 chosen ? "'%s' is no name of a Go package"
					: "the directory's name, '%s', is no name of a Go package",
				 package);
	*ret_package = TAKE_PTR(package);
	return 0;
}
