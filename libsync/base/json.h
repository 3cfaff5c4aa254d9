/*
 * JSON writer into a growing buffer: commas, nesting and escapes are its business. Output has no
 * whitespace. A failed allocation is sticky and seen in json_finish. Owner thread.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json {
    char *text;
    size_t bytes;
    size_t capacity;
    bool failed;
    bool need_comma;
    const struct allocator *allocator;
};

void json_init(struct json *json, const struct allocator *allocator);
void json_fini(struct json *json);

/* The text, NUL-terminated, owned by json until json_fini; NULL when memory ran out. */
const char *json_finish(struct json *json);

void json_put_object(struct json *json);
void json_end_object(struct json *json);
void json_put_array(struct json *json);
void json_end_array(struct json *json);

/* In an object each value follows its key. */
void json_put_key(struct json *json, const char *key);

/* Pure. True for valid UTF-8 (RFC 3629). */
bool json_is_utf8(const char *text);

/* Bytes that are not valid UTF-8 are written as U+FFFD. */
void json_put_string(struct json *json, const char *text);
void json_put_u64(struct json *json, uint64_t value);
void json_put_i64(struct json *json, int64_t value);
void json_put_bool(struct json *json, bool value);
void json_put_null(struct json *json);

/* A key and its value. */
void json_member_string(struct json *json, const char *key, const char *value);
void json_member_u64(struct json *json, const char *key, uint64_t value);
void json_member_bool(struct json *json, const char *key, bool value);

/* A finite number with `decimals` digits (0 to 20); others become null. */
void json_put_number(struct json *json, double value, int decimals);

#endif
