/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "common/options.h"
#include "known-hosts.h"
#include "refusal.h"
#include "shared/io.h"

enum { MAX_FILE = 64 << 20 };

/* "ssh-ed25519 SHA256:…", as ssh says it. */
static char *fingerprint(ssh_session session)
{
	unsigned char *hash = NULL;
	ssh_key key = NULL;
	size_t len = 0;
	char *text = NULL, *line = NULL;

	if (ssh_get_server_publickey(session, &key) != SSH_OK)
		return NULL;
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == 0)
		text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	if (text)
		line = str_printf("%s %s", ssh_key_type_to_char(ssh_key_type(key)), text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return line;
}

/* The user's configuration may say that new ones are taken. */
static bool takes_new(const struct resolved *resolved)
{
	const char *checking = resolved_value(resolved, "stricthostkeychecking");

	return strcmp(checking, "accept-new") == 0 || strcmp(checking, "false") == 0;
}

/* libssh knows no revoked keys, and would take one that is there without the mark too. */
static const char *find_revoked(const struct strv *files)
{
	static const char mark[] = "@revoked";

	for (size_t i = 0; i < files->n; i++) {
		cleanup_strbuf struct strbuf text = {0};
		if (io_read_file(files->v[i], MAX_FILE, &text) < 0 || !text.len)
			continue;
		for (const char *at = text.data; (at = strstr(at, mark)); at++)
			if (at == text.data || at[-1] == '\n')
				return files->v[i];
	}
	return NULL;
}

static int check_files(const struct connection *c, const struct resolved *resolved)
{
	static const char *const keywords[] = {"userknownhostsfile", "globalknownhostsfile"};

	for (size_t i = 0; i < 2; i++) {
		cleanup_strv struct strv lines = {0}, files = {0};
		resolved_files(resolved, keywords[i], &lines);
		for (size_t j = 0; j < lines.n; j++)
			for (char *rest = NULL, *file = strtok_r(lines.v[j], " ", &rest); file;
			     file = strtok_r(NULL, " ", &rest))
				strv_add(&files, file);
		if (lines.error || files.error)
			return complain(c->host, -ENOMEM, NULL, "out of memory");
		const char *revoked = find_revoked(&files);
		if (revoked)
			return complain(c->host, -EOPNOTSUPP, "take transport=openssh",
					"%s has revoked keys, and transport=libssh knows none",
					revoked);
	}
	return 0;
}

int known_hosts_check(const struct connection *c, const struct resolved *resolved,
		      ssh_session session)
{
	int r = check_files(c, resolved);
	if (r < 0)
		return r;
	enum ssh_known_hosts_e known = ssh_session_is_known_server(session);

	if (known == SSH_KNOWN_HOSTS_OK)
		return 0;
	if (known == SSH_KNOWN_HOSTS_ERROR)
		return complain(c->host, -EIO, NULL, "the known hosts cannot be read: %s",
				ssh_get_error(session));
	bool changed = known == SSH_KNOWN_HOSTS_CHANGED || known == SSH_KNOWN_HOSTS_OTHER;
	if (!changed && takes_new(resolved))
		return ssh_session_update_known_hosts(session) == SSH_OK
			       ? 0
			       : complain(c->host, -EIO, NULL,
					  "the host key of %s cannot be kept: %s", c->name,
					  ssh_get_error(session));
	cleanup_free char *print = fingerprint(session);
	return refuse_key(c, resolved, changed, NULL, print ? print : "no key");
}
