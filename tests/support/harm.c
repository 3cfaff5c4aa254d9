#include "support/harm.h"

#include "engine/file.h"
#include "sim-link/faulty_disk.h"
#include "support/cmocka.h"

#include <stdio.h>

static struct disk *disk_of(struct engine_world *world) {
    struct disk *disk = world->faulty;
    struct satsync_error error;
    if (!disk) {
        engine_expect(world->engine->ports.disk_open(NULL, &disk, &error), SATSYNC_OK, &error);
    }
    return disk;
}

static void leave(struct engine_world *world, struct disk *disk) {
    if (disk != world->faulty) {
        disk->ops->free(disk);
    }
}

static void path_of(const struct engine_world *world, const struct manifest_pack *pack,
                    char out[256]) {
    int length = snprintf(out, 256, "%s/packs/", world->root);
    for (int i = 0; i < MANIFEST_ID_BYTES; i++) {
        length += snprintf(out + length, 256 - (size_t)length, "%02x", pack->id[i]);
    }
    snprintf(out + length, 256 - (size_t)length, ".pack");
}

void harm_manifest(struct engine_world *world, uint64_t step, struct store_manifest *manifest) {
    struct satsync_error error;
    engine_expect(store_manifest_read(world->store, step, manifest, &error), SATSYNC_OK, &error);
}

static enum satsync_status flip(struct file *file, uint64_t offset) {
    uint8_t byte = 0;
    enum satsync_status status = file_read(file, offset, &byte, 1, NULL);
    byte ^= 0x04;
    return status == SATSYNC_OK ? file_write(file, offset, &byte, 1, NULL) : status;
}

void harm_flip(struct engine_world *world, const struct manifest_pack *pack, uint64_t offset) {
    struct disk *disk = disk_of(world);
    struct file file;
    char path[256];
    path_of(world, pack, path);
    assert_int_equal(file_open(disk, path, DISK_READ | DISK_WRITE, &file, NULL), SATSYNC_OK);
    assert_int_equal(flip(&file, offset), SATSYNC_OK);
    file_close(&file);
    leave(world, disk);
}

void harm_rot(struct engine_world *world, const struct manifest_pack *pack, uint64_t offset) {
    char path[256];
    path_of(world, pack, path);
    assert_int_equal(faulty_disk_rot(world->faulty, path, offset, 0x04), SATSYNC_OK);
}

static enum satsync_status cut(struct disk *disk, const char *path, uint64_t bytes) {
    struct file file;
    enum satsync_status status = file_open(disk, path, DISK_READ | DISK_WRITE, &file, NULL);
    if (status == SATSYNC_OK) {
        status = disk->ops->truncate(disk, file.handle, bytes, NULL);
        file_close(&file);
    }
    return status;
}

static enum satsync_status zero_table(struct disk *disk, const char *path,
                                      const struct manifest_pack *pack) {
    static const uint8_t zeros[32];
    struct file file;
    enum satsync_status status = file_open(disk, path, DISK_READ | DISK_WRITE, &file, NULL);
    if (status == SATSYNC_OK) {
        status = file_write(&file, pack->table_offset, zeros, sizeof zeros, NULL);
        file_close(&file);
    }
    return status;
}

void harm_pack(struct engine_world *world, const struct manifest_pack *pack, enum harm_kind kind,
               struct random *random) {
    struct disk *disk = disk_of(world);
    char path[256];
    path_of(world, pack, path);
    switch (kind) {
    case HARM_REMOVE:
        assert_int_equal(disk->ops->remove(disk, path, NULL), SATSYNC_OK);
        break;
    case HARM_CUT:
        assert_int_equal(cut(disk, path, random_below(random, pack->bytes)), SATSYNC_OK);
        break;
    case HARM_FLIP:
        harm_flip(world, pack, random_below(random, pack->bytes));
        break;
    default:
        assert_int_equal(zero_table(disk, path, pack), SATSYNC_OK);
        break;
    }
    leave(world, disk);
}
