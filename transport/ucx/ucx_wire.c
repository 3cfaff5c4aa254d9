#include "transport/ucx/ucx_wire.h"

#include "base/bytes.h"
#include "base/check.h"
#include "port/link.h"

enum { VERSION = 2 };
#define MAGIC UINT32_C(0x55534353) /* "SCSU" */
#define MESSAGE_BYTES_END (UINT64_C(1) << 62)

static void put_name(struct bytes_writer *writer, const struct ucx_wire_name *name) {
    bytes_put_u32(writer, name->link);
    bytes_put_u64(writer, name->token);
}

static struct ucx_wire_name get_name(struct bytes_reader *reader) {
    struct ucx_wire_name name = {.link = bytes_get_u32(reader)};
    name.token = bytes_get_u64(reader);
    return name;
}

static size_t written(const struct bytes_writer *writer) {
    assert(!writer->failed);
    return bytes_written(writer);
}

size_t ucx_wire_put_hello(const struct ucx_wire_hello *hello, uint8_t *out) {
    struct bytes_writer writer = bytes_writer_over(out, UCX_WIRE_BYTES);
    put_name(&writer, &hello->to);
    put_name(&writer, &hello->from);
    bytes_put_u32(&writer, MAGIC);
    bytes_put_u32(&writer, VERSION);
    bytes_put_u64(&writer, hello->job);
    bytes_put_u32(&writer, hello->from_rank);
    bytes_put_u32(&writer, hello->to_rank);
    return written(&writer);
}

bool ucx_wire_get_hello(struct ucx_wire_hello *hello, const void *bytes, size_t count) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    *hello = (struct ucx_wire_hello){.to = get_name(&reader)};
    hello->from = get_name(&reader);
    uint32_t magic = bytes_get_u32(&reader);
    uint32_t version = bytes_get_u32(&reader);
    hello->job = bytes_get_u64(&reader);
    hello->from_rank = bytes_get_u32(&reader);
    hello->to_rank = bytes_get_u32(&reader);
    return bytes_all_read(&reader) && magic == MAGIC && version == VERSION;
}

size_t ucx_wire_put_data(const struct ucx_wire_data *data, uint8_t *out) {
    struct bytes_writer writer = bytes_writer_over(out, UCX_WIRE_BYTES);
    put_name(&writer, &data->to);
    bytes_put_u8(&writer, data->class);
    bytes_put_u64(&writer, data->message);
    bytes_put_u64(&writer, data->message_bytes);
    bytes_put_u64(&writer, data->offset);
    return written(&writer);
}

bool ucx_wire_get_data(struct ucx_wire_data *data, const void *bytes, size_t count,
                       size_t piece_bytes) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    *data = (struct ucx_wire_data){.to = get_name(&reader)};
    data->class = bytes_get_u8(&reader);
    data->message = bytes_get_u64(&reader);
    data->message_bytes = bytes_get_u64(&reader);
    data->offset = bytes_get_u64(&reader);
    return bytes_all_read(&reader) && data->class < LINK_CLASSES && piece_bytes > 0 &&
           piece_bytes <= UCX_WIRE_PIECE_BYTES && data->message_bytes < MESSAGE_BYTES_END &&
           data->offset < data->message_bytes && piece_bytes <= data->message_bytes - data->offset;
}

size_t ucx_wire_put_acks(const struct ucx_wire_acks *acks, uint8_t *out) {
    assert(acks->count > 0 && acks->count <= UCX_WIRE_ACKS_MOST);
    struct bytes_writer writer = bytes_writer_over(out, UCX_WIRE_BYTES);
    put_name(&writer, &acks->to);
    for (size_t i = 0; i < acks->count; i++) {
        bytes_put_u64(&writer, acks->messages[i]);
    }
    return written(&writer);
}

bool ucx_wire_get_acks(struct ucx_wire_acks *acks, const void *bytes, size_t count) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    *acks = (struct ucx_wire_acks){.to = get_name(&reader)};
    while (bytes_left(&reader) > 0 && acks->count < UCX_WIRE_ACKS_MOST) {
        acks->messages[acks->count++] = bytes_get_u64(&reader);
    }
    return bytes_all_read(&reader) && acks->count > 0;
}

size_t ucx_wire_put_bye(const struct ucx_wire_bye *bye, uint8_t *out) {
    struct bytes_writer writer = bytes_writer_over(out, UCX_WIRE_BYTES);
    put_name(&writer, &bye->to);
    bytes_put_u32(&writer, bye->status);
    bytes_put_u32(&writer, bye->urgent);
    return written(&writer);
}

bool ucx_wire_get_bye(struct ucx_wire_bye *bye, const void *bytes, size_t count) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    *bye = (struct ucx_wire_bye){.to = get_name(&reader)};
    bye->status = bytes_get_u32(&reader);
    bye->urgent = bytes_get_u32(&reader);
    return bytes_all_read(&reader);
}

size_t ucx_wire_put_urgent(const struct ucx_wire_urgent *urgent, uint8_t *out) {
    assert(urgent->bytes <= LINK_URGENT_BYTES);
    struct bytes_writer writer = bytes_writer_over(out, UCX_WIRE_BYTES);
    put_name(&writer, &urgent->to);
    bytes_put(&writer, urgent->word, urgent->bytes);
    return written(&writer);
}

bool ucx_wire_get_urgent(struct ucx_wire_urgent *urgent, const void *bytes, size_t count) {
    struct bytes_reader reader = bytes_reader_over(bytes, count);
    *urgent = (struct ucx_wire_urgent){.to = get_name(&reader)};
    urgent->bytes = bytes_left(&reader);
    urgent->word = bytes_get_view(&reader, urgent->bytes);
    return bytes_all_read(&reader) && urgent->bytes <= LINK_URGENT_BYTES;
}
