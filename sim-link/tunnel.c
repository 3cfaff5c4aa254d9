#include "sim-link/tunnel.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* newer than Debian 12's headers */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static const char DEVICE[] = "link0";
static const struct tunnel NO_TUNNEL = {.fd = -1, .pid = -1, .gate = -1};

static bool write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return written;
}

enum satsync_status tunnel_prepare(struct satsync_error *error) {
    char map[64];
    unsigned user = geteuid();
    unsigned group = getegid();
    if (user == 0) {
        return SATSYNC_OK;
    }
    ENSURE(unshare(CLONE_NEWUSER) == 0, error, SATSYNC_NO_PERMISSION, "run",
           "run needs root, or user namespaces, which this system refuses (see "
           "kernel.unprivileged_userns_clone); relay and check need neither");
    snprintf(map, sizeof map, "0 %u 1", user);
    bool mapped =
        write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %u 1", group);
    ENSURE(mapped && write_file("/proc/self/gid_map", map), error, SATSYNC_NO_PERMISSION, "run",
           "a user namespace cannot be set up here; run needs root then");
    return SATSYNC_OK;
}

static bool set_address(int fd, struct ifreq *request, unsigned long what, const char *address) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(&request->ifr_addr, &in, sizeof in);
    return ioctl(fd, what, request) == 0;
}

static bool bring_up(int fd, const char *name) {
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    strcpy(request.ifr_name, name);
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* The device's descriptor, in this process's network namespace; -1 and errno on failure. */
static int make_device(const struct tunnel_options *options) {
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    strcpy(request.ifr_name, DEVICE);
    int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    /* No router solicitations over the link. */
    (void)write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    bool made = device >= 0 && fd >= 0 && ioctl(device, TUNSETIFF, &request) == 0 &&
                set_address(fd, &request, SIOCSIFADDR, options->address) &&
                set_address(fd, &request, SIOCSIFNETMASK, "255.255.255.0");
    if (made) {
        request.ifr_mtu = (int)options->mtu_bytes;
        made = ioctl(fd, SIOCSIFMTU, &request) == 0;
        request.ifr_qlen = 10000;
        /* Root alone may; without it the device holds its 500 packets. */
        (void)ioctl(fd, SIOCSIFTXQLEN, &request);
        made = made && bring_up(fd, DEVICE) && bring_up(fd, "lo");
    }
    int problem = errno;
    close(fd);
    if (!made && device >= 0) {
        close(device);
    }
    errno = problem;
    return made ? device : -1;
}

/* Sends an errno, and with 0 a descriptor. */
static void send_device(int to, int problem, int device) {
    union {
        char bytes[CMSG_SPACE(sizeof device)];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec data = {&problem, sizeof problem};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (problem == 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof device);
        memcpy(CMSG_DATA(head), &device, sizeof device);
    }
    (void)!sendmsg(to, &message, MSG_NOSIGNAL);
}

static int receive_device(int from, int *problem) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec data = {problem, sizeof *problem};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int device = -1;
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != sizeof *problem) {
        *problem = EPIPE;
        return -1;
    }
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(&device, CMSG_DATA(head), sizeof device);
    }
    return device;
}

/* The child: a namespace, the device, and then the program. */
static void be_the_end(const struct tunnel_options *options, int to) {
    char byte;
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    int device = unshare(CLONE_NEWNET) == 0 ? make_device(options) : -1;
    send_device(to, device < 0 ? errno : 0, device);
    if (device < 0 || read(to, &byte, 1) != 1) {
        _exit(127);
    }
    close(device);
    setenv("SATSYNC_LINK_LOCAL", options->address, 1);
    setenv("SATSYNC_LINK_PEER", options->peer, 1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (options->argv == NULL) {
        pause();
        _exit(0);
    }
    execvp(options->argv[0], (char *const *)(uintptr_t)options->argv);
    fprintf(stderr, "satsync-link: cannot run %s: %s\n", options->argv[0], strerror(errno));
    _exit(127);
}

/* What the device gives and takes in large pieces; a kernel that knows less gives less. */
static void offload(struct tunnel *tunnel) {
    unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN;
    tunnel->joins_udp = ioctl(tunnel->fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0;
    if (!tunnel->joins_udp) {
        (void)ioctl(tunnel->fd, TUNSETOFFLOAD, tcp);
    }
}

enum satsync_status tunnel_open(const struct tunnel_options *options, struct tunnel *tunnel,
                                struct satsync_error *error) {
    int pair[2];
    int problem = 0;
    *tunnel = NO_TUNNEL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return error_set_errno(error, errno, "run", "making a socket pair");
    }
    tunnel->pid = fork();
    if (tunnel->pid == 0) {
        close(pair[0]);
        be_the_end(options, pair[1]);
    }
    close(pair[1]);
    tunnel->gate = pair[0];
    tunnel->fd = tunnel->pid < 0 ? -1 : receive_device(tunnel->gate, &problem);
    if (tunnel->fd < 0) {
        tunnel_close(tunnel);
        return error_set_errno(error, problem == 0 ? EPERM : problem, "run",
                               "making a TUN device in a network namespace, which needs root, or "
                               "user namespaces and the right to open /dev/net/tun,");
    }
    offload(tunnel);
    return SATSYNC_OK;
}

void tunnel_start(struct tunnel *tunnel) {
    (void)!write(tunnel->gate, "", 1);
}

static void end_group(pid_t pid) {
    kill(-pid, SIGTERM);
    for (int i = 0; i < 100; i++) {
        if (waitpid(pid, NULL, WNOHANG) != 0) {
            return;
        }
        usleep(10000);
    }
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void tunnel_close(struct tunnel *tunnel) {
    if (tunnel->gate >= 0) {
        close(tunnel->gate);
    }
    if (tunnel->pid > 0) {
        end_group(tunnel->pid);
    }
    if (tunnel->fd >= 0) {
        close(tunnel->fd);
    }
    *tunnel = NO_TUNNEL;
}
