#include "ckpt/cli/tags.h"

#include <string.h>

json_t *tags_json(const char *names) {
    json_t *array = json_array();
    while (*names) {
        size_t bytes = strcspn(names, " ");
        json_array_append_new(array, json_stringn(names, bytes));
        names += bytes + (names[bytes] == ' ');
    }
    return array;
}

void tags_read(struct satsync_store *store, uint64_t step, char names[SATSYNC_TAGS_BYTES]) {
    if (satsync_store_tags(store, step, names, NULL) != SATSYNC_OK) {
        strcpy(names, "?");
    }
}
