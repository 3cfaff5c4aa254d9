#include "support/harm.h"

#include "support/cmocka.h"

#include <stdio.h>
#include <unistd.h>

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

static void write_at(const char *path, uint64_t offset, const uint8_t *data, size_t bytes) {
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

void harm_flip(struct engine_world *world, const struct manifest_pack *pack, uint64_t offset) {
    char path[256];
    path_of(world, pack, path);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)offset, SEEK_SET), 0);
    uint8_t byte = (uint8_t)(fgetc(file) ^ 0x04);
    assert_int_equal(fclose(file), 0);
    write_at(path, offset, &byte, 1);
}

void harm_pack(struct engine_world *world, const struct manifest_pack *pack, enum harm_kind kind,
               struct random *random) {
    static const uint8_t zeros[64];
    char path[256];
    path_of(world, pack, path);
    switch (kind) {
    case HARM_REMOVE:
        assert_int_equal(unlink(path), 0);
        break;
    case HARM_CUT:
        assert_int_equal(truncate(path, (off_t)random_below(random, pack->bytes)), 0);
        break;
    case HARM_FLIP:
        harm_flip(world, pack, random_below(random, pack->bytes));
        break;
    default: /* where they surely differ: in the table's digests */
        write_at(path, pack->table_offset, zeros, sizeof zeros);
        break;
    }
}
