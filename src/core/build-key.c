/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "build-key.h"
#include "remote.h"
#include "shared/io.h"

static bool exists(void *ctx, const char *path)
{
	const struct build_key *k = ctx;
	struct stat st;

	if (k->headers && toolchain_is_builders(k->build->toolchain, path))
		return builder_headers_find(k->headers, path, NULL);
	cleanup_free char *absolute = io_absolute(k->build->root, path);
	return absolute && stat(absolute, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* Of what is on a builder elsewhere that is not known. */
static bool identify(void *ctx, const char *path, struct action_file_id *ret_id)
{
	const struct build_key *k = ctx;
	struct stat st;

	if (k->headers && toolchain_is_builders(k->build->toolchain, path))
		return false;
	cleanup_free char *absolute = io_absolute(k->build->root, path);
	if (!absolute || stat(absolute, &st) < 0)
		return false;
	*ret_id = (struct action_file_id){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
	return true;
}

int build_key_init(struct build_key *k, const struct build *b, const struct build_action *a)
{
	*k = (struct build_key){
		.build = b,
		.request =
			{
				.plan = b->plan,
				.action = a,
				.toolchain = b->toolchain,
				.root = b->root,
				.header_dir = b->header_dir,
				.exists = exists,
				.identify = identify,
				.ctx = k,
			},
	};
	if (!b->remote)
		return 0;
	k->headers = remote_headers(b->remote);
	k->stamp = remote_stamp(b->remote);
	return k->headers ? 0 : -ENOMEM;
}

void build_key_free(struct build_key *k)
{
	free(k->stamp);
	free(k->files);
	strv_free(&k->names);
	strv_free(&k->asks);
}

int build_key_add(void *key, const char *path, const uint8_t digest[DIGEST_SIZE], const char *asks)
{
	struct build_key *k = key;

	if (k->stamp && strcmp(path, k->stamp) == 0)
		return 0;
	if (k->n == k->room) {
		size_t room = k->room ? 2 * k->room : 64;
		struct action_file *files = realloc(k->files, room * sizeof(*files));
		if (!files)
			return -ENOMEM;
		k->files = files;
		k->room = room;
	}
	strv_add(&k->names, path);
	strv_add(&k->asks, asks ? asks : "");
	if (k->names.error || k->asks.error)
		return -ENOMEM;
	struct action_file *file = &k->files[k->n++];
	file->path = k->names.v[k->names.n - 1];
	file->asks = k->asks.v[k->asks.n - 1];
	memcpy(file->digest, digest, DIGEST_SIZE);
	return 0;
}

/* Those that stand behind the stamp. */
static int add_builders(struct build_key *k, const struct strv *read)
{
	uint8_t digest[DIGEST_SIZE];
	int r = 0;

	for (size_t i = 0; i < read->n && r == 0; i++)
		if (toolchain_is_builders(k->build->toolchain, read->v[i]))
			r = builder_headers_find(k->headers, read->v[i], digest)
				    ? build_key_add(k, read->v[i], digest, NULL)
				    : -ENODATA;
	return r;
}

int build_key_finish(struct build_key *k, const struct strv *read, uint8_t ret_key[DIGEST_SIZE])
{
	int r = k->headers ? add_builders(k, read) : 0;

	k->request.files = k->files;
	k->request.n = k->n;
	return r < 0 ? r : action_key(&k->request, ret_key);
}
