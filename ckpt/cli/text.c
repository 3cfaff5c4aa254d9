#include "ckpt/cli/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Three significant digits, no exponent. */
static void quantity(char out[TEXT_QUANTITY_BYTES], double value, const char *unit) {
    int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(out, TEXT_QUANTITY_BYTES, "%.*f %s", decimals, value, unit);
}

void text_bytes(char out[TEXT_QUANTITY_BYTES], uint64_t bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(out, TEXT_QUANTITY_BYTES, "%u B", (unsigned)bytes);
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    quantity(out, value, units[unit]);
}

void text_bit_rate(char out[TEXT_QUANTITY_BYTES], uint64_t bits_per_second) {
    static const char *const units[] = {"kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"};
    if (bits_per_second < 1000) {
        snprintf(out, TEXT_QUANTITY_BYTES, "%u bit/s", (unsigned)bits_per_second);
        return;
    }
    double value = (double)bits_per_second / 1000;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1000;
        unit++;
    }
    quantity(out, value, units[unit]);
}

void text_duration(char out[TEXT_QUANTITY_BYTES], uint64_t duration_ns) {
    const uint64_t second_ns = 1000000000;
    if (duration_ns < 1000000) {
        snprintf(out, TEXT_QUANTITY_BYTES, "%u us", (unsigned)(duration_ns / 1000));
    } else if (duration_ns < second_ns) {
        snprintf(out, TEXT_QUANTITY_BYTES, "%u ms", (unsigned)(duration_ns / 1000000));
    } else if (duration_ns < 60 * second_ns) {
        snprintf(out, TEXT_QUANTITY_BYTES, "%.1f s", (double)(duration_ns / 100000000) / 10);
    } else if (duration_ns < 3600 * second_ns) {
        unsigned seconds = (unsigned)(duration_ns / second_ns);
        snprintf(out, TEXT_QUANTITY_BYTES, "%u min %u s", seconds / 60, seconds % 60);
    } else {
        uint64_t minutes = duration_ns / (60 * second_ns);
        snprintf(out, TEXT_QUANTITY_BYTES, "%u h %u min", (unsigned)(minutes / 60),
                 (unsigned)(minutes % 60));
    }
}

void text_time(char out[TEXT_TIME_BYTES], uint64_t unix_ns) {
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || !strftime(out, TEXT_TIME_BYTES, "%FT%TZ", &parts)) {
        snprintf(out, TEXT_TIME_BYTES, "?");
    }
}

void text_hex(char *out, const uint8_t *data, size_t bytes) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * bytes] = '\0';
}

void text_key_short(char *out, size_t out_bytes, const struct satsync_public_key *key,
                    size_t letters) {
    char text[SATSYNC_PUBLIC_KEY_TEXT_BYTES];
    satsync_public_key_text(key, text);
    snprintf(out, out_bytes, "%.*s…", (int)letters, text);
}

/* Bytes of the well-formed UTF-8 character at `text` (Unicode 15, table 3-7), or 0. */
static size_t character_bytes(const unsigned char *text) {
    unsigned char first = text[0];
    if (first < 0x80) {
        return 1;
    }
    size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] < low || text[i] > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return bytes;
}

static bool steers(const unsigned char *character, size_t bytes) {
    return (bytes == 1 && (character[0] < 0x20 || character[0] == 0x7f)) ||
           (bytes == 2 && character[0] == 0xc2 && character[1] < 0xa0);
}

static void copy_characters(char *out, size_t out_bytes, const char *text, bool keep_control) {
    const unsigned char *from = (const unsigned char *)text;
    size_t used = 0;
    while (*from) {
        size_t bytes = character_bytes(from);
        const char *put = (const char *)from;
        size_t put_bytes = bytes;
        if (bytes == 0) {
            put = "\xef\xbf\xbd";
            put_bytes = 3;
            bytes = 1;
        } else if (!keep_control && steers(from, bytes)) {
            put = "?";
            put_bytes = 1;
        }
        if (used + put_bytes >= out_bytes) {
            break;
        }
        memcpy(out + used, put, put_bytes);
        used += put_bytes;
        from += bytes;
    }
    out[used] = '\0';
}

void text_clean(char *out, size_t out_bytes, const char *text) {
    copy_characters(out, out_bytes, text, false);
}

static bool shell_plain(const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./_-";
    return *word && word[strspn(word, plain)] == '\0';
}

static char *put(char *to, const char *text) {
    size_t bytes = strlen(text);
    memcpy(to, text, bytes);
    return to + bytes;
}

static char *put_quoted(char *to, const char *word) {
    *to++ = '\'';
    for (; *word; word++) {
        if (*word == '\'') {
            to = put(to, "'\\''");
        } else {
            *to++ = *word;
        }
    }
    *to++ = '\'';
    return to;
}

char *text_shell_words(int count, char *const *words) {
    size_t room = 1;
    for (int i = 0; i < count; i++) {
        room += 4 * strlen(words[i]) + 3;
    }
    char *out = malloc(room);
    if (!out) {
        return NULL;
    }
    char *to = out;
    for (int i = 0; i < count; i++) {
        if (i > 0) {
            *to++ = ' ';
        }
        to = shell_plain(words[i]) ? put(to, words[i]) : put_quoted(to, words[i]);
    }
    *to = '\0';
    return out;
}

json_t *text_json(const char *text) {
    size_t room = 3 * strlen(text) + 4;
    char *clean = malloc(room);
    if (!clean) {
        return NULL;
    }
    copy_characters(clean, room, text, true);
    json_t *string = json_string(clean);
    free(clean);
    return string;
}

json_t *text_json_u64(uint64_t value) {
    return json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX);
}
