/*
 * Text for terminals, shells and JSON: sizes, times and strings of strangers.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <jansson.h>
#include <satsync/key.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_QUANTITY_BYTES = 32, TEXT_TIME_BYTES = 48 };

/* All are pure; those with an `out` terminate it. */

/* "512 B", "1.50 KiB", "640 MiB". */
void text_bytes(char out[TEXT_QUANTITY_BYTES], uint64_t bytes);

/* "95.2 Mbit/s". */
void text_bit_rate(char out[TEXT_QUANTITY_BYTES], uint64_t bits_per_second);

/* "310 us", "42 ms", "3.2 s", "4 min 10 s", "2 h 5 min". */
void text_duration(char out[TEXT_QUANTITY_BYTES], uint64_t duration_ns);

/* "2026-01-31T23:59:59Z". */
void text_time(char out[TEXT_TIME_BYTES], uint64_t unix_ns);

/* Lower-case; room for 2 * bytes + 1. */
void text_hex(char *out, const uint8_t *data, size_t bytes);

/* The first `letters` of a key's text form and "…". */
void text_key_short(char *out, size_t out_bytes, const struct satsync_public_key *key,
                    size_t letters);

/* Copies text that others may have chosen without what could steer a terminal: control characters
 * become '?', bytes that are not UTF-8 U+FFFD. Cuts between characters where `out` is full. */
void text_clean(char *out, size_t out_bytes, const char *text);

/* The words as a shell would read them back, separated by spaces. To be freed; NULL when memory ran
 * out. */
char *text_shell_words(int count, char *const *words);

/* A JSON string; as text_clean, but control characters stay, escaped. NULL when memory ran out. */
json_t *text_json(const char *text);

/* A JSON integer; above 2^63 - 1 that value. NULL when memory ran out. */
json_t *text_json_u64(uint64_t value);

#endif
