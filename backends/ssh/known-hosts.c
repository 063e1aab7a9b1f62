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
static bool has_revoked(const char *file)
{
	static const char mark[] = "@revoked";
	cleanup_strbuf struct strbuf text = {0};

	if (io_read_file(file, MAX_FILE, &text) < 0 || !text.len)
		return false;
	for (const char *at = text.data; (at = strstr(at, mark)); at++)
		if (at == text.data || at[-1] == '\n')
			return true;
	return false;
}

/* libssh looks in one file of each kind, and in one of its own where none is named. */
static int look_in(ssh_session session, const char *user, const char *global)
{
	return ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, user ? user : "/dev/null") < 0 ||
			       ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS,
					       global ? global : "/dev/null") < 0
		       ? SSH_ERROR
		       : SSH_OK;
}

/* The user's first. */
static int list_files(const struct connection *c, const struct resolved *resolved,
		      struct strv *files)
{
	resolved_known_hosts(resolved, "userknownhostsfile", files);
	resolved_known_hosts(resolved, "globalknownhostsfile", files);
	return files->error ? complain(c->host, -ENOMEM, NULL, "out of memory") : 0;
}

int known_hosts_prepare(const struct connection *c, const struct resolved *resolved,
			ssh_session session)
{
	cleanup_strv struct strv files = {0};

	int r = list_files(c, resolved, &files);
	for (size_t i = 0; i < files.n && r == 0; i++) {
		if (has_revoked(files.v[i]))
			return complain(c->host, -EOPNOTSUPP, "take transport=openssh",
					"%s has revoked keys, and transport=libssh knows none",
					files.v[i]);
		if (look_in(session, files.v[i], NULL) == SSH_OK &&
		    ssh_session_has_known_hosts_entry(session) == SSH_KNOWN_HOSTS_OK)
			return 0;
	}
	return r == 0 && look_in(session, NULL, NULL) != SSH_OK
		       ? complain(c->host, -ENOMEM, NULL, "out of memory")
		       : r;
}

/* Looks in all of them. *ret_file, borrowed from `files`, is the one that has another key. */
static enum ssh_known_hosts_e find_key(ssh_session session, const struct strv *files,
				       const char **ret_file)
{
	enum ssh_known_hosts_e found = SSH_KNOWN_HOSTS_UNKNOWN;

	for (size_t i = 0; i < files->n; i++) {
		if (look_in(session, files->v[i], NULL) != SSH_OK)
			return SSH_KNOWN_HOSTS_ERROR;
		enum ssh_known_hosts_e known = ssh_session_is_known_server(session);
		if (known == SSH_KNOWN_HOSTS_OK || known == SSH_KNOWN_HOSTS_ERROR)
			return known;
		bool other = known == SSH_KNOWN_HOSTS_CHANGED || known == SSH_KNOWN_HOSTS_OTHER;
		if (other && found == SSH_KNOWN_HOSTS_UNKNOWN) {
			found = known;
			*ret_file = files->v[i];
		}
	}
	return found;
}

/* In the first of the user's. */
static int keep_key(const struct connection *c, const struct resolved *resolved,
		    ssh_session session)
{
	cleanup_strv struct strv files = {0};

	resolved_known_hosts(resolved, "userknownhostsfile", &files);
	if (!files.error && look_in(session, files.n ? files.v[0] : NULL, NULL) == SSH_OK &&
	    ssh_session_update_known_hosts(session) == SSH_OK)
		return 0;
	return complain(c->host, -EIO, NULL, "the host key of %s cannot be kept: %s", c->name,
			ssh_get_error(session));
}

int known_hosts_check(const struct connection *c, const struct resolved *resolved,
		      ssh_session session)
{
	cleanup_strv struct strv files = {0};
	const char *file = NULL;

	int r = list_files(c, resolved, &files);
	if (r < 0)
		return r;
	enum ssh_known_hosts_e known = find_key(session, &files, &file);
	if (known == SSH_KNOWN_HOSTS_OK)
		return 0;
	if (known == SSH_KNOWN_HOSTS_ERROR)
		return complain(c->host, -EIO, NULL, "the known hosts cannot be read: %s",
				ssh_get_error(session));
	if (!file && takes_new(resolved))
		return keep_key(c, resolved, session);
	cleanup_free char *print = fingerprint(session);
	return refuse_key(c, resolved, file, file, print ? print : "no key");
}
