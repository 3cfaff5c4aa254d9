#include "sim-link/faulty_disk.h"

#include "base/check.h"
#include "sim-link/faulty_disk_tree.h"
#include "sim-link/faulty_write.h"

#include <string.h>

enum stream { STREAM_ORDER, STREAM_CRASH, STREAM_WRITE };

struct queued {
    struct disk_request *request;
    enum faulty_write how;
};

struct faulty_disk {
    struct disk disk;
    struct faulty_tree tree;
    struct random order;
    struct random crash;
    struct random write;
    struct queued queue[FAULTY_QUEUE_DEPTH];
    size_t queued;
    uint64_t operations;
    uint64_t off_at;
    uint64_t fail_at;
    enum satsync_status fail_status;
    uint64_t spoil_at;
    enum faulty_write spoil_how;
    uint64_t capacity;
    uint64_t generation; /* crashes so far */
    bool read_only;
    const struct allocator *allocator;
};

struct disk_file {
    struct faulty_node *node;
    unsigned flags;
    uint64_t generation;
    bool shared_lock;
    bool exclusive_lock;
    char path[FAULTY_NAME_BYTES];
};

static struct faulty_disk *of(struct disk *disk) {
    return (struct faulty_disk *)disk;
}

static const struct faulty_disk *of_const(const struct disk *disk) {
    return (const struct faulty_disk *)disk;
}

uint64_t faulty_disk_operations(const struct disk *disk) {
    return of_const(disk)->operations;
}

bool faulty_disk_is_off(const struct disk *disk) {
    return of_const(disk)->operations > of_const(disk)->off_at;
}

/* What becomes of the next operation. */
static enum satsync_status fate(struct faulty_disk *faulty, bool changes) {
    uint64_t operation = faulty->operations++;
    if (operation >= faulty->off_at) {
        return SATSYNC_IO;
    }
    if (operation == faulty->fail_at) {
        return faulty->fail_status;
    }
    return changes && faulty->read_only ? SATSYNC_READ_ONLY : SATSYNC_OK;
}

static enum satsync_status begin(struct faulty_disk *faulty, bool changes, const char *path,
                                 struct satsync_error *error) {
    enum satsync_status status = fate(faulty, changes);
    return status == SATSYNC_OK
               ? SATSYNC_OK
               : error_set(error, status, path, "the disk failed: %s", satsync_status_name(status));
}

static enum satsync_status begin_file(struct disk *disk, const struct disk_file *file, bool changes,
                                      struct satsync_error *error) {
    TRY(begin(of(disk), changes, file->path, error));
    ENSURE(file->generation == of(disk)->generation, error, SATSYNC_IO, file->path,
           "it was opened before the crash; open it again");
    return SATSYNC_OK;
}

static enum satsync_status no_memory(struct satsync_error *error, const char *path) {
    return error_set(error, SATSYNC_NO_MEMORY, path, "no memory for the simulated disk");
}

static enum satsync_status change(struct disk *disk, struct faulty_node *directory,
                                  const struct faulty_change *what, struct satsync_error *error) {
    if (faulty_directory_change(&of(disk)->tree, directory, what->from, what->to, what->node) !=
        SATSYNC_OK) {
        return no_memory(error, what->to);
    }
    return SATSYNC_OK;
}

static enum satsync_status add_name(struct disk *disk, const char *path, struct faulty_node *node,
                                    struct satsync_error *error) {
    const char *name;
    struct faulty_node *parent = faulty_tree_parent(&of(disk)->tree, path, &name);
    ENSURE(parent, error, SATSYNC_NOT_FOUND, path, "its directory does not exist");
    ENSURE(strlen(name) < FAULTY_NAME_BYTES && *name, error, SATSYNC_INVALID, path,
           "the name is empty or too long");
    struct faulty_change what = {.node = node};
    memcpy(what.to, name, strlen(name));
    return change(disk, parent, &what, error);
}

/* A new file or directory. */
static enum satsync_status create(struct disk *disk, const char *path, bool is_directory,
                                  struct faulty_node **node, struct satsync_error *error) {
    ENSURE(!faulty_tree_find(&of(disk)->tree, path), error, SATSYNC_CONFLICT, path,
           "it exists already");
    *node = faulty_tree_node(&of(disk)->tree, is_directory);
    return *node ? add_name(disk, path, *node, error) : no_memory(error, path);
}

static enum satsync_status open_file(struct disk *disk, const char *path, unsigned flags,
                                     struct disk_file **file, struct satsync_error *error) {
    *file = NULL;
    TRY(begin(of(disk), flags & (DISK_WRITE | DISK_CREATE), path, error));
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, path);
    if (flags & DISK_CREATE) {
        TRY(create(disk, path, false, &node, error));
    }
    ENSURE(node, error, SATSYNC_NOT_FOUND, path, "there is no such file; check the path");
    ENSURE(!node->is_directory, error, SATSYNC_INVALID, path, "it is a directory");
    struct disk_file *opened = memory_new(of(disk)->allocator, 1, sizeof *opened);
    if (!opened) {
        return no_memory(error, path);
    }
    *opened = (struct disk_file){
        .node = node, .flags = flags, .generation = of(disk)->generation, .path = ""};
    size_t length = strnlen(path, sizeof opened->path - 1);
    memcpy(opened->path, path, length);
    node->opens++;
    *file = opened;
    return SATSYNC_OK;
}

static void unlock(struct disk_file *file) {
    file->node->shared_locks -= file->shared_lock;
    file->node->exclusive_lock = file->node->exclusive_lock && !file->exclusive_lock;
    file->shared_lock = false;
    file->exclusive_lock = false;
}

static void close_file(struct disk *disk, struct disk_file *file) {
    if (!file) {
        return;
    }
    if (file->generation == of(disk)->generation) {
        unlock(file);
        file->node->opens--;
    }
    memory_free(of(disk)->allocator, file);
}

static enum satsync_status size_of(struct disk *disk, struct disk_file *file, uint64_t *bytes,
                                   struct satsync_error *error) {
    (void)disk;
    (void)error;
    *bytes = file->node->now.bytes;
    return SATSYNC_OK;
}

static enum satsync_status resize(struct faulty_disk *faulty, struct faulty_node *node,
                                  uint64_t bytes) {
    uint64_t used = faulty_tree_bytes(&faulty->tree) - node->now.bytes;
    if (bytes > node->now.bytes && used + bytes > faulty->capacity) {
        return SATSYNC_NO_SPACE;
    }
    return faulty_bytes_resize(&faulty->tree, &node->now, bytes);
}

static enum satsync_status truncate_file(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                         struct satsync_error *error) {
    TRY(begin_file(disk, file, true, error));
    enum satsync_status status = resize(of(disk), file->node, bytes);
    return status == SATSYNC_OK
               ? SATSYNC_OK
               : error_set(error, status, file->path, "setting the file's size failed");
}

static enum satsync_status allocate(struct disk *disk, struct disk_file *file, uint64_t bytes,
                                    struct satsync_error *error) {
    TRY(begin_file(disk, file, true, error));
    uint64_t used = faulty_tree_bytes(&of(disk)->tree) - file->node->now.bytes;
    ENSURE(used + bytes <= of(disk)->capacity, error, SATSYNC_NO_SPACE, file->path,
           "reserving space failed: the disk is full");
    return SATSYNC_OK;
}

static enum satsync_status lock(struct disk *disk, struct disk_file *file, enum disk_lock mode,
                                struct satsync_error *error) {
    TRY(begin_file(disk, file, false, error));
    unlock(file);
    struct faulty_node *node = file->node;
    bool busy = node->exclusive_lock || (mode == DISK_LOCK_EXCLUSIVE && node->shared_locks > 0);
    ENSURE(!busy, error, SATSYNC_BUSY, file->path, "another process uses it; wait for it to end");
    file->shared_lock = mode == DISK_LOCK_SHARED;
    file->exclusive_lock = mode == DISK_LOCK_EXCLUSIVE;
    node->shared_locks += file->shared_lock;
    node->exclusive_lock = file->exclusive_lock;
    return SATSYNC_OK;
}

static enum satsync_status submit(struct disk *disk, struct disk_request *request) {
    struct faulty_disk *faulty = of(disk);
    if (faulty->queued == FAULTY_QUEUE_DEPTH) {
        return SATSYNC_AGAIN;
    }
    bool spoiled = request->kind == DISK_REQUEST_WRITE && faulty->operations == faulty->spoil_at;
    request->done_bytes = 0;
    request->status = fate(faulty, request->kind == DISK_REQUEST_WRITE);
    faulty->queue[faulty->queued++] =
        (struct queued){request, spoiled ? faulty->spoil_how : FAULTY_WRITE_WHOLE};
    return SATSYNC_OK;
}

static bool is_aligned(const struct disk_request *request) {
    return ((uintptr_t)request->data | request->bytes | request->offset) % DISK_ALIGN == 0;
}

static enum satsync_status carry_out(struct faulty_disk *faulty, const struct queued *queued) {
    struct disk_request *request = queued->request;
    struct disk_file *file = request->file;
    struct faulty_bytes *now = &file->node->now;
    unsigned needed = request->kind == DISK_REQUEST_READ ? DISK_READ : DISK_WRITE;
    if (file->generation != faulty->generation || !(file->flags & needed)) {
        return SATSYNC_IO;
    }
    if ((file->flags & DISK_DIRECT) && !is_aligned(request)) {
        return SATSYNC_INVALID;
    }
    if (request->kind == DISK_REQUEST_READ) {
        if (!faulty_file_is_readable(file->node, request->offset, request->bytes)) {
            return SATSYNC_IO;
        }
        size_t left = request->offset < now->bytes ? now->bytes - (size_t)request->offset : 0;
        request->done_bytes = left < request->bytes ? left : request->bytes;
        if (request->done_bytes > 0) {
            memcpy(request->data, now->at + request->offset, request->done_bytes);
        }
        return SATSYNC_OK;
    }
    uint64_t end = request->offset + request->bytes;
    if (end > now->bytes) {
        TRY(resize(faulty, file->node, end));
    }
    struct faulty_write_place place = {file->node, request->data, request->bytes, request->offset};
    faulty_write_apply(&place, queued->how, &faulty->write);
    if (queued->how == FAULTY_WRITE_SHORT) {
        return SATSYNC_IO;
    }
    request->done_bytes = request->bytes;
    return SATSYNC_OK;
}

static struct disk_request *wait_for_one(struct disk *disk) {
    struct faulty_disk *faulty = of(disk);
    if (faulty->queued == 0) {
        return NULL;
    }
    size_t picked = (size_t)random_below(&faulty->order, faulty->queued);
    struct queued queued = faulty->queue[picked];
    struct disk_request *request = queued.request;
    faulty->queue[picked] = faulty->queue[--faulty->queued];
    if (request->status == SATSYNC_OK) {
        request->status = faulty_disk_is_off(disk) ? SATSYNC_IO : carry_out(faulty, &queued);
    }
    return request;
}

static enum satsync_status sync_file(struct disk *disk, struct disk_file *file,
                                     struct satsync_error *error) {
    enum satsync_status status = begin_file(disk, file, true, error);
    if (status != SATSYNC_OK) {
        bool noted = file->generation != of(disk)->generation || faulty_disk_is_off(disk) ||
                     faulty_file_fail_sync(&of(disk)->tree, file->node) == SATSYNC_OK;
        return noted ? status : no_memory(error, file->path);
    }
    return faulty_file_sync(&of(disk)->tree, file->node) == SATSYNC_OK
               ? SATSYNC_OK
               : no_memory(error, file->path);
}

static enum satsync_status find_directory(struct disk *disk, const char *path,
                                          struct faulty_node **node, struct satsync_error *error) {
    *node = faulty_tree_find(&of(disk)->tree, path);
    ENSURE(*node && (*node)->is_directory, error, SATSYNC_NOT_FOUND, path,
           "there is no such directory; check the path");
    return SATSYNC_OK;
}

static enum satsync_status sync_directory(struct disk *disk, const char *path,
                                          struct satsync_error *error) {
    struct faulty_node *node;
    TRY(begin(of(disk), true, path, error));
    TRY(find_directory(disk, path, &node, error));
    return faulty_directory_sync(&of(disk)->tree, node) == SATSYNC_OK ? SATSYNC_OK
                                                                      : no_memory(error, path);
}

static enum satsync_status rename_file(struct disk *disk, const char *from, const char *to,
                                       struct satsync_error *error) {
    TRY(begin(of(disk), true, to, error));
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, from);
    ENSURE(node, error, SATSYNC_NOT_FOUND, from, "there is no such file; check the path");
    const char *from_name;
    const char *to_name;
    struct faulty_node *parent = faulty_tree_parent(&of(disk)->tree, from, &from_name);
    ENSURE(parent == faulty_tree_parent(&of(disk)->tree, to, &to_name), error, SATSYNC_UNSUPPORTED,
           to, "a rename must stay within one directory");
    ENSURE(strlen(to_name) < FAULTY_NAME_BYTES && *to_name, error, SATSYNC_INVALID, to,
           "the name is empty or too long");
    struct faulty_change what = {.node = node};
    memcpy(what.from, from_name, strlen(from_name));
    memcpy(what.to, to_name, strlen(to_name));
    return change(disk, parent, &what, error);
}

static enum satsync_status publish(struct disk *disk, const char *from, const char *to,
                                   struct satsync_error *error) {
    TRY(begin(of(disk), true, to, error));
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, from);
    ENSURE(node, error, SATSYNC_NOT_FOUND, from, "there is no such file; check the path");
    ENSURE(!faulty_tree_find(&of(disk)->tree, to), error, SATSYNC_CONFLICT, to,
           "it exists already");
    return add_name(disk, to, node, error);
}

static enum satsync_status take_out(struct disk *disk, const char *path, bool is_directory,
                                    struct satsync_error *error) {
    TRY(begin(of(disk), true, path, error));
    const char *name;
    struct faulty_node *parent = faulty_tree_parent(&of(disk)->tree, path, &name);
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, path);
    ENSURE(parent && node && node->is_directory == is_directory, error, SATSYNC_NOT_FOUND, path,
           "there is no such name to remove");
    ENSURE(node->names_now.count == 0, error, SATSYNC_IO, path, "the directory is not empty");
    struct faulty_change what = {0};
    memcpy(what.from, name, strlen(name));
    return change(disk, parent, &what, error);
}

static enum satsync_status remove_file(struct disk *disk, const char *path,
                                       struct satsync_error *error) {
    return take_out(disk, path, false, error);
}

static enum satsync_status remove_directory(struct disk *disk, const char *path,
                                            struct satsync_error *error) {
    return take_out(disk, path, true, error);
}

static enum satsync_status make_directory(struct disk *disk, const char *path,
                                          struct satsync_error *error) {
    struct faulty_node *node;
    TRY(begin(of(disk), true, path, error));
    return create(disk, path, true, &node, error);
}

static enum satsync_status list(struct disk *disk, const char *path, disk_name_fn *name,
                                void *context, struct satsync_error *error) {
    struct faulty_node *node;
    TRY(begin(of(disk), false, path, error));
    TRY(find_directory(disk, path, &node, error));
    for (size_t i = 0; i < node->names_now.count; i++) {
        name(context, node->names_now.at[i].text);
    }
    return SATSYNC_OK;
}

static enum satsync_status free_bytes(struct disk *disk, const char *path, uint64_t *bytes,
                                      struct satsync_error *error) {
    TRY(begin(of(disk), false, path, error));
    uint64_t used = faulty_tree_bytes(&of(disk)->tree);
    *bytes = of(disk)->capacity > used ? of(disk)->capacity - used : 0;
    return SATSYNC_OK;
}

static struct disk_boot boot(struct disk *disk) {
    return (struct disk_boot){{1, of(disk)->generation}};
}

static const char *name(struct disk *disk) {
    (void)disk;
    return "faulty";
}

static void free_disk(struct disk *disk) {
    faulty_tree_fini(&of(disk)->tree);
    memory_free(of(disk)->allocator, disk);
}

static const struct disk_ops ops = {.open = open_file,
                                    .close = close_file,
                                    .size = size_of,
                                    .truncate = truncate_file,
                                    .allocate = allocate,
                                    .lock = lock,
                                    .submit = submit,
                                    .wait = wait_for_one,
                                    .sync = sync_file,
                                    .sync_directory = sync_directory,
                                    .rename = rename_file,
                                    .publish = publish,
                                    .remove = remove_file,
                                    .make_directory = make_directory,
                                    .remove_directory = remove_directory,
                                    .list = list,
                                    .free_bytes = free_bytes,
                                    .boot = boot,
                                    .name = name,
                                    .free = free_disk};

struct disk *faulty_disk_new(uint64_t seed, const struct allocator *allocator) {
    struct faulty_disk *faulty = memory_new(allocator, 1, sizeof *faulty);
    if (!faulty || faulty_tree_init(&faulty->tree, allocator) != SATSYNC_OK) {
        memory_free(allocator, faulty);
        return NULL;
    }
    faulty->disk.ops = &ops;
    faulty->order = random_of(seed, STREAM_ORDER);
    faulty->crash = random_of(seed, STREAM_CRASH);
    faulty->write = random_of(seed, STREAM_WRITE);
    faulty->off_at = faulty->fail_at = faulty->spoil_at = faulty->capacity = UINT64_MAX;
    faulty->allocator = allocator;
    return &faulty->disk;
}

void faulty_disk_power_off_at(struct disk *disk, uint64_t operation) {
    of(disk)->off_at = operation;
}

void faulty_disk_fail_at(struct disk *disk, uint64_t operation, enum satsync_status status) {
    of(disk)->fail_at = operation;
    of(disk)->fail_status = status;
}

enum satsync_status faulty_disk_crash(struct disk *disk) {
    struct faulty_disk *faulty = of(disk);
    faulty->generation++;
    faulty->off_at = UINT64_MAX;
    return faulty_tree_crash(&faulty->tree, &faulty->crash);
}

enum satsync_status faulty_disk_rot(struct disk *disk, const char *path, uint64_t offset,
                                    uint8_t mask) {
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, path);
    if (!node || offset >= node->now.bytes) {
        return SATSYNC_NOT_FOUND;
    }
    node->now.at[offset] ^= mask;
    if (offset < node->safe.bytes) {
        node->safe.at[offset] ^= mask;
    }
    return SATSYNC_OK;
}

void faulty_disk_spoil_write_at(struct disk *disk, uint64_t operation, enum faulty_write how) {
    of(disk)->spoil_at = operation;
    of(disk)->spoil_how = how;
}

enum satsync_status faulty_disk_make_unreadable(struct disk *disk, const char *path,
                                                uint64_t offset, uint64_t bytes) {
    struct faulty_node *node = faulty_tree_find(&of(disk)->tree, path);
    if (!node || bytes == 0 || offset >= node->now.bytes || bytes > node->now.bytes - offset) {
        return SATSYNC_NOT_FOUND;
    }
    return faulty_file_spoil(&of(disk)->tree, node, offset, bytes);
}

void faulty_disk_set_capacity(struct disk *disk, uint64_t bytes) {
    of(disk)->capacity = bytes;
}

void faulty_disk_set_read_only(struct disk *disk, bool read_only) {
    of(disk)->read_only = read_only;
}
