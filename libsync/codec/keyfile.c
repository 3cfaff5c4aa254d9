#include "codec/keyfile.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

static const char key_word[] = "satsync-key-v1";
static const char public_word[] = "satsync-pub-v1";

/* The key and the check: 36 bytes are 48 characters without padding. */
enum { CHECK_BYTES = 4, BODY_BYTES = SITE_KEY_BYTES + CHECK_BYTES, BODY_TEXT_BYTES = 48 };

/* A mistyped character is caught here rather than as a key that nobody knows. */
static void check_of(const char *word, const uint8_t key[SITE_KEY_BYTES],
                     uint8_t check[CHECK_BYTES]) {
    uint8_t sum[DIGEST_BYTES];
    struct digest digest;
    digest_init(&digest);
    digest_update(&digest, word, strlen(word));
    digest_update(&digest, key, SITE_KEY_BYTES);
    digest_final(&digest, sum);
    memcpy(check, sum, CHECK_BYTES);
    secret_wipe(&digest, sizeof digest);
    secret_wipe(sum, sizeof sum);
}

static bool starts_with(const char *text, size_t bytes, const char *word) {
    size_t length = strlen(word);
    return bytes >= length && memcmp(text, word, length) == 0;
}

struct keyfile {
    const char *text;
    size_t bytes;
    const char *word; /* that it must begin with */
    const char *name;
};

/* Why the first word is not the one it must be. */
static enum satsync_status refuse_word(const struct keyfile *file, struct satsync_error *error) {
    const char *text = file->text;
    const char *word = file->word;
    const char *name = file->name;
    size_t bytes = file->bytes;
    if (word != key_word && starts_with(text, bytes, key_word)) {
        return error_set(error, SATSYNC_INVALID, name,
                         "this is a secret key where a public key is needed; give the .pub file, "
                         "and keep this one to its own site");
    }
    if (word != public_word && starts_with(text, bytes, public_word)) {
        return error_set(error, SATSYNC_INVALID, name,
                         "this is a public key where a site's secret key is needed; give the key "
                         "file that `satsync keygen` wrote beside it");
    }
    size_t stem = strlen(word) - 1; /* all but the version's digit */
    if (bytes > stem && memcmp(text, word, stem) == 0 && !starts_with(text, bytes, word)) {
        return error_set(error, SATSYNC_NEWER_VERSION, name,
                         "this key file has another version than 1; use a newer satsync");
    }
    return error_set(error, SATSYNC_INVALID, name,
                     "this is no key file: it must begin with \"%s\"; `satsync keygen` makes one",
                     word);
}

/* The line's body, decoded and checked, into `body` (secret memory). */
static enum satsync_status parse_body(const struct keyfile *file, uint8_t body[BODY_BYTES],
                                      struct satsync_error *error) {
    const char *text = file->text;
    const char *name = file->name;
    size_t length = strlen(file->word);
    const char *newline = memchr(text, '\n', file->bytes);
    size_t line = newline ? (size_t)(newline - text) : file->bytes;
    if (!starts_with(text, line, file->word) || line == length || text[length] != ' ') {
        return refuse_word(file, error);
    }
    if (line && text[line - 1] == '\r') {
        line--;
    }
    for (const char *at = newline; at && at < text + file->bytes; at++) {
        ENSURE(*at == '\n' || *at == '\r' || *at == ' ', error, SATSYNC_INVALID, name,
               "a key file holds one line; there is more after it");
    }
    const char *body_text = text + length + 1;
    size_t left = line - length - 1;
    const char *space = memchr(body_text, ' ', left);
    size_t body_bytes = space ? (size_t)(space - body_text) : left;
    ENSURE(body_bytes == BODY_TEXT_BYTES, error, SATSYNC_INVALID, name,
           "the key has %zu characters instead of %d; the file was cut short or edited", body_bytes,
           BODY_TEXT_BYTES);
    uint8_t check[CHECK_BYTES];
    bool decoded = base64_decode(body_text, body_bytes, body, BODY_BYTES);
    if (decoded) {
        check_of(file->word, body, check);
    }
    ENSURE(decoded && secret_equal(check, body + SITE_KEY_BYTES, CHECK_BYTES), error,
           SATSYNC_INVALID, name, "the key does not match its check; it was mistyped or damaged");
    return SATSYNC_OK;
}

enum satsync_status keyfile_parse_key(const char *text, size_t bytes, const char *name,
                                      struct site_key **key, struct satsync_error *error) {
    *key = NULL;
    uint8_t *body = secret_new(BODY_BYTES);
    ENSURE(body, error, SATSYNC_NO_MEMORY, name, "no locked memory for the key; see ulimit -l");
    enum satsync_status status =
        parse_body(&(struct keyfile){text, bytes, key_word, name}, body, error);
    if (status == SATSYNC_OK) {
        *key = site_key_new(body);
        if (!*key) {
            status = error_set(error, SATSYNC_NO_MEMORY, name,
                               "no locked memory for the key; see ulimit -l");
        }
    }
    secret_free(body);
    return status;
}

enum satsync_status keyfile_parse_public(const char *text, size_t bytes, const char *name,
                                         uint8_t public_key[SITE_KEY_BYTES],
                                         struct satsync_error *error) {
    uint8_t body[BODY_BYTES];
    uint8_t exchange[SITE_KEY_BYTES];
    TRY(parse_body(&(struct keyfile){text, bytes, public_word, name}, body, error));
    ENSURE(site_key_exchange(body, exchange), error, SATSYNC_INVALID, name,
           "this is no usable public key; ask its site for a new one");
    memcpy(public_key, body, SITE_KEY_BYTES);
    return SATSYNC_OK;
}

static void format(const char *word, const uint8_t key[SITE_KEY_BYTES], const char *comment,
                   char text[KEYFILE_TEXT_BYTES]) {
    uint8_t body[BODY_BYTES];
    char body_text[BODY_TEXT_BYTES + 1];
    memcpy(body, key, SITE_KEY_BYTES);
    check_of(word, key, body + SITE_KEY_BYTES);
    assert(base64_text_bytes(BODY_BYTES) == sizeof body_text);
    base64_encode(body, BODY_BYTES, body_text);
    size_t at = (size_t)snprintf(text, KEYFILE_TEXT_BYTES, "%s %s", word, body_text);
    if (comment && *comment) {
        text[at++] = ' ';
    }
    for (; comment && *comment && at + 2 < KEYFILE_TEXT_BYTES; comment++) {
        if (*comment >= ' ' && *comment <= '~') {
            text[at++] = *comment;
        }
    }
    text[at++] = '\n';
    text[at] = '\0';
    secret_wipe(body, sizeof body);
    secret_wipe(body_text, sizeof body_text);
}

void keyfile_format_key(const struct site_key *key, const char *comment,
                        char text[KEYFILE_TEXT_BYTES]) {
    format(key_word, key->seed, comment, text);
}

void keyfile_format_public(const uint8_t public_key[SITE_KEY_BYTES], const char *comment,
                           char text[KEYFILE_TEXT_BYTES]) {
    format(public_word, public_key, comment, text);
}
