/*
 * Whether the disk has the room that a save will take, told before anything is written.
 */
#ifndef ENGINE_SAVE_ROOM_H
#define ENGINE_SAVE_ROOM_H

#include "engine/save.h"

/* Once the base is open and nothing is submitted. Estimates by the newest checkpoint of the same
 * kind, with a base or without: what it took of each raw byte. When there is none, a save without a
 * base may take all of its raw bytes, and of one with a base nothing is known. SATSYNC_NO_SPACE
 * when that and its parity are more than is free. */
enum satsync_status save_room_check(struct satsync_save *save, uint64_t raw_bytes,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
