/*
 * The transfer of an agreed state between two sites of a group, as bytes (docs/rounds.md, "State").
 * A request is a control message, the state one of the checkpoint class. Pure.
 */
#ifndef GROUP_STATE_LETTER_H
#define GROUP_STATE_LETTER_H

#include "rounds/rounds.h"

/* First bytes, apart from those of the machine's messages (rounds/message.h). */
enum { STATE_LETTER_REQUEST = 0x81, STATE_LETTER_STATE = 0x82 };
enum { STATE_LETTER_REQUEST_BYTES = 2 };

/* Whether a message of the control class is ours and not the machine's. */
bool state_letter_is_request(const uint8_t *data, size_t bytes);
void state_letter_put_request(uint8_t out[STATE_LETTER_REQUEST_BYTES]);

/* Bytes of a letter with all blobs but this site's own error. */
size_t state_letter_bytes(const struct rounds_blob blobs[ROUNDS_BLOBS]);
void state_letter_write(const struct rounds_blob blobs[ROUNDS_BLOBS], uint8_t *out, size_t bytes);

enum { STATE_LETTER_BLOBS = 3 };

/* The blobs point into `data`, which must be aligned to 8. SATSYNC_PROTOCOL for anything but what
 * state_letter_write wrote; what the blobs say is not checked here. */
enum satsync_status
state_letter_read(const uint8_t *data, size_t bytes,
                  struct rounds_blob blobs[STATE_LETTER_BLOBS]) SATSYNC_MUST_CHECK;

#endif
