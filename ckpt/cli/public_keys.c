#include "ckpt/cli/public_keys.h"

#include "ckpt/cli/failure.h"

#include <stdlib.h>

enum satsync_status public_keys_load_at(const struct arguments *arguments, enum option_id id,
                                        size_t index, struct satsync_public_key *key,
                                        struct satsync_error *error) {
    return satsync_public_key_load(arguments_text_at(arguments, id, index), key, error);
}

enum satsync_status public_keys_load(const struct arguments *arguments, enum option_id id,
                                     struct satsync_public_key **keys,
                                     struct satsync_error *error) {
    *keys = NULL;
    size_t count = arguments_count(arguments, id);
    if (count == 0) {
        return SATSYNC_OK;
    }
    struct satsync_public_key *loaded = calloc(count, sizeof *loaded);
    if (!loaded) {
        return failure_set(error, SATSYNC_NO_MEMORY, NULL, "no memory for %zu keys", count);
    }
    for (size_t i = 0; i < count; i++) {
        enum satsync_status status = public_keys_load_at(arguments, id, i, &loaded[i], error);
        if (status != SATSYNC_OK) {
            free(loaded);
            return status;
        }
    }
    *keys = loaded;
    return SATSYNC_OK;
}
