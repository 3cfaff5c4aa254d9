#include "engine/key.h"

#include "base/check.h"
#include "codec/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LIMIT = 4096 };

struct satsync_key {
    struct site_key *site;
};

const struct site_key *key_site(const struct satsync_key *key) {
    return key->site;
}

static enum satsync_status write_new_file(const char *path, const char *text, mode_t mode,
                                          struct satsync_error *error) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (file < 0 && errno == EEXIST) {
        return error_set(error, SATSYNC_CONFLICT, path,
                         "it exists; a key is never replaced: choose another name or move it away");
    }
    if (file < 0) {
        return error_set_errno(error, errno, path, "creating it");
    }
    size_t bytes = strlen(text);
    ssize_t written = write(file, text, bytes);
    int failed = written != (ssize_t)bytes ? (written < 0 ? errno : ENOSPC) : 0;
    if (!failed && fsync(file) != 0) {
        failed = errno;
    }
    if (close(file) != 0 && !failed) {
        failed = errno;
    }
    if (failed) {
        unlink(path);
        return error_set_errno(error, failed, path, "writing it");
    }
    return SATSYNC_OK;
}

enum satsync_status satsync_key_generate(const char *path, struct satsync_public_key *public_key,
                                         struct satsync_error *error) {
    TRY(seal_ready(error));
    char public_path[PATH_LIMIT];
    int length = snprintf(public_path, sizeof public_path, "%s.pub", path);
    ENSURE(length < PATH_LIMIT, error, SATSYNC_INVALID, path, "the path is too long");
    /* Both names must be free before either file is made: half a pair helps nobody. */
    ENSURE(access(public_path, F_OK) != 0, error, SATSYNC_CONFLICT, public_path,
           "it exists; a key is never replaced: choose another name or move it away");
    struct site_key *key = site_key_new(NULL);
    ENSURE(key, error, SATSYNC_NO_MEMORY, path, "no memory for a secret key");
    char *text = secret_new(KEYFILE_TEXT_BYTES);
    enum satsync_status status = SATSYNC_NO_MEMORY;
    if (text) {
        keyfile_format_key(key, NULL, text);
        status = write_new_file(path, text, 0600, error);
    }
    if (status == SATSYNC_OK) {
        char public_text[KEYFILE_TEXT_BYTES];
        keyfile_format_public(key->public_key, NULL, public_text);
        status = write_new_file(public_path, public_text, 0644, error);
        if (status != SATSYNC_OK) {
            unlink(path);
        }
    }
    if (status == SATSYNC_OK && public_key) {
        memcpy(public_key->bytes, key->public_key, sizeof public_key->bytes);
    }
    secret_free(text);
    site_key_free(key);
    return status;
}

/* Reads at most KEYFILE_TEXT_BYTES of a key file into `text`. */
static enum satsync_status read_file(const char *path, bool secret, char *text, size_t *bytes,
                                     struct satsync_error *error) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return error_set_errno(error, errno, path, "opening it");
    }
    struct stat facts;
    enum satsync_status status = SATSYNC_OK;
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        status = error_set(error, SATSYNC_INVALID, path, "it is not a file");
    } else if (secret && (facts.st_mode & 077) != 0) {
        status = error_set(error, SATSYNC_NO_PERMISSION, path,
                           "others may read this secret key; run: chmod 600 %s", path);
    }
    if (status == SATSYNC_OK) {
        ssize_t got = read(file, text, KEYFILE_TEXT_BYTES);
        status = got < 0 ? error_set_errno(error, errno, path, "reading it") : SATSYNC_OK;
        *bytes = got < 0 ? 0 : (size_t)got;
    }
    close(file);
    return status;
}

enum satsync_status satsync_key_load(const char *path, struct satsync_key **result,
                                     struct satsync_error *error) {
    *result = NULL;
    TRY(seal_ready(error));
    char *text = secret_new(KEYFILE_TEXT_BYTES);
    struct satsync_key *key = calloc(1, sizeof *key);
    size_t bytes = 0;
    enum satsync_status status =
        text && key ? read_file(path, true, text, &bytes, error)
                    : error_set(error, SATSYNC_NO_MEMORY, path, "no memory for a secret key");
    if (status == SATSYNC_OK) {
        status = keyfile_parse_key(text, bytes, path, &key->site, error);
    }
    secret_free(text);
    if (status != SATSYNC_OK) {
        free(key);
        return status;
    }
    *result = key;
    return SATSYNC_OK;
}

void satsync_key_free(struct satsync_key *key) {
    if (key) {
        site_key_free(key->site);
        free(key);
    }
}

void satsync_key_public(const struct satsync_key *key, struct satsync_public_key *public_key) {
    memcpy(public_key->bytes, key->site->public_key, sizeof public_key->bytes);
}

enum satsync_status satsync_public_key_load(const char *path, struct satsync_public_key *key,
                                            struct satsync_error *error) {
    TRY(seal_ready(error));
    char text[KEYFILE_TEXT_BYTES];
    size_t bytes;
    TRY(read_file(path, false, text, &bytes, error));
    enum satsync_status status = keyfile_parse_public(text, bytes, path, key->bytes, error);
    secret_wipe(text, sizeof text); /* somebody may have named the secret file */
    return status;
}

void satsync_public_key_text(const struct satsync_public_key *key,
                             char out[SATSYNC_PUBLIC_KEY_TEXT_BYTES]) {
    assert(base64_text_bytes(sizeof key->bytes) <= SATSYNC_PUBLIC_KEY_TEXT_BYTES);
    base64_encode(key->bytes, sizeof key->bytes, out);
}
