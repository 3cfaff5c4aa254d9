/*
 * Key files on disk; see <satsync/key.h>. These are the user's own files, outside any store, so
 * they are read and written with plain system calls.
 */
#ifndef ENGINE_KEY_H
#define ENGINE_KEY_H

#include "codec/seal.h"

#include <satsync/key.h>

/* The secret behind a public handle; borrowed. */
const struct site_key *key_site(const struct satsync_key *key);

#endif
