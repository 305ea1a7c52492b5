/* admin_socket: the sockets on which a process takes commands: a Unix socket, by default in the runtime folder under the name
 * of the script's first sync, and a TCP port.
 * Thread: main. Owner: the caller closes descriptors and removes sockets. */
#ifndef TIDEWAY_ADMIN_SOCKET_H
#define TIDEWAY_ADMIN_SOCKET_H

#include "base/err.h"

#include <sys/types.h>
#include <sys/un.h>

enum { ADMIN_PATH_SIZE = sizeof(((struct sockaddr_un *)0)->sun_path) /* 108 */ };

struct admin_socket {
	int fd; /* listening; -1: not open */
	char path[ADMIN_PATH_SIZE];
	dev_t device; /* of the file that this process has made, with its inode */
	ino_t inode;
};

/* Write the default path of a process whose first sync has this name. Make the folder if necessary, and check that only this
 * user can write to it. */
int admin_socket_path(const char *sync, char path[ADMIN_PATH_SIZE], struct err *err) MUST_CHECK;
/* Write the number-th path at which a command looks for such a process. Return false if there are no more. */
bool admin_socket_candidate(const char *sync, unsigned number, char path[ADMIN_PATH_SIZE]);
/* Copy a path that a user has given. Fail if it is too long for a socket. */
int admin_socket_copy(const char *given, char path[ADMIN_PATH_SIZE], struct err *err) MUST_CHECK;
/* Listen, with mode 0600. Replace a socket that nobody answers on. takes_over: replace that of a running process, too. */
int admin_socket_open(struct admin_socket *admin, bool takes_over, struct err *err) MUST_CHECK;
/* Remove the file, unless another process has replaced it. The descriptor stays open. */
void admin_socket_remove(const struct admin_socket *admin);
/* Connect. Return the descriptor, on which reading and writing fail after ten seconds without progress; or -1 with errno
 * set. */
int admin_socket_connect(const char *path);

/* Listen on "127.0.0.1:8080" or "[::1]:8080". Without a token only loopback addresses are accepted. */
int admin_port_open(const char *address, bool has_token, int *fd, struct err *err) MUST_CHECK;

#endif
