/* SPDX-License-Identifier: BSD-2-Clause */
#include "suite.h"

#include "shared/io.h"
#include "vm/ssh-config.h"

/* As Lima's documentation shows it. */
static const char lima[] =
	"# This SSH config file can be passed to 'ssh -F'.\n"
	"# This file is created by Lima, but not used by Lima itself currently.\n"
	"# Modifications to this file will be lost on restarting the Lima instance.\n"
	"Host lima-default\n"
	"  IdentityFile \"/Users/example/.lima/_config/user\"\n"
	"  StrictHostKeyChecking no\n"
	"  UserKnownHostsFile /dev/null\n"
	"  NoHostAuthenticationForLocalhost yes\n"
	"  GSSAPIAuthentication no\n"
	"  PreferredAuthentications publickey\n"
	"  Compression no\n"
	"  BatchMode yes\n"
	"  IdentitiesOnly yes\n"
	"  Ciphers \"^aes128-gcm@openssh.com,aes256-gcm@openssh.com\"\n"
	"  User example\n"
	"  ControlMaster auto\n"
	"  ControlPath \"/Users/example/.lima/default/ssh.sock\"\n"
	"  ControlPersist yes\n"
	"  Hostname 127.0.0.1\n"
	"  Port 60022\n";

/* As `vagrant ssh-config` prints it. */
static const char vagrant[] =
	"Host default\n"
	"  HostName 192.168.121.51\n"
	"  User vagrant\n"
	"  Port 22\n"
	"  UserKnownHostsFile /dev/null\n"
	"  StrictHostKeyChecking no\n"
	"  PasswordAuthentication no\n"
	"  IdentityFile /home/me/p r/.vagrant/machines/default/libvirt/private_key\n"
	"  IdentityFile /home/me/other\n"
	"  IdentitiesOnly yes\n"
	"  LogLevel FATAL\n"
	"\n"
	"Host second\n"
	"  HostName 192.168.121.52\n"
	"  User other\n";

static void check_read(const char *text, const char *host, const char *port, const char *user,
		       const char *key)
{
	cleanup_ssh_config struct ssh_config c = {0};

	ck_assert_int_eq(ssh_config_read(text, &c), 0);
	ck_assert_str_eq(c.host, host);
	ck_assert_str_eq(c.port, port);
	ck_assert_str_eq(c.user, user);
	ck_assert_str_eq(c.key, key);
}

TEST(what_providers_print)
{
	check_read(lima, "127.0.0.1", "60022", "example", "/Users/example/.lima/_config/user");
	check_read(vagrant, "192.168.121.51", "22", "vagrant",
		   "/home/me/p r/.vagrant/machines/default/libvirt/private_key");
	check_read("HOST x\r\n\thostname=h\r\n\tPort = 1\r\n\tUSER u\r\n\tIdentityFile "
		   "\"/k\"\r\nHost y\n",
		   "h", "1", "u", "/k");
}

/* What ssh would run, or take for something else. */
TEST(what_is_refused)
{
	static const char *const bad[] = {
		"",
		"Host x\n HostName h\n Port 1\n User u\n",
		"HostName h\nPort 1\nUser u\nIdentityFile /k\n",
		"Host x\n HostName -oProxyCommand=id\n Port 1\n User u\n IdentityFile /k\n",
		"Host x\n HostName $(id)\n Port 1\n User u\n IdentityFile /k\n",
		"Host x\n HostName h\n Port 1x\n User u\n IdentityFile /k\n",
		"Host x\n HostName h\n Port 123456\n User u\n IdentityFile /k\n",
		"Host x\n HostName h\n Port 1\n User -u\n IdentityFile /k\n",
		"Host x\n HostName h\n Port 1\n User u\n IdentityFile k\n",
		"Host x\n HostName h\n Port 1\n User u\n IdentityFile /a${HOME}\n",
		"Host x\n HostName h\n Port 1\n User u\n IdentityFile \"/a\"b\"\n",
		"Host x\n HostName\n Port 1\n User u\n IdentityFile /k\n",
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		cleanup_ssh_config struct ssh_config c = {0};
		ck_assert_msg(ssh_config_read(bad[i], &c) == -EINVAL, "%s", bad[i]);
	}
}

/* All that ssh is told is what we wrote: of the text above, four values. */
TEST(what_is_written)
{
	cleanup_ssh_config struct ssh_config c = {0}, again = {0};
	cleanup_strbuf struct strbuf text = {0};

	ck_assert_int_eq(ssh_config_read(lima, &c), 0);
	ck_assert_int_eq(ssh_config_write(&c, "crossbpf-vm", "/cache/100%/known", true, "config"),
			 0);
	ck_assert_int_eq(io_read_file("config", 4096, &text), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "Host crossbpf-vm\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "UserKnownHostsFile \"/cache/100%%/known\"\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "StrictHostKeyChecking accept-new\n"));
	ck_assert_ptr_null(strstr(text.data, "ControlPath"));
	ck_assert_ptr_null(strstr(text.data, "NoHostAuthenticationForLocalhost"));
	ck_assert_int_eq(ssh_config_read(text.data, &again), 0);
	ck_assert_str_eq(again.key, c.key);

	strbuf_free(&text);
	text = (struct strbuf){0};
	ck_assert_int_eq(ssh_config_write(&c, "crossbpf-vm", "/known", false, "config"), 0);
	ck_assert_int_eq(io_read_file("config", 4096, &text), 0);
	ck_assert_ptr_nonnull(strstr(text.data, "StrictHostKeyChecking yes\n"));
	ck_assert_int_eq(ssh_config_write(&c, "crossbpf-vm", "/a\"b", false, "config"), -EINVAL);
}

static void add_tests(TCase *c)
{
	tcase_add_test(c, what_providers_print);
	tcase_add_test(c, what_is_refused);
	tcase_add_test(c, what_is_written);
}

int main(void)
{
	return suite_run("vm_ssh_config", add_tests);
}
