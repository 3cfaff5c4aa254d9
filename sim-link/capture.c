#include "sim-link/capture.h"

#include "base/bytes.h"
#include "base/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* draft-ietf-opsawg-pcapng: blocks of 32-bit words; this file's are little-endian. */
enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BYTE_ORDER_MAGIC = 0x1a2b3c4d,
    LINKTYPE_RAW = 101, /* begins with the IP header */
    OPTION_COMMENT = 1,
    OPTION_NAME = 2,
    OPTION_RESOLUTION = 9,
    RESOLUTION_NS = 9,
    SNAP_BYTES = 128,
    BLOCK_BYTES = 512,
    NET_10 = 10 * 256 + 77
};

struct capture {
    struct lane_watch watch; /* first: the sim sees the capture as this */
    struct capture_options options;
    char *path;
    struct sim *sim;
    FILE *file;
    int problem;                            /* errno of the first write that failed */
    uint32_t interfaces;                    /* written so far */
    uint32_t interface_of[SIM_LANES_LIMIT]; /* and 1; 0: not yet */
};

/* A block as it grows. */
struct block {
    uint8_t bytes[BLOCK_BYTES];
    struct bytes_writer writer;
};

static void put_padded(struct block *block, const void *data, size_t bytes) {
    static const uint8_t zeros[4];
    bytes_put(&block->writer, data, bytes);
    bytes_put(&block->writer, zeros, (4 - bytes % 4) % 4);
}

static void put_option(struct block *block, uint16_t code, const void *data, size_t bytes) {
    bytes_put_u16(&block->writer, code);
    bytes_put_u16(&block->writer, (uint16_t)bytes);
    put_padded(block, data, bytes);
}

static void end_options(struct block *block) {
    bytes_put_u32(&block->writer, 0);
}

/* The length stands before and behind the body. */
static void begin_block(struct block *block, uint32_t type) {
    block->writer = bytes_writer_over(block->bytes, sizeof block->bytes);
    bytes_put_u32(&block->writer, type);
    bytes_put_u32(&block->writer, 0);
}

static void end_block(struct capture *capture, struct block *block) {
    uint32_t total = (uint32_t)bytes_written(&block->writer) + 4;
    bytes_put_u32(&block->writer, total);
    store_le32(block->bytes + 4, total);
    if (fwrite(block->bytes, total, 1, capture->file) != 1 && capture->problem == 0) {
        capture->problem = errno;
    }
}

static void write_section(struct capture *capture) {
    struct block block;
    begin_block(&block, BLOCK_SECTION);
    bytes_put_u32(&block.writer, BYTE_ORDER_MAGIC);
    bytes_put_u16(&block.writer, 1); /* version 1.0 */
    bytes_put_u16(&block.writer, 0);
    bytes_put_u32(&block.writer, UINT32_MAX); /* of a length that is not said */
    bytes_put_u32(&block.writer, UINT32_MAX);
    end_block(capture, &block);
}

static void write_interface(struct capture *capture, const struct lane *lane) {
    struct block block;
    const uint8_t resolution = RESOLUTION_NS;
    const char *name = lane_identity(lane)->name;
    size_t bytes = name == NULL ? 0 : strnlen(name, SNAP_BYTES);
    begin_block(&block, BLOCK_INTERFACE);
    bytes_put_u16(&block.writer, LINKTYPE_RAW);
    bytes_put_u16(&block.writer, 0);
    bytes_put_u32(&block.writer, SNAP_BYTES);
    put_option(&block, OPTION_NAME, name, bytes);
    put_option(&block, OPTION_RESOLUTION, &resolution, 1);
    end_options(&block);
    end_block(capture, &block);
}

static uint32_t interface_of(struct capture *capture, const struct lane *lane) {
    uint32_t *interface = &capture->interface_of[lane_index(lane)];
    if (*interface == 0) {
        write_interface(capture, lane);
        *interface = ++capture->interfaces;
    }
    return *interface - 1;
}

static void put_be16(struct bytes_writer *writer, uint32_t value) {
    bytes_put_u8(writer, (uint8_t)(value / 256));
    bytes_put_u8(writer, (uint8_t)(value % 256));
}

/* IPv4 and UDP (RFC 791, RFC 768; without the checksum that the latter may leave out). */
static void fill_headers(uint8_t out[LANE_HEADER_BYTES], const struct lane *lane,
                         const struct packet *packet) {
    struct bytes_writer writer = bytes_writer_over(out, LANE_HEADER_BYTES);
    uint32_t direction = lane_identity(lane)->direction;
    uint32_t port = 10000 + packet->flow % 50000;
    uint32_t length = packet->wire_bytes;
    uint32_t fields[] = {
        0x4500u + packet->ecn, length, 0, 0, 64 * 256 + 17, 0, NET_10, 1 + direction, NET_10,
        2 - direction};
    uint32_t sum = 0;
    for (size_t i = 0; i < 10; i++) {
        sum += fields[i];
    }
    fields[5] = 0xffff - (sum % 65536 + sum / 65536);
    for (size_t i = 0; i < 10; i++) {
        put_be16(&writer, fields[i]);
    }
    put_be16(&writer, port);
    put_be16(&writer, port);
    put_be16(&writer, packet->bytes + 8);
    put_be16(&writer, 0);
}

static size_t take_snap(const struct capture *capture, const struct lane *lane,
                        const struct packet *packet, uint8_t snap[SNAP_BYTES]) {
    size_t bytes = 0;
    if (!capture->options.whole_packets) {
        fill_headers(snap, lane, packet);
        bytes = LANE_HEADER_BYTES;
    }
    if (!capture->options.without_content) {
        size_t rest = SNAP_BYTES - bytes;
        rest = packet->bytes < rest ? packet->bytes : rest;
        memcpy(snap + bytes, packet->data, rest);
        bytes += rest;
    }
    return bytes;
}

static void fate(struct lane_watch *watch, const struct lane *lane, const struct lane_fate *fate,
                 const struct packet *packet) {
    struct capture *capture = (struct capture *)watch;
    struct block block;
    uint8_t snap[SNAP_BYTES];
    char comment[128];
    uint32_t interface = interface_of(capture, lane);
    size_t bytes = take_snap(capture, lane, packet, snap);
    uint64_t utc_ns = capture->options.origin_ns + fate->now_ns;
    uint64_t took_ns = fate->now_ns - packet->entered_ns;
    int length = snprintf(comment, sizeof comment, "%s%s, packet %llu, after %llu.%06llu ms",
                          fate->delivered ? "delivered" : "dropped by ",
                          fate->delivered ? "" : drop_cause_name(fate->cause),
                          (unsigned long long)packet->number, (unsigned long long)took_ns / 1000000,
                          (unsigned long long)took_ns % 1000000);
    begin_block(&block, BLOCK_PACKET);
    bytes_put_u32(&block.writer, interface);
    bytes_put_u32(&block.writer, (uint32_t)(utc_ns >> 32));
    bytes_put_u32(&block.writer, (uint32_t)utc_ns);
    bytes_put_u32(&block.writer, (uint32_t)bytes);
    bytes_put_u32(&block.writer, packet->wire_bytes);
    put_padded(&block, snap, bytes);
    put_option(&block, OPTION_COMMENT, comment, (size_t)length);
    end_options(&block);
    end_block(capture, &block);
}

static enum satsync_status open_file(struct capture *capture, struct satsync_error *error) {
    const char *path = capture->options.path;
    capture->path = memory_string(NULL, path);
    ENSURE(capture->path != NULL, error, SATSYNC_NO_MEMORY, path, "no memory for a capture");
    capture->file = fopen(path, "wbe");
    if (capture->file == NULL) {
        return error_set_errno(error, errno, path, "writing the capture");
    }
    write_section(capture);
    return SATSYNC_OK;
}

static void free_capture(struct capture *capture) {
    memory_free(NULL, capture->path);
    memory_free(NULL, capture);
}

enum satsync_status capture_open(const struct capture_options *options, struct sim *sim,
                                 struct capture **out, struct satsync_error *error) {
    *out = NULL;
    struct capture *capture = memory_new(NULL, 1, sizeof *capture);
    ENSURE(capture != NULL, error, SATSYNC_NO_MEMORY, "capture", "no memory for a capture");
    capture->watch.fate = fate;
    capture->options = *options;
    capture->sim = sim;
    enum satsync_status status = open_file(capture, error);
    if (status != SATSYNC_OK) {
        free_capture(capture);
        return status;
    }
    sim_watch(sim, &capture->watch);
    *out = capture;
    return SATSYNC_OK;
}

enum satsync_status capture_close(struct capture *capture, struct satsync_error *error) {
    enum satsync_status status = SATSYNC_OK;
    if (capture == NULL) {
        return SATSYNC_OK;
    }
    sim_unwatch(capture->sim, &capture->watch);
    if (fclose(capture->file) != 0 && capture->problem == 0) {
        capture->problem = errno;
    }
    if (capture->problem != 0) {
        status = error_set_errno(error, capture->problem, capture->path, "writing the capture");
    }
    free_capture(capture);
    return status;
}
