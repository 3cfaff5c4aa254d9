#include "sim-link/control.h"

#include "base/check.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct peer {
    int fd; /* -1: free */
    size_t bytes;
    char line[CONTROL_LINE_BYTES];
};

struct control {
    int listen_fd;
    int epoll_fd;
    struct sockaddr_un name;
    struct peer peers[CONTROL_PEERS];
};

static bool somebody_serves(const struct sockaddr_un *name) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool served = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return served;
}

/* Removes what a killed process left, but never a file that is no socket. */
static enum satsync_status clear_name(const struct sockaddr_un *name, struct satsync_error *error) {
    struct stat stat;
    if (lstat(name->sun_path, &stat) != 0) {
        return SATSYNC_OK;
    }
    ENSURE(S_ISSOCK(stat.st_mode), error, SATSYNC_CONFLICT, name->sun_path,
           "%s exists and is not a socket; choose another path", name->sun_path);
    ENSURE(!somebody_serves(name), error, SATSYNC_BUSY, name->sun_path,
           "%s is served by another process; choose another path", name->sun_path);
    if (unlink(name->sun_path) != 0) {
        return error_set_errno(error, errno, name->sun_path, "removing a stale socket");
    }
    return SATSYNC_OK;
}

static enum satsync_status listen_at(struct control *control, struct satsync_error *error) {
    const char *path = control->name.sun_path;
    control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    control->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (control->listen_fd < 0 || control->epoll_fd < 0) {
        return error_set_errno(error, errno, path, "making a control socket");
    }
    /* The mode of the socket's inode becomes that of its file: no moment at which others may. */
    fchmod(control->listen_fd, S_IRUSR | S_IWUSR);
    const struct sockaddr *name = (const struct sockaddr *)&control->name;
    if (bind(control->listen_fd, name, sizeof control->name) != 0) {
        int code = errno;
        control->name.sun_path[0] = 0; /* not ours to remove */
        return error_set_errno(error, code, "control", "binding the control socket");
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = CONTROL_PEERS};
    if (chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(control->listen_fd, CONTROL_PEERS) != 0 ||
        epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, control->listen_fd, &event) != 0) {
        return error_set_errno(error, errno, path, "listening on the control socket");
    }
    return SATSYNC_OK;
}

enum satsync_status control_open(const char *path, struct control **out,
                                 struct satsync_error *error) {
    *out = NULL;
    struct control *control = memory_new(NULL, 1, sizeof *control);
    ENSURE(control != NULL, error, SATSYNC_NO_MEMORY, "control", "no memory");
    control->listen_fd = -1;
    control->epoll_fd = -1;
    for (int i = 0; i < CONTROL_PEERS; i++) {
        control->peers[i].fd = -1;
    }
    enum satsync_status status = SATSYNC_OK;
    if (strlen(path) >= sizeof control->name.sun_path) {
        status =
            error_set(error, SATSYNC_INVALID, path, "%s is too long for a socket's path", path);
    } else {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        strcpy(name.sun_path, path);
        status = clear_name(&name, error);
        if (status == SATSYNC_OK) {
            control->name = name;
            status = listen_at(control, error);
        }
    }
    if (status != SATSYNC_OK) {
        control_close(control);
        return status;
    }
    *out = control;
    return SATSYNC_OK;
}

static void drop_peer(struct peer *peer) {
    if (peer->fd >= 0) {
        close(peer->fd);
    }
    peer->fd = -1;
    peer->bytes = 0;
}

void control_close(struct control *control) {
    if (control == NULL) {
        return;
    }
    for (int i = 0; i < CONTROL_PEERS; i++) {
        drop_peer(&control->peers[i]);
    }
    if (control->listen_fd >= 0) {
        close(control->listen_fd);
    }
    if (control->epoll_fd >= 0) {
        close(control->epoll_fd);
    }
    if (control->name.sun_path[0] != 0) {
        unlink(control->name.sun_path);
    }
    memory_free(NULL, control);
}

int control_fd(const struct control *control) {
    return control->epoll_fd;
}

static void accept_peer(struct control *control) {
    int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    for (uint32_t i = 0; i < CONTROL_PEERS; i++) {
        if (control->peers[i].fd < 0) {
            struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
            control->peers[i].fd = fd;
            if (epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
                drop_peer(&control->peers[i]);
            }
            return;
        }
    }
    close(fd);
}

static void answer(struct peer *peer, control_handler *handler, void *context) {
    struct json json;
    json_init(&json, NULL);
    handler(context, peer->line, &json);
    const char *text = json_finish(&json);
    text = text == NULL ? "{\"ok\":false,\"error\":\"no memory\"}" : text;
    if (send(peer->fd, text, strlen(text), MSG_NOSIGNAL) < 0 ||
        send(peer->fd, "\n", 1, MSG_NOSIGNAL) < 0) {
        drop_peer(peer);
    }
    json_fini(&json);
}

/* Handles each whole line that the peer's buffer holds. */
static void handle_lines(struct peer *peer, control_handler *handler, void *context) {
    char *end;
    while (peer->fd >= 0 && (end = memchr(peer->line, '\n', peer->bytes)) != NULL) {
        size_t bytes = (size_t)(end - peer->line) + 1;
        *end = 0;
        answer(peer, handler, context);
        peer->bytes -= peer->fd >= 0 ? bytes : peer->bytes;
        memmove(peer->line, peer->line + bytes, peer->bytes);
    }
}

static void read_peer(struct peer *peer, control_handler *handler, void *context) {
    size_t room = sizeof peer->line - peer->bytes;
    ssize_t got = room == 0 ? 0 : recv(peer->fd, peer->line + peer->bytes, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        drop_peer(peer);
        return;
    }
    peer->bytes += (size_t)got;
    handle_lines(peer, handler, context);
}

void control_poll(struct control *control, control_handler *handler, void *context) {
    struct epoll_event events[CONTROL_PEERS + 1];
    int count = epoll_wait(control->epoll_fd, events, CONTROL_PEERS + 1, 0);
    for (int i = 0; i < count; i++) {
        uint32_t which = events[i].data.u32;
        if (which == CONTROL_PEERS) {
            accept_peer(control);
        } else if (control->peers[which].fd >= 0) {
            read_peer(&control->peers[which], handler, context);
        }
    }
}
