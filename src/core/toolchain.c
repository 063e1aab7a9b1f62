/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "shared/io.h"
#include "tool.h"
#include "toolchain-memory.h"
#include "toolchain-probe.h" /* made from toolchain-probe.sh */
#include "toolchain.h"

void toolchain_free(struct toolchain *t)
{
	free(t->clang);
	free(t->number);
	free(t->version);
	free(t->builder);
	free(t->libbpf_dir);
	free(t->mirror);
	free(t->mirror_of);
	free(t->mirror_clang_dir);
	strv_free(&t->asm_dirs);
	strv_free(&t->filled);
	strv_free(&t->looked);
	strv_free(&t->search);
	*t = (struct toolchain){0};
}

/* The directory with asm/ headers for this arch, or NULL. */
static const char *asm_dir(const struct toolchain *t, const char *arch)
{
	size_t len = strlen(arch);

	for (size_t i = 0; len && i < t->asm_dirs.n; i++)
		if (strncmp(t->asm_dirs.v[i], arch, len) == 0 && t->asm_dirs.v[i][len] == ':')
			return t->asm_dirs.v[i] + len + 1;
	return NULL;
}

bool toolchain_has_asm(const struct toolchain *t, const char *arch)
{
	return asm_dir(t, arch);
}

/* PREFIX/clang/VERSION/include */
const char *toolchain_clang_dir(const struct toolchain *t)
{
	static const char part[] = "/clang/";

	for (size_t i = 0; i < t->search.n; i++)
		for (const char *at = t->search.v[i]; (at = strstr(at, part)); at++)
			if (strcmp(at + strlen(part) + strcspn(at + strlen(part), "/"),
				   "/include") == 0)
				return t->search.v[i];
	return NULL;
}

void toolchain_builder_dirs(const struct toolchain *t, struct strv *dirs)
{
	for (size_t i = 0; i < t->search.n; i++)
		strv_add_once(dirs, t->search.v[i]);
	for (size_t i = 0; i < t->asm_dirs.n; i++) {
		const char *colon = strchr(t->asm_dirs.v[i], ':');
		if (colon)
			strv_add_once(dirs, colon + 1);
	}
	if (t->libbpf_dir)
		strv_add_once(dirs, t->libbpf_dir);
}

bool toolchain_is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

bool toolchain_is_builders(const struct toolchain *t, const char *path)
{
	for (size_t i = 0; i < t->search.n; i++)
		if (toolchain_is_below(path, t->search.v[i]))
			return true;
	for (size_t i = 0; i < t->asm_dirs.n; i++) {
		const char *colon = strchr(t->asm_dirs.v[i], ':');
		if (colon && toolchain_is_below(path, colon + 1))
			return true;
	}
	return t->libbpf_dir && toolchain_is_below(path, t->libbpf_dir);
}

const char *toolchain_name_there(const struct toolchain *t, const char *path)
{
	return t->mirror && toolchain_is_below(path, t->mirror) ? path + strlen(t->mirror) : path;
}

void toolchain_header_dirs(const struct toolchain *t, const char *arch, struct strv *dirs)
{
	const char *dir = arch ? asm_dir(t, arch) : NULL;

	if (dir)
		strv_add(dirs, dir);
	if (t->libbpf_dir)
		strv_add(dirs, t->libbpf_dir);
}

/* As the driver tells the compiler proper which directories are the system's. The user's own
 * -isystem and C_INCLUDE_PATH come before them so, and -idirafter behind. */
static void add_search(const struct toolchain *t, struct strv *argv)
{
	strv_add(argv, "-nostdinc");
	for (size_t i = 0; i < t->search.n; i++) {
		strv_add(argv, "-Xclang");
		strv_add(argv, "-internal-isystem");
		strv_add(argv, "-Xclang");
		strv_add(argv, t->search.v[i]);
	}
}

void toolchain_header_options(const struct toolchain *t, const char *arch, const char *header_dir,
			      struct strv *argv)
{
	cleanup_strv struct strv dirs = {0};

	toolchain_header_dirs(t, arch, &dirs);
	if (header_dir)
		strv_add(&dirs, header_dir);
	if (dirs.error)
		argv->error = dirs.error;
	if (t->mirror)
		add_search(t, argv);
	for (size_t i = 0; i < dirs.n; i++) {
		strv_add(argv, "-idirafter");
		strv_add(argv, dirs.v[i]);
	}
}

static const char install_clang[] =
#ifdef __APPLE__
	"brew install llvm, or choose another backend with CROSSBPF_BACKEND";
#else
	"install one (Debian: apt install clang llvm libbpf-dev), name it in CROSSBPF_CLANG, or "
	"choose another backend with CROSSBPF_BACKEND";
#endif

/* What the probe found in place of a clang for BPF. */
static int say_why(const char *backend, const char *why, const char *program,
		   struct crossbpf_error *e)
{
	if (why && strcmp(why, "apple") == 0)
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, "brew install llvm",
				 "%s: %s is Apple's clang, which cannot compile BPF", backend,
				 program);
	if (why && strcmp(why, "no-bpf") == 0)
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, install_clang,
				 "%s: %s has no BPF target", backend, program);
	if (why && strcmp(why, "none") == 0)
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
				 "set CROSSBPF_CLANG to a clang, or unset it", "%s: %s is no clang",
				 backend, program);
	if (why && strcmp(why, "missing") == 0)
		return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND,
				 "set CROSSBPF_CLANG to a clang, or unset it",
				 "%s: there is no program '%s'", backend, program);
	return error_set(e, -ENOENT, EXIT_STATUS_NO_BACKEND, install_clang,
			 "%s: no clang was found", backend);
}

static int replace(char **string, const char *value)
{
	free(*string);
	*string = strdup(value);
	return *string ? 0 : -ENOMEM;
}

static void take_has(struct toolchain *t, const char *header)
{
	if (strcmp(header, "linux/bpf.h") == 0)
		t->has_kernel = true;
	else if (strcmp(header, "bpf/bpf_helpers.h") == 0)
		t->has_libbpf = true;
}

int toolchain_parse(char *answer, const char *backend, struct toolchain *ret_toolchain,
		    struct crossbpf_error *e)
{
	cleanup_toolchain struct toolchain t = {0};
	const char *why = NULL, *program = NULL;
	struct digest macros, parts, scripts;
	bool ended = false, has_parts = false, has_scripts = false;
	char *rest = NULL;

	digest_init(&macros);
	digest_init(&parts);
	digest_init(&scripts);
	for (char *line = strtok_r(answer, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, '\t');
		int r = 0;

		if (!value)
			continue;
		*value++ = '\0';
		if (strcmp(line, "clang") == 0)
			r = replace(&t.clang, value);
		else if (strcmp(line, "number") == 0)
			r = replace(&t.number, value);
		else if (strcmp(line, "version") == 0)
			r = replace(&t.version, value);
		else if (strcmp(line, "asm") == 0)
			strv_add(&t.asm_dirs, value);
		else if (strcmp(line, "looked") == 0)
			strv_add(&t.looked, value);
		else if (strcmp(line, "has") == 0)
			take_has(&t, value);
		else if (strcmp(line, "libbpf") == 0)
			r = replace(&t.libbpf_dir, value);
		else if (strcmp(line, "search") == 0)
			strv_add(&t.search, value);
		else if (strcmp(line, "filled") == 0)
			strv_add(&t.filled, value);
		else if (strcmp(line, "macro") == 0)
			digest_string(&macros, value);
		else if (strcmp(line, "part") == 0 || strcmp(line, "script") == 0) {
			digest_string(&parts, value);
			has_parts = true;
			if (strcmp(line, "script") == 0) {
				digest_string(&scripts, value);
				has_scripts = true;
			}
		} else if (strcmp(line, "end") == 0)
			ended = true;
		else
			why = line, program = value;
		if (r < 0 || t.asm_dirs.error || t.looked.error || t.search.error || t.filled.error)
			return error_no_memory(e);
	}
	if (!ended)
		return error_set(e, -EINTR, EXIT_STATUS_NO_BACKEND, "try again",
				 "%s: the search for a clang did not come to its end", backend);
	if (!t.clang || !t.number || !t.version)
		return say_why(backend, why, program, e);
	digest_string(&macros, t.number);
	digest_finish(&macros, t.identity);
	if (has_parts)
		digest_finish(&parts, t.content);
	if (has_scripts)
		digest_finish(&scripts, t.scripts);
	*ret_toolchain = t;
	t = (struct toolchain){0};
	return 0;
}

static int probe(struct session *s, const struct toolchain_request *request,
		 struct toolchain *ret_toolchain, struct crossbpf_error *e)
{
	const char *argv[] = {"sh", "-c", toolchain_probe, "probe", request->clang, NULL};
	cleanup_strbuf struct strbuf answer = {0};
	int status;

	static const char *const nothing[] = {NULL};
	/* The host's PATH and the like say nothing of another place. */
	const char *const *env = session_sees_host_files(s) ? request->env : nothing;

	int r = session_capture(s, argv, env, &answer, &status, e);
	if (r < 0)
		return r;
	return toolchain_parse(answer.data, s->plugin.backend.name, ret_toolchain, e);
}

char *toolchain_stamp(const struct toolchain *t, const char *cache_dir)
{
	return t->headers[0] && cache_dir ? str_printf("%s/builder/%s", cache_dir, t->headers)
					  : NULL;
}

/* What was remembered of a builder; not where its stamp is gone, which files of make name. */
static int load_builder(const struct toolchain_memory *memory, const char *cache_dir,
			struct toolchain *ret_toolchain)
{
	cleanup_toolchain struct toolchain t = {0};

	int r = toolchain_memory_load(memory, &t);
	if (r < 0)
		return r;
	cleanup_free char *stamp = toolchain_stamp(&t, cache_dir);
	if (stamp && access(stamp, F_OK) < 0)
		return -ENOENT;
	*ret_toolchain = t;
	t = (struct toolchain){0};
	return 0;
}

int toolchain_recall(const char *backend, const struct toolchain_request *request,
		     struct toolchain *ret_toolchain)
{
	int r = -ENOENT;

	/* Whether it sees the host's files is not known without loading it. */
	for (int i = 0; i < 2 && r == -ENOENT && request->cache_dir; i++) {
		cleanup_toolchain_memory struct toolchain_memory memory = {0};
		r = i == 0 ? toolchain_memory_open(request, backend, &memory)
			   : toolchain_memory_open_builder(request, backend, &memory);
		if (r == 0)
			r = i == 0 ? toolchain_memory_load(&memory, ret_toolchain)
				   : load_builder(&memory, request->cache_dir, ret_toolchain);
	}
	return r;
}

/* On the host: for as long as the files are as they were. */
static int find_here(struct session *s, const struct toolchain_request *request,
		     struct toolchain *ret_toolchain, struct crossbpf_error *e)
{
	cleanup_toolchain_memory struct toolchain_memory memory = {0};

	int r = toolchain_memory_open(request, s->plugin.backend.name, &memory);
	if (r == -ENOMEM)
		return error_no_memory(e);
	if (r < 0) /* relative to a working directory that was deleted */
		return probe(s, request, ret_toolchain, e);
	if (toolchain_memory_load(&memory, ret_toolchain) == 0)
		return 0;
	r = probe(s, request, ret_toolchain, e);
	if (r == 0)
		toolchain_memory_save(&memory, ret_toolchain);
	return r;
}

/* Lists the headers there, and writes the stamp. */
static int list_headers(struct session *s, const char *cache_dir, struct toolchain *t,
			struct crossbpf_error *e)
{
	/* Those of C++ are many, and no program here reads them. */
	static const char script[] =
		"find -L \"$@\" -name c++ -prune -o -type f -exec sha256sum {} +\n"
		"[ $? -gt 1 ] || echo end"; /* 1: a directory cannot be read */
	static const char *const nothing[] = {NULL};
	cleanup_strbuf struct strbuf listed = {0}, sorted = {0};
	cleanup_strv struct strv argv = {0}, lines = {0};
	struct digest digest;
	char *rest = NULL;
	bool ended = false;
	int status;

	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, script);
	strv_add(&argv, "headers");
	toolchain_builder_dirs(t, &argv);
	int r = argv.error ? error_no_memory(e)
			   : session_capture(s, (const char *const *)argv.v, nothing, &listed,
					     &status, e);
	if (r < 0)
		return r;
	for (char *line = strtok_r(listed.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		ended = strcmp(line, "end") == 0;
		if (!ended)
			strv_add(&lines, line);
	}
	if (lines.n && !ended)
		return error_set(e, -EINTR, EXIT_STATUS_NO_BACKEND, "try again",
				 "%s: the list of its headers did not come to its end",
				 s->plugin.backend.name);
	strv_sort(&lines);
	for (size_t i = 0; i < lines.n; i++) /* directories may lie in one another */
		if (i == 0 || strcmp(lines.v[i], lines.v[i - 1]) != 0)
			strbuf_printf(&sorted, "%s\n", lines.v[i]);
	if (lines.error || sorted.error)
		return error_no_memory(e);
	if (!sorted.len)
		return 0; /* no find or sha256sum there: done without */
	digest_init(&digest);
	digest_bytes(&digest, sorted.data, sorted.len);
	digest_finish(&digest, t->headers);
	cleanup_free char *stamp = toolchain_stamp(t, cache_dir);
	if (!stamp)
		return error_no_memory(e);
	if (access(stamp, F_OK) < 0 && (io_make_parents(stamp, 0700) < 0 ||
					io_replace_file(stamp, sorted.data, sorted.len) < 0))
		t->headers[0] = '\0';
	return 0;
}

/* Skeletons depend on it, and it comes with another package than clang does. */
static int ask_bpftool(struct session *s, struct toolchain *t, struct crossbpf_error *e)
{
	static const char *const nothing[] = {NULL};
	cleanup_strbuf struct strbuf said = {0};
	cleanup_strv struct strv argv = {0};
	struct digest digest;
	int status;

	tool_begin_argv(&argv, "run", TOOL_BPFTOOL, t);
	strv_add(&argv, "version");
	int r = argv.error ? error_no_memory(e)
			   : session_capture(s, (const char *const *)argv.v, nothing, &said,
					     &status, e);
	if (r < 0 || !said.len)
		return r;
	digest_init(&digest);
	digest_bytes(&digest, said.data, said.len);
	digest_finish(&digest, t->bpftool);
	return 0;
}

static int probe_there(struct session *s, const struct toolchain_request *request,
		       struct toolchain *ret_toolchain, struct crossbpf_error *e)
{
	int r = probe(s, request, ret_toolchain, e);

	return r < 0 ? r : ask_bpftool(s, ret_toolchain, e);
}

/* On a builder: for as long as it is the same one. */
static int find_there(struct session *s, const struct toolchain_request *request,
		      const char *identity, struct toolchain *ret_toolchain,
		      struct crossbpf_error *e)
{
	cleanup_toolchain_memory struct toolchain_memory memory = {0};

	if (toolchain_memory_open_builder(request, s->plugin.backend.name, &memory) < 0)
		return error_no_memory(e);
	if (!request->fresh && load_builder(&memory, request->cache_dir, ret_toolchain) == 0) {
		if (ret_toolchain->builder && strcmp(ret_toolchain->builder, identity) == 0)
			return 0;
		toolchain_free(ret_toolchain);
	}
	int r = probe_there(s, request, ret_toolchain, e);
	if (r == 0)
		r = list_headers(s, request->cache_dir, ret_toolchain, e);
	if (r < 0)
		return r;
	ret_toolchain->builder = strdup(identity);
	if (!ret_toolchain->builder)
		return error_no_memory(e);
	toolchain_memory_save(&memory, ret_toolchain);
	return 0;
}

int toolchain_find(struct session *s, const struct toolchain_request *request,
		   struct toolchain *ret_toolchain, struct crossbpf_error *e)
{
	char identity[256] = "";

	if (request->cache_dir && session_sees_host_files(s))
		return find_here(s, request, ret_toolchain, e);
	if (session_sees_host_files(s))
		return probe(s, request, ret_toolchain, e);
	int r = session_identity(s, identity, sizeof(identity), e);
	if (r < 0)
		return r;
	return request->cache_dir && identity[0]
		       ? find_there(s, request, identity, ret_toolchain, e)
		       : probe_there(s, request, ret_toolchain, e);
}

bool toolchain_precompiles(const struct toolchain *t)
{
	return strtol(t->number, NULL, 10) < 15;
}
