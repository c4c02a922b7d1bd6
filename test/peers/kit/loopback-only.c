/* Preloaded into a program that listens on every interface: bind() to "any" becomes a bind to loopback, and a bind to
 * a virtual machine's socket is refused. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int (*bind_function)(int, const struct sockaddr *, socklen_t);

int bind(int socket, const struct sockaddr *address, socklen_t length) {
  static bind_function real_bind;
  if (!real_bind) real_bind = (bind_function)dlsym(RTLD_NEXT, "bind");

  if (address->sa_family == AF_VSOCK) {
    errno = EADDRNOTAVAIL;
    return -1;
  }
  if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in local;
    memcpy(&local, address, sizeof local);
    if (local.sin_addr.s_addr == htonl(INADDR_ANY)) local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return real_bind(socket, (struct sockaddr *)&local, sizeof local);
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
    static const struct in6_addr mapped_loopback = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}}};
    struct sockaddr_in6 local;
    memcpy(&local, address, sizeof local);
    if (IN6_IS_ADDR_UNSPECIFIED(&local.sin6_addr)) local.sin6_addr = mapped_loopback;
    return real_bind(socket, (struct sockaddr *)&local, sizeof local);
  }
  return real_bind(socket, address, length);
}
