/*
 * Reading JSON: a thin face on jansson, its only user in the library. Values are views into the
 * tree that json_tree_parse made; jansson allocates with libc's malloc.
 */
#ifndef MODEL_JSON_TREE_H
#define MODEL_JSON_TREE_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_tree;

/* Strict RFC 8259 with one value in all of `bytes`, no name twice in an object, no zero byte in a
 * string. SATSYNC_INVALID says where. `subject` is for messages. */
enum satsync_status json_tree_parse(const void *text, size_t bytes, const char *subject,
                                    struct json_tree **tree,
                                    struct satsync_error *error) SATSYNC_MUST_CHECK;
void json_tree_free(struct json_tree *tree);

/* All of these take NULL (absent, or of another type) and give NULL, 0 or false. */
bool json_tree_is_object(const struct json_tree *value);
size_t json_tree_members(const struct json_tree *object);
const struct json_tree *json_tree_member(const struct json_tree *object, const char *name);

/* Walks an object: starts with *cursor NULL; false at the end. */
bool json_tree_next(const struct json_tree *object, void **cursor, const char **name,
                    const struct json_tree **value);

bool json_tree_is_array(const struct json_tree *value);
size_t json_tree_length(const struct json_tree *array);
const struct json_tree *json_tree_at(const struct json_tree *array, size_t index);

/* NULL when it is no string. */
const char *json_tree_text(const struct json_tree *value);

/* False when it is no whole number from 0 to 2^63 - 1. */
bool json_tree_u64(const struct json_tree *value, uint64_t *out);

#endif
