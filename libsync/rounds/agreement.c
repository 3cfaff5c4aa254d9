#include "rounds/agreement.h"

#include "base/check.h"
#include "rounds/agreement_state.h"

#include <stdio.h>
#include <string.h>

enum {
    COMPLETIONS_MAX = 1024,
    MESSAGES_MAX = 1024,
    SNAPSHOT_EVERY = 64, /* entries */
    SNAPSHOT_TRAILING = 16,
    TICKS_IN_HEARTBEAT = 4
};

static enum satsync_status open_rings(struct agreement *agreement) {
    TRY(ring_init(&agreement->completions, COMPLETIONS_MAX, sizeof(struct completion),
                  agreement->allocator));
    TRY(ring_init(&agreement->messages, MESSAGES_MAX, sizeof(struct agreement_message),
                  agreement->allocator));
    return ring_init(&agreement->decisions, AGREEMENT_DECISIONS, sizeof(struct agreement_decision),
                     agreement->allocator);
}

/* What libraft takes on trust: the log begins with who takes part, and says it nowhere else. */
static bool is_log(const struct agreement *agreement) {
    const struct promises *promises = &agreement->promises;
    for (size_t i = 0; i < promises->count; i++) {
        const struct promise *entry = &promises->entries[i];
        bool is_first = promises->first_index + i == 1;
        bool is_change = entry->type == RAFT_CHANGE;
        bool is_known = is_change || entry->type == RAFT_COMMAND || entry->type == RAFT_BARRIER;
        if (!is_known || is_change != is_first ||
            (is_change &&
             !agreement_is_configuration(&agreement->members, entry->data, entry->bytes))) {
            return false;
        }
    }
    return promises->count > 0 || promises->snapshot_index > 0;
}

static enum satsync_status take_promises(struct agreement *agreement,
                                         const struct rounds_options *options,
                                         struct satsync_error *error) {
    promises_init(&agreement->promises);
    if (!options->promises) {
        return SATSYNC_OK;
    }
    enum satsync_status status =
        promises_decode(&agreement->promises, options->promises, options->promises_bytes);
    if (status == SATSYNC_OK && !is_log(agreement)) {
        status = SATSYNC_CORRUPT;
    }
    ENSURE(status == SATSYNC_OK, error, status, "promises",
           "the site's promises to the others are damaged or of a newer version; start it with the "
           "file as it was last kept");
    return SATSYNC_OK;
}

static void set_times(struct agreement *agreement, const struct rounds_options *options) {
    unsigned heartbeat_ms = (unsigned)(options->heartbeat_ns / 1000000);
    raft_set_heartbeat_timeout(&agreement->raft, heartbeat_ms > 0 ? heartbeat_ms : 1);
    raft_set_election_timeout(&agreement->raft, (unsigned)(options->election_ns / 1000000));
    raft_set_pre_vote(&agreement->raft, true);
    raft_set_snapshot_threshold(&agreement->raft, SNAPSHOT_EVERY);
    raft_set_snapshot_trailing(&agreement->raft, SNAPSHOT_TRAILING);
    agreement->tick_ns = options->heartbeat_ns / TICKS_IN_HEARTBEAT;
    agreement->next_tick_ns = agreement->now_ns;
}

static int start(struct agreement *agreement, bool first) {
    if (first) {
        struct raft_configuration configuration;
        int rv = agreement_configuration(&agreement->members, &configuration);
        if (rv != 0) {
            return rv;
        }
        rv = raft_bootstrap(&agreement->raft, &configuration);
        raft_configuration_close(&configuration);
        if (rv != 0) {
            return rv;
        }
    }
    return raft_start(&agreement->raft);
}

static enum satsync_status open_raft(struct agreement *agreement,
                                     const struct rounds_options *options,
                                     struct satsync_error *error) {
    agreement_wire_ports(agreement);
    int rv = raft_init(&agreement->raft, &agreement->io, &agreement->fsm, agreement->self + 1,
                       agreement->members.address[agreement->self]);
    ENSURE(rv == 0, error, SATSYNC_NO_MEMORY, "libraft", "no memory for the sites' agreement");
    agreement->started = true;
    set_times(agreement, options);
    rv = start(agreement, !options->promises);
    ENSURE(rv == 0, error, rv == RAFT_NOMEM ? SATSYNC_NO_MEMORY : SATSYNC_CORRUPT, "promises",
           "the site's promises to the others cannot be gone on from: %s", raft_strerror(rv));
    agreement_settle(agreement);
    ENSURE(agreement->status == SATSYNC_OK, error, agreement->status, "promises",
           "the site's promises to the others cannot be kept; see to where they are written");
    return SATSYNC_OK;
}

enum satsync_status agreement_open(const struct rounds_options *options, struct agreement **out,
                                   struct satsync_error *error) {
    *out = NULL;
    struct agreement *agreement = memory_new(options->allocator, 1, sizeof *agreement);
    ENSURE(agreement, error, SATSYNC_NO_MEMORY, NULL, "no memory for the sites' agreement");
    agreement->allocator = options->allocator;
    agreement->port = options->port;
    agreement->self = options->site;
    agreement->now_ns = options->now_ns;
    agreement->random = random_of(options->seed, options->site);
    agreement->members.count = options->sites + options->witness;
    for (size_t i = 0; i < agreement->members.count; i++) {
        snprintf(agreement->members.address[i], sizeof agreement->members.address[i], "%u",
                 (unsigned)i & 15);
    }
    enum satsync_status status = open_rings(agreement);
    if (status == SATSYNC_OK) {
        status = take_promises(agreement, options, error);
    }
    if (status == SATSYNC_OK) {
        status = open_raft(agreement, options, error);
    }
    if (status != SATSYNC_OK) {
        agreement_close(agreement);
        return error_set(error, status, NULL, "%s",
                         error && error->message[0] ? error->message
                                                    : "no memory for the sites' agreement");
    }
    *out = agreement;
    return SATSYNC_OK;
}

static void forget_messages(struct agreement *agreement) {
    struct agreement_message message;
    while (agreement->messages.count > 0 && ring_pop(&agreement->messages, &message)) {
        memory_free(agreement->allocator, message.data);
    }
}

void agreement_close(struct agreement *agreement) {
    if (!agreement) {
        return;
    }
    if (agreement->started) {
        raft_close(&agreement->raft, NULL);
        agreement_settle(agreement);
    }
    forget_messages(agreement);
    ring_fini(&agreement->completions);
    ring_fini(&agreement->messages);
    ring_fini(&agreement->decisions);
    memory_free(agreement->allocator, agreement);
}

bool agreement_carries(const void *data, size_t bytes, struct agreement_decision *decision) {
    size_t length = 0;
    const uint8_t *command = agreement_wire_command(bytes_reader_over(data, bytes), &length);
    return command && agreement_decision_get(command, length, decision);
}

enum satsync_status agreement_recv(struct agreement *agreement, uint64_t now_ns, size_t peer,
                                   const void *data, size_t bytes) {
    agreement->now_ns = now_ns;
    struct raft_message message = {.server_id = peer + 1,
                                   .server_address = agreement->members.address[peer]};
    struct bytes_reader reader = bytes_reader_over(data, bytes);
    if (!agreement_wire_get(&agreement->members, &reader, &message)) {
        return SATSYNC_PROTOCOL;
    }
    agreement->recv(&agreement->io, &message);
    agreement_settle(agreement);
    return SATSYNC_OK;
}

void agreement_run(struct agreement *agreement, uint64_t now_ns) {
    if (now_ns < agreement->next_tick_ns) {
        return;
    }
    agreement->now_ns = now_ns;
    agreement->next_tick_ns = now_ns + agreement->tick_ns;
    agreement->tick(&agreement->io);
    agreement_settle(agreement);
}

uint64_t agreement_next_timeout(const struct agreement *agreement) {
    return agreement->next_tick_ns;
}

size_t agreement_leader(const struct agreement *agreement) {
    raft_id id;
    const char *address;
    raft_leader((struct raft *)(uintptr_t)&agreement->raft, &id, &address);
    return id == 0 ? SIZE_MAX : (size_t)id - 1;
}

uint64_t agreement_term(const struct agreement *agreement) {
    return agreement->promises.term;
}

static void forget_request(struct raft_apply *request, int status, void *result) {
    (void)status, (void)result;
    raft_free(request);
}

enum satsync_status agreement_propose(struct agreement *agreement, uint64_t now_ns,
                                      const struct agreement_decision *decision) {
    agreement->now_ns = now_ns;
    if (raft_state(&agreement->raft) != RAFT_LEADER) {
        return SATSYNC_AGAIN;
    }
    struct raft_apply *request = raft_malloc(sizeof *request);
    struct raft_buffer buffer = {.len = agreement_decision_bytes(decision)};
    buffer.base = raft_malloc(buffer.len);
    int rv = RAFT_NOMEM;
    if (request && buffer.base) {
        agreement_decision_put(decision, buffer.base);
        rv = raft_apply(&agreement->raft, request, &buffer, 1, forget_request);
    }
    if (rv != 0) {
        raft_free(request);
        raft_free(buffer.base);
    }
    agreement_settle(agreement);
    return rv == 0 ? SATSYNC_OK : rv == RAFT_NOMEM ? SATSYNC_NO_MEMORY : SATSYNC_AGAIN;
}

bool agreement_decision(struct agreement *agreement, struct agreement_decision *decision) {
    return agreement->status == SATSYNC_OK && ring_pop(&agreement->decisions, decision);
}

bool agreement_message(struct agreement *agreement, struct agreement_message *message) {
    return agreement->status == SATSYNC_OK && ring_pop(&agreement->messages, message);
}

enum satsync_status agreement_status(const struct agreement *agreement) {
    return agreement->status;
}
