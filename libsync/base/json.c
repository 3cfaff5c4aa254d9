#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void json_init(struct json *json, const struct allocator *allocator) {
    *json = (struct json){.allocator = allocator};
}

void json_fini(struct json *json) {
    memory_free(json->allocator, json->text);
    json_init(json, json->allocator);
}

static void append(struct json *json, const char *text, size_t bytes) {
    if (json->failed) {
        return;
    }
    if (json->bytes + bytes + 1 > json->capacity) {
        size_t capacity = (json->bytes + bytes + 1) * 2;
        char *larger = memory_grow(json->allocator, json->text, json->bytes, capacity);
        if (!larger) {
            json->failed = true;
            return;
        }
        json->text = larger;
        json->capacity = capacity;
    }
    memcpy(json->text + json->bytes, text, bytes);
    json->bytes += bytes;
    json->text[json->bytes] = '\0';
}

static void value_starts(struct json *json) {
    if (json->need_comma) {
        append(json, ",", 1);
    }
    json->need_comma = true;
}

const char *json_finish(struct json *json) {
    append(json, "", 0);
    return json->failed ? NULL : json->text;
}

static void open_with(struct json *json, const char *bracket) {
    value_starts(json);
    append(json, bracket, 1);
    json->need_comma = false;
}

static void close_with(struct json *json, const char *bracket) {
    append(json, bracket, 1);
    json->need_comma = true;
}

void json_put_object(struct json *json) {
    open_with(json, "{");
}

void json_end_object(struct json *json) {
    close_with(json, "}");
}

void json_put_array(struct json *json) {
    open_with(json, "[");
}

void json_end_array(struct json *json) {
    close_with(json, "]");
}

/* Whether a sequence whose bytes have the right marks is none all the same (RFC 3629). */
static bool is_no_character(const unsigned char *at) {
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool too_high = at[0] == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || too_high;
}

/* Length of the valid UTF-8 sequence at `at`, 0 when there is none. */
static size_t utf8_sequence(const unsigned char *at) {
    if (at[0] < 0x80) {
        return 1;
    }
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return is_no_character(at) ? 0 : length;
}

bool json_is_utf8(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    size_t length = 1;
    while (*at && length) {
        length = utf8_sequence(at);
        at += length;
    }
    return length != 0;
}

/* The short form where RFC 8259 has one, as most writers do. */
static void control(struct json *json, unsigned char value) {
    static const char letters[] = "btn\0fr"; /* from 8 on */
    char escape[8];
    if (value >= 8 && value <= 13 && letters[value - 8]) {
        append(json, (char[]){'\\', letters[value - 8]}, 2);
    } else {
        append(json, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", value));
    }
}

static void quoted(struct json *json, const char *text) {
    append(json, "\"", 1);
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t length = utf8_sequence(at);
        if (length == 0) {
            append(json, "\xef\xbf\xbd", 3);
            length = 1;
        } else if (*at < 0x20) {
            control(json, *at);
        } else {
            if (*at == '"' || *at == '\\') {
                append(json, "\\", 1);
            }
            append(json, (const char *)at, length);
        }
        at += length;
    }
    append(json, "\"", 1);
}

void json_put_key(struct json *json, const char *key) {
    value_starts(json);
    quoted(json, key);
    append(json, ":", 1);
    json->need_comma = false;
}

void json_put_string(struct json *json, const char *text) {
    value_starts(json);
    quoted(json, text);
}

static void raw(struct json *json, const char *text) {
    value_starts(json);
    append(json, text, strlen(text));
}

void json_put_u64(struct json *json, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    raw(json, text);
}

void json_put_i64(struct json *json, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    raw(json, text);
}

void json_put_bool(struct json *json, bool value) {
    raw(json, value ? "true" : "false");
}

void json_put_null(struct json *json) {
    raw(json, "null");
}

void json_put_number(struct json *json, double value, int decimals) {
    char text[400];
    if (!isfinite(value)) {
        json_put_null(json);
        return;
    }
    assert(decimals >= 0 && decimals <= 20);
    snprintf(text, sizeof text, "%.*f", decimals, value);
    /* The host program's locale may write the decimal point as a comma, or in several bytes. */
    size_t whole = strspn(text, "-0123456789");
    if (decimals > 0) {
        size_t digits = strlen(text) - (size_t)decimals;
        text[whole] = '.';
        memmove(text + whole + 1, text + digits, (size_t)decimals + 1);
    }
    raw(json, text);
}

void json_member_string(struct json *json, const char *key, const char *value) {
    json_put_key(json, key);
    json_put_string(json, value);
}

void json_member_u64(struct json *json, const char *key, uint64_t value) {
    json_put_key(json, key);
    json_put_u64(json, value);
}

void json_member_bool(struct json *json, const char *key, bool value) {
    json_put_key(json, key);
    json_put_bool(json, value);
}
