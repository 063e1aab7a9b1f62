/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssh_userauth_publickey_auto() hangs behind an agent with many keys: a server takes six tries and
 * then hangs up. So the keys are tried here, those first that the configuration names, and each
 * step has an end.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "refusal.h"
#include "shared/strbuf.h"
#include "shared/io.h"

struct login {
	const struct connection *c;
	struct link *link;
	int64_t deadline; /* of one step */
	bool late;
	const char *file; /* whose passphrase is asked for */
};

typedef int step_fn(struct login *l, ssh_key key);

static int try_none(struct login *l, ssh_key key)
{
	(void)key;
	return ssh_userauth_none(l->link->session, NULL);
}

static int try_public(struct login *l, ssh_key key)
{
	return ssh_userauth_try_publickey(l->link->session, NULL, key);
}

static int try_private(struct login *l, ssh_key key)
{
	return ssh_userauth_publickey(l->link->session, NULL, key);
}

static int try_agent(struct login *l, ssh_key key)
{
	(void)key;
	return ssh_userauth_agent(l->link->session, NULL);
}

static int step(struct login *l, step_fn *fn, ssh_key key)
{
	int r;

	l->deadline = io_now() + (int64_t)OPERATION_SECONDS * 1000000000;
	while ((r = fn(l, key)) == SSH_AUTH_AGAIN) {
		if (!ssh_is_connected(l->link->session))
			return SSH_AUTH_ERROR; /* of which libssh goes on to say that it waits */
		if (io_now() > l->deadline) {
			l->late = true;
			return SSH_AUTH_ERROR;
		}
		link_wait(l->link, 100);
	}
	return r;
}

/* libssh's callback: -1 for none. */
static int ask_passphrase(const char *prompt, char *buf, size_t len, int echo, int verify,
			  void *userdata)
{
	const struct login *l = userdata;
	const struct crossbpf_host *host = l->c->host;
	cleanup_free char *question = str_printf("Passphrase of %s: ", l->file);

	(void)prompt, (void)verify;
	return question && host->ask(host->ctx, question, echo, buf, len) == 0 ? 0 : -1;
}

/* A certificate stands for the key that it is of. */
static int add_certificate(ssh_key private, const char *file)
{
	ssh_key certificate = NULL;
	int r = ssh_pki_import_cert_file(file, &certificate);

	if (r == SSH_OK)
		r = ssh_pki_copy_cert_to_privkey(certificate, private);
	ssh_key_free(certificate);
	return r;
}

/* Is it worth to ask for its passphrase? */
static bool is_taken(struct login *l, const char *file)
{
	cleanup_free char *name = str_printf("%s.pub", file);
	ssh_key public = NULL;

	if (!name || ssh_pki_import_pubkey_file(name, &public) != SSH_OK)
		return true; /* nobody knows */
	int r = step(l, try_public, public);
	ssh_key_free(public);
	return r == SSH_AUTH_SUCCESS;
}

static int try_with(struct login *l, const ssh_key private, const char *certificate)
{
	ssh_key both = ssh_key_dup(private);
	int r = SSH_AUTH_DENIED;

	if (both && add_certificate(both, certificate) == SSH_OK)
		r = step(l, try_private, both);
	ssh_key_free(both);
	return r;
}

static int try_file(struct login *l, const char *file, const struct strv *certificates)
{
	cleanup_free char *own = str_printf("%s-cert.pub", file);
	ssh_key private = NULL;
	int r = SSH_AUTH_DENIED;

	if (access(file, R_OK) < 0 || !own)
		return r;
	bool has_own = access(own, R_OK) == 0;
	l->file = file;
	if (!certificates->n && !has_own && !is_taken(l, file))
		return r;
	if (ssh_pki_import_privkey_file(file, NULL, ask_passphrase, l, &private) != SSH_OK)
		return r;
	for (size_t i = 0; i < certificates->n && r == SSH_AUTH_DENIED; i++)
		r = try_with(l, private, certificates->v[i]);
	if (r == SSH_AUTH_DENIED && has_own)
		r = try_with(l, private, own);
	if (r == SSH_AUTH_DENIED)
		r = step(l, try_private, private);
	ssh_key_free(private);
	return r;
}

static int try_all(struct login *l, const struct resolved *resolved)
{
	cleanup_strv struct strv files = {0}, certificates = {0};

	int r = step(l, try_none, NULL);
	if (r == SSH_AUTH_SUCCESS || r == SSH_AUTH_ERROR)
		return r;
	r = SSH_AUTH_DENIED;
	resolved_files(resolved, "identityfile", &files);
	resolved_files(resolved, "certificatefile", &certificates);
	for (size_t i = 0; i < files.n && r != SSH_AUTH_SUCCESS && r != SSH_AUTH_ERROR; i++)
		r = try_file(l, files.v[i], &certificates);
	if (r == SSH_AUTH_SUCCESS || r == SSH_AUTH_ERROR ||
	    strcmp(resolved_value(resolved, "identitiesonly"), "yes") == 0)
		return r;
	return step(l, try_agent, NULL);
}

int auth_log_in(const struct connection *c, const struct resolved *resolved, struct link *link)
{
	struct login l = {.c = c, .link = link};

	int r = try_all(&l, resolved);
	if (r == SSH_AUTH_SUCCESS)
		return 0;
	if (l.late)
		return refuse_host(c, "no answer to a key that was offered");
	if (r == SSH_AUTH_ERROR || !ssh_is_connected(link->session))
		return refuse_user(c, resolved, ssh_get_error(link->session));
	return refuse_user(c, resolved, "no key was taken");
}
