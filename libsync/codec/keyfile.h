/*
 * The text of key files. One line: the word below, the key in base64 with a 4-byte check, and
 * optionally a comment after a space. Pure over memory; reading and writing files (and their modes)
 * is the caller's.
 *
 *   satsync-key-v1 BASE64 comment      a seed: secret
 *   satsync-pub-v1 BASE64 comment      a public key
 */
#ifndef CODEC_KEYFILE_H
#define CODEC_KEYFILE_H

#include "codec/seal.h"

enum { KEYFILE_TEXT_BYTES = 256 }; /* a line with its newline and terminator, comment included */

/* `name` (the file) is for error messages. *key is in secret memory, for site_key_free. A public
 * key in its place, another version, a mistyped or cut line: SATSYNC_INVALID, or
 * SATSYNC_NEWER_VERSION. */
enum satsync_status keyfile_parse_key(const char *text, size_t bytes, const char *name,
                                      struct site_key **key,
                                      struct satsync_error *error) SATSYNC_MUST_CHECK;
enum satsync_status keyfile_parse_public(const char *text, size_t bytes, const char *name,
                                         uint8_t public_key[SITE_KEY_BYTES],
                                         struct satsync_error *error) SATSYNC_MUST_CHECK;

/* One line with its newline, terminated. `comment` may be NULL; what does not fit or is no
 * printable ASCII is left out. Wipe the text of a key after use. */
void keyfile_format_key(const struct site_key *key, const char *comment,
                        char text[KEYFILE_TEXT_BYTES]);
void keyfile_format_public(const uint8_t public_key[SITE_KEY_BYTES], const char *comment,
                           char text[KEYFILE_TEXT_BYTES]);

#endif
