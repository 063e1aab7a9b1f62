/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "common/find.h"
#include "common/options.h"
#include "shared/io.h"

enum { DOCKERFILE_LIMIT = 1 << 20 };

/* The tag follows from what the file says: a changed one is another image. */
static int name_after_content(const struct crossbpf_host *host, const char *dockerfile,
			      char **ret_name)
{
	cleanup_strbuf struct strbuf content = {0};
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	int r = io_read_file(dockerfile, DOCKERFILE_LIMIT, &content);
	if (r < 0)
		return complain(host, r, "install crossbpf whole, or name an image",
				"cannot read what the image is built from, %s: %s", dockerfile,
				strerror(-r));
	digest_init(&d);
	digest_bytes(&d, content.data, content.len);
	digest_finish(&d, hex);
	*ret_name = str_printf("crossbpf-builder:%.16s", hex);
	return *ret_name ? 0 : -ENOMEM;
}

/* Digests in a name that is to be pulled, options no: what begins with "-" is no image. */
static int check_name(const struct crossbpf_host *host, const char *name)
{
	if (name[0] == '-' || name[strcspn(name, " \t\n")])
		return complain(host, -EINVAL, "an image is NAME[:TAG][@DIGEST]",
				"'%s' is no image's name", name);
	return 0;
}

static int choose_built(const struct crossbpf_host *host, const char *own, struct image *i)
{
	cleanup_free char *dir = NULL;
	int r = own ? io_working_directory(&dir) : 0;

	if (r < 0)
		return complain(host, r, NULL, "there is no working directory: %s", strerror(-r));
	i->dockerfile =
		own ? io_absolute(dir, own)
		    : find_installed("CROSSBPF_DATADIR", CROSSBPF_DATADIR, "docker/Dockerfile");
	i->line = own && i->dockerfile ? strdup(i->dockerfile) : strdup("crossbpf");
	if (!i->dockerfile || !i->line)
		return complain(host, -ENOMEM, NULL, "out of memory");
	return name_after_content(host, i->dockerfile, &i->name);
}

int image_choose(const struct crossbpf_host *host, const struct crossbpf_kv *conf,
		 struct image *ret_image)
{
	const char *named = option(conf, "where");
	struct image i = {0};
	int r;

	if (!named)
		named = option(conf, "image");
	if (named) {
		i.name = strdup(named);
		i.line = strdup(named);
		r = i.name && i.line ? check_name(host, named)
				     : complain(host, -ENOMEM, NULL, "out of memory");
	} else {
		r = choose_built(host, option(conf, "dockerfile"), &i);
	}
	if (r < 0)
		image_free(&i);
	else
		*ret_image = i;
	return r;
}

void image_free(struct image *i)
{
	free(i->name);
	free(i->dockerfile);
	free(i->line);
	*i = (struct image){0};
}

/* An engine hands its own proxies to what it builds, but not those of its caller. */
static void add_proxies(struct strv *words)
{
	static const char *const variables[] = {"http_proxy", "https_proxy", "no_proxy",
						"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
						"ftp_proxy",  "all_proxy",   NULL};

	for (size_t n = 0; variables[n]; n++) {
		if (!getenv(variables[n]))
			continue;
		strv_add(words, "--build-arg");
		strv_add(words, variables[n]);
	}
}

static int build(const struct engine *e, const struct crossbpf_kv *conf, const struct image *i)
{
	cleanup_strv struct strv words = {0};
	cleanup_call struct call c = {.log = e->host};
	size_t dir_len = (size_t)(io_basename(i->dockerfile) - i->dockerfile);

	strv_add_all(&words,
		     (const char *const[]){"build", "-t", i->name, "-f", i->dockerfile, NULL});
	add_proxies(&words);
	option_list(conf, "build_options", &words);
	strv_take(&words, str_printf("%.*s", (int)dir_len, i->dockerfile));

	cleanup_free char *line =
		str_printf("building the image %s from %s", i->name, i->dockerfile);
	if (line)
		e->host->log(e->host->ctx, CROSSBPF_LOG_INFO, line);
	int r = engine_call(e, &c, &words);
	if (r == 0 && c.status == 0)
		return 0;
	cleanup_free char *tail = r < 0 ? str_printf("%s", strerror(-r)) : call_tail(&c);
	return complain(e->host, r < 0 ? r : -EIO,
			"an image with clang can also be named: image = \"NAME\"",
			"%s cannot build the image %s from %s: %s", e->name, i->name, i->dockerfile,
			tail ? tail : "out of memory");
}

int image_ensure(const struct engine *e, const struct crossbpf_kv *conf, const struct image *i)
{
	cleanup_strbuf struct strbuf answer = {0};

	if (!i->dockerfile ||
	    engine_ask(e, &answer, (const char *const[]){"image", "inspect", i->name, NULL}))
		return 0;
	return build(e, conf, i);
}
