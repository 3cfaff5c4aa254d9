#include "ckpt/store/stage.h"

#include "base/check.h"

#include <string.h>

/* A window of 1 MiB has some 750 datagrams: as many holes as that it can take. */
enum { PIECES_PER_WINDOW = 1024 };

enum satsync_status stage_init(struct stage *stage, struct store *store) {
    *stage = (struct stage){.store = store};
    stage->windows = memory_new(store->allocator, store->segments, sizeof *stage->windows);
    struct pool_options options = {
        .blocks = store->segments, .block_bytes = store->segment_bytes, .align = DISK_ALIGN};
    if (!stage->windows || pool_init(&stage->pool, &options, store->allocator) != SATSYNC_OK) {
        memory_free(store->allocator, stage->windows);
        stage->windows = NULL;
        return SATSYNC_NO_MEMORY;
    }
    for (size_t i = 0; i < store->segments; i++) {
        stage->windows[i].data = pool_take(&stage->pool);
        ranges_init(&stage->windows[i].filled, PIECES_PER_WINDOW, store->allocator);
    }
    return SATSYNC_OK;
}

static void note_failure(struct stage *stage, enum satsync_status status) {
    stage->failed = stage->failed == SATSYNC_OK ? status : stage->failed;
}

static void land(struct stage *stage, struct stage_window *window) {
    note_failure(stage, flight_land(stage->store->disk, &window->flight));
}

void stage_fini(struct stage *stage) {
    if (!stage->windows) {
        return;
    }
    for (size_t i = 0; i < stage->store->segments; i++) {
        land(stage, &stage->windows[i]);
        ranges_fini(&stage->windows[i].filled);
    }
    pool_fini(&stage->pool);
    memory_free(stage->store->allocator, stage->windows);
    stage->windows = NULL;
}

/* Sends the window's pieces off, and frees the window; its buffer is free once it has landed. The
 * usual window is one piece, and nobody waits for it; with holes, each piece waits for the last. */
static void send(struct stage *stage, struct stage_window *window) {
    for (size_t i = 0; i < window->filled.count && stage->failed == SATSYNC_OK; i++) {
        struct range piece = window->filled.at[i];
        land(stage, window);
        struct flight_plan plan = {.kind = DISK_REQUEST_WRITE,
                                   .file = window->file,
                                   .data = window->data + piece.from,
                                   .bytes = (size_t)(piece.to - piece.from),
                                   .offset = window->offset + piece.from};
        flight_start(stage->store->disk, &window->flight, &plan);
    }
    ranges_clear(&window->filled);
    window->file = NULL;
}

static struct stage_window *find(struct stage *stage, const struct disk_file *file,
                                 uint64_t offset) {
    for (size_t i = 0; i < stage->store->segments; i++) {
        struct stage_window *window = &stage->windows[i];
        if (window->file == file && window->offset == offset) {
            return window;
        }
    }
    return NULL;
}

/* A free window, or the one that was not used for longest, written out. */
static struct stage_window *take(struct stage *stage) {
    struct stage_window *oldest = &stage->windows[0];
    for (size_t i = 0; i < stage->store->segments; i++) {
        struct stage_window *window = &stage->windows[i];
        bool is_better = !window->file && oldest->file;
        bool is_alike = !window->file == !oldest->file;
        if (is_better || (is_alike && window->last_use < oldest->last_use)) {
            oldest = window;
        }
    }
    send(stage, oldest);
    land(stage, oldest);
    return oldest;
}

static enum satsync_status add(struct stage *stage, struct stage_window *window, uint64_t from,
                               uint64_t to) {
    enum satsync_status status = ranges_add(&window->filled, from, to);
    if (status != SATSYNC_LIMIT) {
        return status;
    }
    /* More holes than it can note: what is there goes out, and it begins again. */
    struct disk_file *file = window->file;
    send(stage, window);
    land(stage, window);
    window->file = file;
    return ranges_add(&window->filled, from, to);
}

/* A piece that lies within one window. */
static enum satsync_status put_piece(struct stage *stage, struct disk_file *file, uint64_t offset,
                                     const uint8_t *data, size_t bytes) {
    uint64_t within = offset % stage->store->segment_bytes;
    struct stage_window *window = find(stage, file, offset - within);
    if (!window) {
        window = take(stage);
        window->file = file;
        window->offset = offset - within;
    }
    window->last_use = ++stage->uses;
    TRY(add(stage, window, within, within + bytes));
    memcpy(window->data + within, data, bytes);
    if (ranges_cover(&window->filled, 0, stage->store->segment_bytes)) {
        send(stage, window);
    }
    return stage->failed;
}

enum satsync_status stage_put(struct stage *stage, const struct flight_plan *plan) {
    const uint8_t *data = plan->data;
    uint64_t offset = plan->offset;
    uint64_t end = offset + plan->bytes;
    while (offset < end && stage->failed == SATSYNC_OK) {
        uint64_t window_end =
            offset - offset % stage->store->segment_bytes + stage->store->segment_bytes;
        size_t bytes = (size_t)((window_end < end ? window_end : end) - offset);
        enum satsync_status status = put_piece(stage, plan->file, offset, data, bytes);
        note_failure(stage, status);
        data += bytes;
        offset += bytes;
    }
    return stage->failed;
}

enum satsync_status stage_flush(struct stage *stage) {
    for (size_t i = 0; i < stage->store->segments; i++) {
        send(stage, &stage->windows[i]);
    }
    for (size_t i = 0; i < stage->store->segments; i++) {
        land(stage, &stage->windows[i]);
    }
    return stage->failed;
}
