#include "control/admin_socket.h"

#include "model/source_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_FOLDER "/run/tideway"

enum {
	OWNER_ONLY = 0700,
	SOCKET_MODE = 0600,
	BACKLOG = 128,
	HOST_SIZE = 64,
	PATIENCE_S = 10, /* how long a process may take to accept a connection, and to answer */
};

/* ---- the default path ---- */

/* Write the folder for sockets of this user; number: of the places where it can be. Return false if there is none. */
static bool folder_of(unsigned number, char *folder, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	switch (number) {
	case 0:
		if (runtime == NULL || runtime[0] != '/')
			return false;
		snprintf(folder, size, "%s/tideway", runtime);
		return true;
	case 1:
		snprintf(folder, size, "%s", RUN_FOLDER);
		return true;
	default:
		snprintf(folder, size, "/tmp/tideway-%u", (unsigned)geteuid());
		return true;
	}
}

enum { NFOLDERS = 3 };

static int check_folder(const char *folder, struct err *err)
{
	struct stat found;
	if (mkdir(folder, OWNER_ONLY) < 0 && errno != EEXIST)
		return err_set(err, E_ADMIN_SOCKET, "the folder %s cannot be made: %s", folder,
			       strerror(errno));
	if (lstat(folder, &found) < 0)
		return err_set(err, E_ADMIN_SOCKET, "the folder %s cannot be used: %s", folder,
			       strerror(errno));
	if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 022) != 0)
		return err_set(err, E_ADMIN_SOCKET,
			       "the folder %s must belong to this user, who alone may write to it. "
			       "Remove it, or name another place with admin = { socket = PATH }",
			       folder);
	return 0;
}

/* The service manager makes this folder, or an administrator. */
static bool owns(const char *folder)
{
	struct stat found;
	return lstat(folder, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == geteuid();
}

/* Return whether the folder, which anybody can make, belongs to another user: who answers there is not to be trusted. */
static bool is_foreign(const char *folder)
{
	struct stat found;
	return strncmp(folder, "/tmp/", 5) == 0 && lstat(folder, &found) == 0 && !owns(folder);
}

static int join(const char *folder, const char *sync, char path[ADMIN_PATH_SIZE], struct err *err)
{
	int n = snprintf(path, ADMIN_PATH_SIZE, "%s/%s.sock", folder, sync);
	if (n < ADMIN_PATH_SIZE)
		return 0;
	return err_set(err, E_ADMIN_SOCKET,
		       "the path %s/%s.sock is longer than the %d bytes that a socket may have. "
		       "Name a shorter one with admin = { socket = PATH }",
		       folder, sync, ADMIN_PATH_SIZE - 1);
}

int admin_socket_path(const char *sync, char path[ADMIN_PATH_SIZE], struct err *err)
{
	char folder[PATH_MAX];
	for (unsigned i = 0; i < NFOLDERS; i++) {
		if (!folder_of(i, folder, sizeof(folder)))
			continue;
		if (strcmp(folder, RUN_FOLDER) == 0 && !owns(folder))
			continue;
		if (check_folder(folder, err) < 0)
			return -1;
		break;
	}
	return join(folder, sync, path, err);
}

bool admin_socket_candidate(const char *sync, unsigned number, char path[ADMIN_PATH_SIZE])
{
	char folder[PATH_MAX];
	struct err err = ERR_INIT;
	path[0] = '\0';
	if (number >= NFOLDERS)
		return false;
	if (folder_of(number, folder, sizeof(folder)) && !is_foreign(folder) &&
	    join(folder, sync, path, &err) < 0)
		path[0] = '\0';
	return true;
}

int admin_socket_copy(const char *given, char path[ADMIN_PATH_SIZE], struct err *err)
{
	size_t len = strlen(given);
	if (len < ADMIN_PATH_SIZE) {
		memcpy(path, given, len + 1);
		return 0;
	}
	return err_set(
		err, E_ADMIN_SOCKET,
		"the path %s has %zu bytes, and that of a socket may have %d. Name a shorter "
		"one",
		given, len, ADMIN_PATH_SIZE - 1);
}

/* ---- the Unix socket ---- */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path));
	return address;
}

int admin_socket_connect(const char *path)
{
	struct sockaddr_un address = address_of(path);
	const struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* Return the process that answers at the path; 0: nobody does. */
static pid_t owner_of(const char *path)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	int fd = admin_socket_connect(path);
	if (fd < 0)
		return errno == EACCES || errno == EAGAIN ? -1 : 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.pid = -1;
	close(fd);
	return peer.pid;
}

static int refuse_owner(const char *path, pid_t owner, struct err *err)
{
	char who[40] = "another process";
	if (owner > 0)
		snprintf(who, sizeof(who), "process %d", (int)owner);
	return err_set(err, E_ADMIN_SOCKET,
		       "%s uses the socket %s. End that process, or name another socket", who,
		       path);
}

/* Remove what is at the path, if it may be replaced. */
static int make_room(const char *path, bool takes_over, struct err *err)
{
	struct stat found;
	pid_t owner;
	if (lstat(path, &found) < 0)
		return 0;
	if (!S_ISSOCK(found.st_mode))
		return err_set(err, E_ADMIN_SOCKET,
			       "%s exists and is not a socket. Remove it, or name another path",
			       path);
	owner = takes_over ? 0 : owner_of(path);
	if (owner != 0)
		return refuse_owner(path, owner, err);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, E_ADMIN_SOCKET, "the old socket %s cannot be removed: %s", path,
			       strerror(errno));
	return 0;
}

/* The mode is set before the file exists, so that it never has another one. */
static int bind_and_listen(struct admin_socket *admin)
{
	struct sockaddr_un address = address_of(admin->path);
	struct stat made;
	if (fchmod(admin->fd, SOCKET_MODE) < 0 ||
	    bind(admin->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(admin->fd, BACKLOG) < 0 || stat(admin->path, &made) < 0)
		return -1;
	admin->device = made.st_dev;
	admin->inode = made.st_ino;
	return 0;
}

int admin_socket_open(struct admin_socket *admin, bool takes_over, struct err *err)
{
	admin->fd = -1;
	if (make_room(admin->path, takes_over, err) < 0)
		return -1;
	admin->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (admin->fd >= 0 && bind_and_listen(admin) == 0)
		return 0;
	err_set(err, E_ADMIN_SOCKET, "the socket %s cannot be opened: %s", admin->path,
		strerror(errno));
	if (admin->fd >= 0)
		close(admin->fd);
	admin->fd = -1;
	return -1;
}

void admin_socket_remove(const struct admin_socket *admin)
{
	struct stat found;
	if (lstat(admin->path, &found) == 0 && found.st_dev == admin->device &&
	    found.st_ino == admin->inode)
		unlink(admin->path);
}

/* ---- the port ---- */

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	}
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

/* Find the address of "127.0.0.1:8080". */
static int find_address(const char *text, struct addrinfo **found, struct err *err)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct slice name;
	unsigned port = 0;
	char host[HOST_SIZE], service[16];
	const char *wrong = source_host_parse(slice_str(text), &name, &port);
	if (wrong == NULL && (port == 0 || name.len >= sizeof(host)))
		wrong = "it must be an address and a port, such as \"127.0.0.1:8080\"";
	if (wrong)
		return err_set(err, E_ADMIN_PORT, "http = \"%s\": %s", text, wrong);
	snprintf(host, sizeof(host), "%.*s", SLICE_FMT(name));
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, found) == 0)
		return 0;
	return err_set(err, E_ADMIN_PORT,
		       "http = \"%s\": %s is not an IP address. Write the address on which to "
		       "listen",
		       text, host);
}

static int listen_on(const struct addrinfo *address)
{
	const int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	/* a port that a connection of an earlier process still occupies can be used again */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int admin_port_open(const char *address, bool has_token, int *fd, struct err *err)
{
	struct addrinfo *found;
	int rc = 0;
	if (find_address(address, &found, err) < 0)
		return -1;
	if (!has_token && !is_loopback(found->ai_addr)) {
		rc = err_set(err, E_ADMIN_PORT,
			     "http = \"%s\" can be reached from other machines. Set a token, or "
			     "listen on 127.0.0.1",
			     address);
	} else {
		*fd = listen_on(found);
		if (*fd < 0)
			rc = err_set(
				err, E_ADMIN_PORT,
				"http = \"%s\" cannot be opened: %s. Choose a free port, and an "
				"address of this machine",
				address, strerror(errno));
	}
	freeaddrinfo(found);
	return rc;
}
