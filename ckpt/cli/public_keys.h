/*
 * Public keys named on the command line.
 */
#ifndef CLI_PUBLIC_KEYS_H
#define CLI_PUBLIC_KEYS_H

#include "ckpt/cli/arguments.h"

#include <satsync/key.h>

/* Loads the file given the index-th time for `id`. */
enum satsync_status public_keys_load_at(const struct arguments *arguments, enum option_id id,
                                        size_t index, struct satsync_public_key *key,
                                        struct satsync_error *error);

/* Loads all files given for `id`; *keys (to be freed) is NULL when there are none. */
enum satsync_status public_keys_load(const struct arguments *arguments, enum option_id id,
                                     struct satsync_public_key **keys, struct satsync_error *error);

#endif
