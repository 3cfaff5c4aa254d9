/*
 * libraft's messages as bytes (docs/rounds.md, "Agreement"): its own encoders are not exported.
 */
#ifndef ROUNDS_AGREEMENT_WIRE_H
#define ROUNDS_AGREEMENT_WIRE_H

#include "base/bytes.h"

#include <raft.h>

enum { AGREEMENT_ENTRIES_MAX = 256 };

/* A log's first entry is the same on every site, who takes part: what a peer says of it is checked
 * against this, and snapshots leave it out. */
struct agreement_members {
    size_t count;
    char address[16][4];
};

/* An empty configuration, or one of all members as voters; 0 or libraft's error. */
int agreement_configuration(const struct agreement_members *members,
                            struct raft_configuration *configuration);

/* It as the log's first entry holds it, in libraft's memory. */
int agreement_configuration_encode(const struct agreement_members *members,
                                   struct raft_buffer *buffer);

/* Whether an entry that changes who takes part is the one there is: the log's first. */
bool agreement_is_configuration(const struct agreement_members *members, const uint8_t *data,
                                size_t bytes);

/* Room for a message. */
size_t agreement_wire_bytes(const struct raft_message *message);

void agreement_wire_put(struct bytes_writer *writer, const struct raft_message *message);

/* The newest entry of a message that is a command, or NULL. */
const uint8_t *agreement_wire_command(struct bytes_reader reader, size_t *bytes);

/* Decodes a message of `peer`; what it holds is libraft's memory, for raft's recv callback to own.
 * False, and nothing held, for what no member can have sent. */
bool agreement_wire_get(const struct agreement_members *members, struct bytes_reader *reader,
                        struct raft_message *message);

#endif
