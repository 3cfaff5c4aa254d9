#include "rounds/agreement_wire.h"

#include "rounds/promises.h"

#include <assert.h>
#include <string.h>

int agreement_configuration(const struct agreement_members *members,
                            struct raft_configuration *configuration) {
    raft_configuration_init(configuration);
    for (size_t i = 0; i < members->count; i++) {
        int rv = raft_configuration_add(configuration, i + 1, members->address[i], RAFT_VOTER);
        if (rv != 0) {
            raft_configuration_close(configuration);
            return rv;
        }
    }
    return 0;
}

/* libraft fills the last word up with whatever was in memory: zeros, so that all sites have the
 * same bytes. */
static void clear_padding(const struct agreement_members *members, struct raft_buffer *buffer) {
    size_t used = 1 + 8; /* version, count; then number, address, role of each */
    for (size_t i = 0; i < members->count; i++) {
        used += 8 + strlen(members->address[i]) + 1 + 1;
    }
    assert(used <= buffer->len && buffer->len - used < 8);
    memset((uint8_t *)buffer->base + used, 0, buffer->len - used);
}

int agreement_configuration_encode(const struct agreement_members *members,
                                   struct raft_buffer *buffer) {
    struct raft_configuration configuration;
    int rv = agreement_configuration(members, &configuration);
    if (rv != 0) {
        return rv;
    }
    rv = raft_configuration_encode(&configuration, buffer);
    raft_configuration_close(&configuration);
    if (rv == 0) {
        clear_padding(members, buffer);
    }
    return rv;
}

bool agreement_is_configuration(const struct agreement_members *members, const uint8_t *data,
                                size_t bytes) {
    struct raft_buffer own;
    if (agreement_configuration_encode(members, &own) != 0) {
        return false;
    }
    bool same = own.len == bytes && memcmp(own.base, data, bytes) == 0;
    raft_free(own.base);
    return same;
}

size_t agreement_wire_bytes(const struct raft_message *message) {
    size_t bytes = 64;
    if (message->type == RAFT_IO_APPEND_ENTRIES) {
        for (unsigned i = 0; i < message->append_entries.n_entries; i++) {
            bytes += 16 + message->append_entries.entries[i].buf.len;
        }
    } else if (message->type == RAFT_IO_INSTALL_SNAPSHOT) {
        bytes += message->install_snapshot.data.len;
    }
    return bytes;
}

static void put_entries(struct bytes_writer *writer, const struct raft_append_entries *append) {
    bytes_put_u64(writer, append->term);
    bytes_put_u64(writer, append->prev_log_index);
    bytes_put_u64(writer, append->prev_log_term);
    bytes_put_u64(writer, append->leader_commit);
    bytes_put_u16(writer, (uint16_t)append->n_entries);
    for (unsigned i = 0; i < append->n_entries; i++) {
        const struct raft_entry *entry = &append->entries[i];
        bytes_put_u64(writer, entry->term);
        bytes_put_u8(writer, (uint8_t)entry->type);
        bytes_put_u16(writer, (uint16_t)entry->buf.len);
        bytes_put(writer, entry->buf.base, entry->buf.len);
    }
}

static void put_snapshot(struct bytes_writer *writer, const struct raft_install_snapshot *install) {
    bytes_put_u64(writer, install->term);
    bytes_put_u64(writer, install->last_index);
    bytes_put_u64(writer, install->last_term);
    bytes_put_u64(writer, install->conf_index);
    bytes_put_u16(writer, (uint16_t)install->data.len);
    bytes_put(writer, install->data.base, install->data.len);
}

static void put_vote(struct bytes_writer *writer, const struct raft_request_vote *vote) {
    bytes_put_u64(writer, vote->term);
    bytes_put_u64(writer, vote->candidate_id);
    bytes_put_u64(writer, vote->last_log_index);
    bytes_put_u64(writer, vote->last_log_term);
    bytes_put_u8(writer, vote->disrupt_leader);
    bytes_put_u8(writer, vote->pre_vote);
}

void agreement_wire_put(struct bytes_writer *writer, const struct raft_message *message) {
    bytes_put_u8(writer, (uint8_t)message->type);
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        put_entries(writer, &message->append_entries);
        return;
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        bytes_put_u64(writer, message->append_entries_result.term);
        bytes_put_u64(writer, message->append_entries_result.rejected);
        bytes_put_u64(writer, message->append_entries_result.last_log_index);
        return;
    case RAFT_IO_REQUEST_VOTE:
        put_vote(writer, &message->request_vote);
        return;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        bytes_put_u64(writer, message->request_vote_result.term);
        bytes_put_u8(writer, message->request_vote_result.vote_granted);
        bytes_put_u8(writer, (uint8_t)message->request_vote_result.pre_vote);
        return;
    case RAFT_IO_INSTALL_SNAPSHOT:
        put_snapshot(writer, &message->install_snapshot);
        return;
    default: /* RAFT_IO_TIMEOUT_NOW is sent only when leadership is handed over, which nobody asks
              */
        assert(!"a message that is never sent");
    }
}

/* Sets the sizes only; true when every entry is there and could be one. */
static bool measure_entries(struct bytes_reader reader, unsigned count, size_t *bytes) {
    *bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t term = bytes_get_u64(&reader);
        uint8_t type = bytes_get_u8(&reader);
        size_t length = bytes_get_u16(&reader);
        if (!bytes_get_view(&reader, length) || term == 0 || length == 0 ||
            length > PROMISE_BYTES_MAX ||
            (type != RAFT_COMMAND && type != RAFT_BARRIER && type != RAFT_CHANGE)) {
            return false;
        }
        *bytes += (length + 7) & ~(size_t)7;
    }
    return bytes_all_read(&reader);
}

const uint8_t *agreement_wire_command(struct bytes_reader reader, size_t *bytes) {
    const uint8_t *newest = NULL;
    if (bytes_get_u8(&reader) != RAFT_IO_APPEND_ENTRIES) {
        return NULL;
    }
    bytes_get_view(&reader, 4 * 8); /* terms and indices */
    for (unsigned left = bytes_get_u16(&reader); left > 0 && !reader.failed; left--) {
        bytes_get_u64(&reader);
        bool is_command = bytes_get_u8(&reader) == RAFT_COMMAND;
        size_t length = bytes_get_u16(&reader);
        const uint8_t *data = bytes_get_view(&reader, length);
        if (data && is_command) {
            newest = data;
            *bytes = length;
        }
    }
    return newest;
}

static bool fill_entries(const struct agreement_members *members, struct bytes_reader *reader,
                         struct raft_append_entries *append, uint8_t *batch) {
    uint8_t *at = batch;
    for (unsigned i = 0; i < append->n_entries; i++) {
        struct raft_entry *entry = &append->entries[i];
        entry->term = bytes_get_u64(reader);
        entry->type = bytes_get_u8(reader);
        entry->buf.len = bytes_get_u16(reader);
        entry->buf.base = at;
        entry->batch = batch;
        bytes_get_copy(reader, at, entry->buf.len);
        if (entry->type == RAFT_CHANGE &&
            (append->prev_log_index + i != 0 ||
             !agreement_is_configuration(members, at, entry->buf.len))) {
            return false;
        }
        at += (entry->buf.len + 7) & ~(size_t)7;
    }
    return true;
}

static bool get_entries(const struct agreement_members *members, struct bytes_reader *reader,
                        struct raft_append_entries *append) {
    append->term = bytes_get_u64(reader);
    append->prev_log_index = bytes_get_u64(reader);
    append->prev_log_term = bytes_get_u64(reader);
    append->leader_commit = bytes_get_u64(reader);
    append->n_entries = bytes_get_u16(reader);
    append->entries = NULL;
    size_t bytes;
    if (append->n_entries > AGREEMENT_ENTRIES_MAX ||
        !measure_entries(*reader, append->n_entries, &bytes)) {
        return false;
    }
    if (append->n_entries == 0) {
        return true;
    }
    uint8_t *batch = raft_malloc(bytes);
    append->entries = raft_calloc(append->n_entries, sizeof *append->entries);
    if (batch && append->entries && fill_entries(members, reader, append, batch)) {
        return true;
    }
    raft_free(batch);
    raft_free(append->entries);
    return false;
}

static bool get_snapshot(const struct agreement_members *members, struct bytes_reader *reader,
                         struct raft_install_snapshot *install) {
    install->term = bytes_get_u64(reader);
    install->last_index = bytes_get_u64(reader);
    install->last_term = bytes_get_u64(reader);
    install->conf_index = bytes_get_u64(reader);
    install->data.len = bytes_get_u16(reader);
    const uint8_t *data = bytes_get_view(reader, install->data.len);
    if (!data || !bytes_all_read(reader) || install->data.len > PROMISE_BYTES_MAX ||
        install->last_index == 0 || install->conf_index > install->last_index) {
        return false;
    }
    install->data.base = raft_malloc(install->data.len + 1);
    if (!install->data.base) {
        return false;
    }
    memcpy(install->data.base, data, install->data.len);
    if (agreement_configuration(members, &install->conf) != 0) {
        raft_free(install->data.base);
        return false;
    }
    return true;
}

static void get_vote(struct bytes_reader *reader, struct raft_request_vote *vote) {
    vote->term = bytes_get_u64(reader);
    vote->candidate_id = bytes_get_u64(reader);
    vote->last_log_index = bytes_get_u64(reader);
    vote->last_log_term = bytes_get_u64(reader);
    vote->disrupt_leader = bytes_get_u8(reader) != 0;
    vote->pre_vote = bytes_get_u8(reader) != 0;
}

static void get_vote_result(struct bytes_reader *reader, struct raft_request_vote_result *result) {
    result->term = bytes_get_u64(reader);
    result->vote_granted = bytes_get_u8(reader) != 0;
    result->pre_vote = (raft_tribool)(bytes_get_u8(reader) % 3);
}

bool agreement_wire_get(const struct agreement_members *members, struct bytes_reader *reader,
                        struct raft_message *message) {
    message->type = bytes_get_u8(reader);
    switch (message->type) {
    case RAFT_IO_APPEND_ENTRIES:
        return get_entries(members, reader, &message->append_entries);
    case RAFT_IO_APPEND_ENTRIES_RESULT:
        message->append_entries_result.term = bytes_get_u64(reader);
        message->append_entries_result.rejected = bytes_get_u64(reader);
        message->append_entries_result.last_log_index = bytes_get_u64(reader);
        return bytes_all_read(reader);
    case RAFT_IO_REQUEST_VOTE:
        get_vote(reader, &message->request_vote);
        return bytes_all_read(reader) && message->request_vote.candidate_id == message->server_id;
    case RAFT_IO_REQUEST_VOTE_RESULT:
        get_vote_result(reader, &message->request_vote_result);
        return bytes_all_read(reader);
    case RAFT_IO_INSTALL_SNAPSHOT:
        return get_snapshot(members, reader, &message->install_snapshot);
    default:
        return false;
    }
}
