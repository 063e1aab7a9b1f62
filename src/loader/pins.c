/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "pins.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "shared/io.h"
#include "shared/strbuf.h"

enum { BPF_FS = 0xcafe4a11 }; /* linux/magic.h: BPF_FS_MAGIC */

char *pins_encode(const char *name)
{
	cleanup_strbuf struct strbuf b = {0};
	char *encoded = NULL;

	strbuf_puts(&b, "");
	for (; *name; name++)
		if (isalnum((unsigned char)*name) || strchr("-_@:=,+", *name))
			strbuf_putc(&b, *name);
		else if (*name == '/')
			strbuf_putc(&b, '!');
		else
			strbuf_printf(&b, "%%%02x", (unsigned char)*name);
	return strbuf_finish(&b, &encoded) == 0 ? encoded : NULL;
}

char *pins_decode(const char *name)
{
	cleanup_strbuf struct strbuf b = {0};
	char *decoded = NULL;

	strbuf_puts(&b, "");
	for (; *name; name++)
		if (*name == '%' && isxdigit((unsigned char)name[1]) &&
		    isxdigit((unsigned char)name[2])) {
			const char digits[] = {name[1], name[2], '\0'};
			strbuf_putc(&b, (char)strtoul(digits, NULL, 16));
			name += 2;
		} else {
			strbuf_putc(&b, *name == '!' ? '/' : *name);
		}
	return strbuf_finish(&b, &decoded) == 0 ? decoded : NULL;
}

char *pins_path(const char *dir, const char *kind, const char *name)
{
	cleanup_free char *encoded = pins_encode(name);

	return encoded ? str_printf("%s/%s/%s", dir, kind, encoded) : NULL;
}

/* xdp_blocklist of programs/xdp_blocklist.bpf.o, and of one for a byte order. */
static char *name_of(const char *object)
{
	static const char *const ends[] = {".o", ".bpf", ".bpfel", ".bpfeb"};
	cleanup_free char *base = strdup(io_basename(object));

	for (size_t i = 0; base && i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = strlen(base), end = strlen(ends[i]);
		if (len > end && strcmp(base + len - end, ends[i]) == 0)
			base[len - end] = '\0';
	}
	return base ? pins_encode(base) : NULL;
}

char *pins_dir(const char *word, const char *object)
{
	cleanup_free char *name = NULL;

	if (word && word[0] == '/')
		return strdup(word);
	name = word ? pins_encode(word) : name_of(object);
	return name ? str_printf(PINS_ROOT "/%s", name) : NULL;
}

bool pins_is_bpf_fs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == BPF_FS;
}

/* As under ip netns exec: what is mounted goes, with all in it, as the command ends. */
static bool has_own_mounts(void)
{
	cleanup_free char *parents = str_printf("/proc/%ld/ns/mnt", (long)getppid());
	struct stat own, parent;

	return parents && stat("/proc/self/ns/mnt", &own) == 0 && stat(parents, &parent) == 0 &&
	       own.st_ino != parent.st_ino;
}

static int make_parent(const char *parent, struct crossbpf_error *e)
{
	bool is_root = strcmp(parent, PINS_ROOT) == 0;

	if (is_root && !pins_is_bpf_fs(PINS_PARENT)) {
		if (has_own_mounts())
			return error_set(e, -ENOENT, EXIT_STATUS_FAILED,
					 "mount -t bpf bpf " PINS_PARENT "; and in place of 'ip "
					 "netns exec NAME', which hides it: nsenter "
					 "--net=/run/netns/NAME",
					 "there is no bpf file system at " PINS_PARENT
					 " in this mount namespace");
		/* As bpftool has it. */
		(void)mount("bpf", PINS_PARENT, "bpf", 0, "mode=0700");
	}
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return error_set(e, -errno, EXIT_STATUS_FAILED,
				 errno == EACCES || errno == EPERM
					 ? "run it as root"
					 : "mount -t bpf bpf " PINS_PARENT,
				 "cannot make %s: %s", parent, strerror(errno));
	if (!pins_is_bpf_fs(parent))
		return error_set(e, -EINVAL, EXIT_STATUS_FAILED,
				 "name a directory of one, which 'mount -t bpf bpf DIR' makes",
				 "%s is in no bpf file system", parent);
	return 0;
}

static bool is_still(int fd, const char *path)
{
	struct stat own, there;

	return fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev &&
	       own.st_ino == there.st_ino;
}

/* The parent, which another command may have removed as we waited: then a new one. */
static int lock_parent(const char *parent, int *ret_lock, struct crossbpf_error *e)
{
	int r = 0;

	while (r == 0 && *ret_lock < 0) {
		r = make_parent(parent, e);
		int fd = r < 0 ? -1 : open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (r == 0 && (fd < 0 || flock(fd, LOCK_EX) < 0) && errno != ENOENT)
			r = error_set(e, -errno, EXIT_STATUS_FAILED,
				      errno == EACCES ? "run it as root" : NULL,
				      "cannot open %s: %s", parent, strerror(errno));
		if (fd >= 0 && r == 0 && is_still(fd, parent))
			*ret_lock = fd;
		else
			closep(&fd);
	}
	return r;
}

int pins_open(struct pins *ret, char *dir, struct crossbpf_error *e)
{
	struct stat st;

	*ret = (struct pins){.dir = dir, .lock = -1};
	if (!dir)
		return error_no_memory(e);
	while (dir[1] && dir[strlen(dir) - 1] == '/')
		dir[strlen(dir) - 1] = '\0';
	const char *name = io_basename(dir);
	cleanup_free char *parent = strndup(dir, name - dir > 1 ? (size_t)(name - dir - 1) : 1);
	ret->staged = str_printf("%s~new", dir);
	ret->old = str_printf("%s~old", dir);
	if (!parent || !ret->staged || !ret->old)
		return error_no_memory(e);
	if (strpbrk(name, ".!~"))
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE,
				 "choose a name without dots, slashes, '!' and '~'; or a path",
				 "%s: the kernel takes no names with dots there, nor crossbpf this",
				 dir);
	int r = lock_parent(parent, &ret->lock, e);
	ret->exists = r == 0 && lstat(dir, &st) == 0;
	return r;
}

void pins_close(struct pins *p)
{
	/* Others are locked out of its parent alone. */
	if (p->lock >= 0) {
		pins_remove(p->staged);
		if (str_begins(p->dir, PINS_ROOT "/"))
			(void)rmdir(PINS_ROOT); /* where nothing is left in it */
	}
	closep(&p->lock);
	free(p->dir);
	free(p->staged);
	free(p->old);
	free(p->object);
}

char *pins_text(const char *path)
{
	char text[PATH_MAX];
	ssize_t len = readlink(path, text, sizeof(text) - 1);

	return len < 0 ? NULL : strndup(text, (size_t)len);
}

char *pins_object(const char *dir)
{
	cleanup_free char *link = str_printf("%s/object", dir);

	return link ? pins_text(link) : NULL;
}

int pins_owner(const struct pins *p, char **ret_object, struct crossbpf_error *e)
{
	*ret_object = pins_object(p->dir);
	return *ret_object ? 0
			   : error_set(e, -ENOENT, EXIT_STATUS_FAILED,
				       "crossbpf list shows what there is",
				       p->exists ? "%s is none of crossbpf's"
						 : "nothing is loaded in %s",
				       p->dir);
}

static int remove_at(int parent, const char *name)
{
	cleanup_closedir DIR *d = NULL;
	const struct dirent *entry;
	int r = 0;

	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return -errno;
	while (r == 0 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_at(fd, entry->d_name);
	return r == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : r;
}

int pins_remove(const char *dir)
{
	return remove_at(AT_FDCWD, dir);
}

static int make_dir(const char *path, struct crossbpf_error *e)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST
		       ? 0
		       : error_set(e, -errno, EXIT_STATUS_FAILED, NULL, "cannot make %s: %s", path,
				   strerror(errno));
}

char *pins_absolute(const char *object)
{
	cleanup_free char *cwd = NULL;

	return io_working_directory(&cwd) == 0 ? io_absolute(cwd, object) : strdup(object);
}

int pins_stage(struct pins *p, const char *object, struct crossbpf_error *e)
{
	static const char *const kinds[] = {"programs", "maps", "links"};
	int r = pins_remove(p->staged);

	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot remove %s: %s", p->staged,
				 strerror(-r));
	free(p->object);
	p->object = pins_absolute(object);
	r = p->object ? make_dir(p->staged, e) : error_no_memory(e);
	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cleanup_free char *dir = str_printf("%s/%s", p->staged, kinds[i]);
		r = dir ? make_dir(dir, e) : error_no_memory(e);
	}
	return r;
}

static int make_link(const char *text, const char *path, struct crossbpf_error *e)
{
	if (!path)
		return error_no_memory(e);
	return symlink(text, path) == 0 ? 0
					: error_set(e, -errno, EXIT_STATUS_FAILED, NULL,
						    "cannot make %s: %s", path, strerror(errno));
}

int pins_add(struct pins *p, const char *kind, const char *name, int n, int fd,
	     struct crossbpf_error *e)
{
	cleanup_free char *path = pins_path(p->staged, kind, name);
	cleanup_free char *numbered = n >= 0 && path ? str_printf("%s/%d", path, n) : NULL;

	if (!path || (n >= 0 && !numbered))
		return error_no_memory(e);
	int r = n >= 0 ? make_dir(path, e) : 0;
	const char *pin = numbered ? numbered : path;
	if (r == 0 && bpf_obj_pin(fd, pin) < 0)
		return error_set(e, -errno, EXIT_STATUS_FAILED,
				 errno == EINVAL && n >= 0
					 ? "links of this type can be pinned from Linux 5.15 on; "
					   "crossbpf run needs no pins"
					 : NULL,
				 "cannot pin '%s' as %s: %s", name, pin, strerror(errno));
	return r;
}

int pins_add_text(struct pins *p, const char *name, const char *file, const char *text,
		  struct crossbpf_error *e)
{
	cleanup_free char *path = pins_path(p->staged, "links", name);
	cleanup_free char *link = path ? str_printf("%s/%s", path, file) : NULL;
	int r = path ? make_dir(path, e) : error_no_memory(e);

	return r < 0 ? r : make_link(text, link, e);
}

static int rename_new(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

/* Before Linux 5.16: whoever comes between finds the new one whole. */
static int exchange_in_steps(const struct pins *p)
{
	int r = pins_remove(p->old);

	r = r < 0 ? r : rename_new(p->dir, p->old);
	return r < 0 ? r : rename_new(p->staged, p->dir);
}

int pins_commit(struct pins *p, struct crossbpf_error *e)
{
	cleanup_free char *link = str_printf("%s/object", p->staged);
	int r = make_link(p->object, link, e);

	if (r < 0)
		return r;
	if (!p->exists)
		r = rename_new(p->staged, p->dir);
	else if (renameat2(AT_FDCWD, p->staged, AT_FDCWD, p->dir, RENAME_EXCHANGE) < 0)
		r = errno == EINVAL ? exchange_in_steps(p) : -errno;
	if (r < 0)
		return error_set(e, r, EXIT_STATUS_FAILED, NULL, "cannot rename %s to %s: %s",
				 p->staged, p->dir, strerror(-r));
	p->exists = true;
	return 0;
}

int pins_finish(struct pins *p)
{
	int r = rename_new(p->staged, p->dir);

	p->exists = r == 0;
	return r;
}

int pins_list(const char *dir, const char *kind, struct strv *ret_names)
{
	cleanup_free char *path = str_printf("%s/%s", dir, kind);
	cleanup_closedir DIR *d = path ? opendir(path) : NULL;
	const struct dirent *entry;

	if (!d)
		return path ? -errno : -ENOMEM;
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.')
			strv_take(ret_names, pins_decode(entry->d_name));
	strv_sort(ret_names);
	return ret_names->error;
}

/* Before the names of variables' maps, .rodata and others, libbpf puts a part of the object's; who
 * names one need not. The caller frees. */
static char *section_path(const char *dir, const char *section)
{
	cleanup_strv struct strv names = {0};

	if (section[0] != '.' || pins_list(dir, "maps", &names) < 0)
		return NULL;
	for (size_t i = 0; i < names.n; i++) {
		const char *dot = strchr(names.v[i], '.');
		if (dot && strcmp(dot, section) == 0)
			return pins_path(dir, "maps", names.v[i]);
	}
	return NULL;
}

/* NAME/MAP. */
static char *map_path(const char *word)
{
	const char *slash = strrchr(word, '/');
	cleanup_free char *name = NULL, *dir = NULL;

	if (!slash)
		return NULL;
	name = strndup(word, (size_t)(slash - word));
	dir = name ? pins_dir(name, NULL) : NULL;
	char *path = dir ? section_path(dir, slash + 1) : NULL;
	return path || !dir ? path : pins_path(dir, "maps", slash + 1);
}

static int open_numbered(const char *word, struct crossbpf_error *e)
{
	char *end;
	unsigned long id = strtoul(word + 3, &end, 10);

	if (!isdigit((unsigned char)word[3]) || *end || id > UINT32_MAX)
		return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "a map's is id:N",
				 "'%s' is no number of a map", word);
	int fd = bpf_map_get_fd_by_id((unsigned)id);
	return fd >= 0 ? fd
		       : error_set(e, -errno, EXIT_STATUS_FAILED,
				   errno == EPERM ? "this needs CAP_SYS_ADMIN: run it as root"
						  : "'bpftool map' lists all of them",
				   "cannot open the map %s: %s", word, strerror(errno));
}

/* The maps beside one that is not there: "it has hosts4, hosts6". NULL: none. The caller frees. */
static char *maps_beside(const char *path)
{
	cleanup_free char *dir = strndup(path, (size_t)(io_basename(path) - path));
	cleanup_strbuf struct strbuf text = {0};
	cleanup_strv struct strv names = {0};
	char *hint = NULL;

	if (!dir || pins_list(dir, ".", &names) < 0 || !names.n)
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		strbuf_printf(&text, "%s%s", i ? ", " : "it has ", names.v[i]);
	return strbuf_finish(&text, &hint) == 0 ? hint : NULL;
}

static int refuse_map(const char *path, int r, struct crossbpf_error *e)
{
	cleanup_free char *beside = r == -ENOENT ? maps_beside(path) : NULL;
	const char *hint = beside ? beside : "crossbpf list shows what is loaded";
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(e, -EISDIR, EXIT_STATUS_USAGE, "its maps are in maps/",
				 "%s is a directory of pins, and no map", path);
	return error_set(e, r, EXIT_STATUS_FAILED,
			 r == -EPERM || r == -EACCES ? "run it as root" : hint,
			 "cannot open the map %s: %s", path, strerror(-r));
}

int pins_open_map(const char *word, unsigned flags, struct crossbpf_error *e)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = flags);
	cleanup_free char *path = NULL;

	if (str_begins(word, "id:"))
		return open_numbered(word, e);
	path = word[0] == '/' ? strdup(word) : map_path(word);
	if (!path && !strchr(word, '/'))
		return error_set(
			e, -EINVAL, EXIT_STATUS_USAGE,
			"name it as OBJECT/MAP (crossbpf list --json has the maps), by its "
			"pin's path, or id:N",
			"'%s' is no map", word);
	if (!path)
		return error_no_memory(e);
	int fd = bpf_obj_get_opts(path, &opts);
	return fd >= 0 ? fd : refuse_map(path, -errno, e);
}
