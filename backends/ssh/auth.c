/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ssh_userauth_publickey_auto() hangs behind an agent with many keys: a server takes six tries and
 * then hangs up. So the keys are tried here, those first that the configuration names, and each
 * step has an end.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "auth.h"
#include "refusal.h"
#include "shared/strbuf.h"
#include "shared/io.h"

enum { AGENT_SECONDS = 5 };

#ifndef MSG_NOSIGNAL /* macOS; there a module's callers ignore SIGPIPE */
#define MSG_NOSIGNAL 0
#endif

struct login {
	const struct connection *c;
	struct link *link;
	bool late;
	bool mute_agent;
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
	struct watch watch;
	int r;

	watch_start(&watch);
	while ((r = fn(l, key)) == SSH_AUTH_AGAIN) {
		if (!ssh_is_connected(l->link->session))
			return SSH_AUTH_ERROR; /* of which libssh goes on to say that it waits */
		if (watch_look(&watch) >= OPERATION_SECONDS) {
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

/*
 * libssh waits for an agent without an end, in the first question as in any other. One that holds
 * its tongue is known by that question, asked here beforehand: the list of its keys. (To sign may
 * take a user's consent.)
 */
static bool is_answering(const char *path)
{
	static const unsigned char request[] = {0, 0, 0, 1, 11}; /* SSH_AGENTC_REQUEST_IDENTITIES */
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	/* One whose queue is full is not waited for either. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return false;
	struct pollfd answer = {.fd = fd, .events = POLLIN};
	return poll(&answer, 1, AGENT_SECONDS * 1000) > 0;
}

static int try_the_agent(struct login *l, const struct resolved *resolved)
{
	cleanup_free char *path = resolved_agent(resolved);

	if (!path || access(path, F_OK) < 0)
		return SSH_AUTH_DENIED;
	if (!is_answering(path)) {
		l->mute_agent = true;
		return SSH_AUTH_DENIED;
	}
	if (ssh_options_set(l->link->session, SSH_OPTIONS_IDENTITY_AGENT, path) < 0)
		return SSH_AUTH_DENIED;
	return step(l, try_agent, NULL);
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
	return try_the_agent(l, resolved);
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
	return refuse_user(c, resolved,
			   l.mute_agent ? "no key was taken, and the ssh agent does not answer"
					: "no key was taken");
}
