/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "common/options.h"
#include "known-hosts.h"
#include "refusal.h"
#include "shared/strbuf.h"

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

int known_hosts_check(const struct connection *c, const struct resolved *resolved,
		      ssh_session session)
{
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
	return refuse_key(c, resolved, changed, print ? print : "no key");
}
