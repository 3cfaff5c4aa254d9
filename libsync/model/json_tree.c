#include "model/json_tree.h"

#include "base/check.h"

#include <jansson.h>

/* struct json_tree is never defined: it is jansson's json_t under a name of ours. */
static const json_t *json_of(const struct json_tree *value) {
    return (const json_t *)value;
}

static const struct json_tree *tree_of(const json_t *value) {
    return (const struct json_tree *)value;
}

enum satsync_status json_tree_parse(const void *text, size_t bytes, const char *subject,
                                    struct json_tree **tree, struct satsync_error *error) {
    json_error_t at;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
    *tree = (struct json_tree *)root;
    if (root) {
        return SATSYNC_OK;
    }
    ENSURE(json_error_code(&at) != json_error_out_of_memory, error, SATSYNC_NO_MEMORY, subject,
           "no memory to read its JSON");
    return error_set(error, SATSYNC_INVALID, subject, "its JSON is broken at byte %d: %s",
                     at.position, at.text);
}

void json_tree_free(struct json_tree *tree) {
    json_decref((json_t *)tree);
}

bool json_tree_is_object(const struct json_tree *value) {
    return json_is_object(json_of(value));
}

size_t json_tree_members(const struct json_tree *object) {
    return json_object_size(json_of(object));
}

const struct json_tree *json_tree_member(const struct json_tree *object, const char *name) {
    return tree_of(json_object_get(json_of(object), name));
}

bool json_tree_next(const struct json_tree *object, void **cursor, const char **name,
                    const struct json_tree **value) {
    json_t *json = (json_t *)(uintptr_t)object; /* jansson's iterators want it writable */
    if (!json_is_object(json)) {
        return false;
    }
    *cursor = *cursor ? json_object_iter_next(json, *cursor) : json_object_iter(json);
    if (!*cursor) {
        return false;
    }
    *name = json_object_iter_key(*cursor);
    *value = tree_of(json_object_iter_value(*cursor));
    return true;
}

bool json_tree_is_array(const struct json_tree *value) {
    return json_is_array(json_of(value));
}

size_t json_tree_length(const struct json_tree *array) {
    return json_array_size(json_of(array));
}

const struct json_tree *json_tree_at(const struct json_tree *array, size_t index) {
    return tree_of(json_array_get(json_of(array), index));
}

const char *json_tree_text(const struct json_tree *value) {
    return json_string_value(json_of(value));
}

bool json_tree_u64(const struct json_tree *value, uint64_t *out) {
    if (!json_is_integer(json_of(value)) || json_integer_value(json_of(value)) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(json_of(value));
    return true;
}
