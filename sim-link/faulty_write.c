#include "sim-link/faulty_write.h"

#include <string.h>

/* Bytes [from, to) of the write, at `shift` bytes from where they belong, as far as the file goes.
 */
static void write_part(const struct faulty_write_place *place, size_t from, size_t to,
                       uint64_t shift) {
    struct faulty_bytes *now = &place->file->now;
    uint64_t offset = place->offset + from + shift;
    if (from < to && offset < now->bytes) {
        size_t room = (size_t)(now->bytes - offset);
        size_t bytes = to - from < room ? to - from : room;
        memcpy(now->at + offset, (const uint8_t *)place->data + from, bytes);
        faulty_file_touch(place->file, offset, bytes);
    }
}

static size_t sector_end(const struct faulty_write_place *place, size_t from) {
    uint64_t next =
        (place->offset + from) / FAULTY_SECTOR_BYTES * FAULTY_SECTOR_BYTES + FAULTY_SECTOR_BYTES;
    size_t to = (size_t)(next - place->offset);
    return to < place->bytes ? to : place->bytes;
}

static size_t count_sectors(const struct faulty_write_place *place) {
    size_t sectors = 0;
    for (size_t from = 0; from < place->bytes; from = sector_end(place, from)) {
        sectors++;
    }
    return sectors;
}

/* One sector is not written for sure, the others by a coin's throw. */
static void tear(const struct faulty_write_place *place, struct random *random) {
    size_t sectors = count_sectors(place);
    size_t missing = sectors == 0 ? 0 : (size_t)random_below(random, sectors);
    size_t from = 0;
    for (size_t i = 0; i < sectors; i++) {
        size_t to = sector_end(place, from);
        if (i != missing && random_below(random, 2) == 0) {
            write_part(place, from, to, 0);
        }
        from = to;
    }
}

static void cut_short(const struct faulty_write_place *place, struct random *random) {
    size_t sectors = count_sectors(place);
    size_t whole = sectors == 0 ? 0 : (size_t)random_below(random, sectors);
    size_t to = 0;
    for (size_t i = 0; i < whole; i++) {
        to = sector_end(place, to);
    }
    write_part(place, 0, to, 0);
}

void faulty_write_apply(const struct faulty_write_place *place, enum faulty_write how,
                        struct random *random) {
    switch (how) {
    case FAULTY_WRITE_WHOLE:
        write_part(place, 0, place->bytes, 0);
        break;
    case FAULTY_WRITE_LOST:
        break;
    case FAULTY_WRITE_TORN:
        tear(place, random);
        break;
    case FAULTY_WRITE_MISDIRECTED:
        write_part(place, 0, place->bytes, place->bytes);
        break;
    case FAULTY_WRITE_SHORT:
        cut_short(place, random);
        break;
    }
}
