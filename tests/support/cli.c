#include "support/cli.h"

#include "ckpt/cli/program.h"
#include "support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_WORDS = 32, LINE_BYTES = 2048 };

static char directory[64];

int cli_enter(void **state) {
    (void)state;
    unsetenv("SATSYNC_KEY");
    snprintf(directory, sizeof directory, "/tmp/satsync-cli-XXXXXX");
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

int cli_leave(void **state) {
    (void)state;
    char command[192];
    snprintf(command, sizeof command, "chmod -R u+rwX %s && rm -rf %s", directory, directory);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void take(FILE *stream, char *out, size_t out_bytes) {
    rewind(stream);
    size_t bytes = fread(out, 1, out_bytes - 1, stream);
    out[bytes] = '\0';
    fclose(stream);
}

void cli_run(struct cli_result *result, const char *line) {
    char words[LINE_BYTES];
    char *argv[MOST_WORDS + 1];
    int argc = 0;
    assert_true((size_t)snprintf(words, sizeof words, "%s", line) < sizeof words);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        assert_true(argc < MOST_WORDS);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out && err);
    result->code = program_run(argc, argv, out, err);
    take(out, result->out, sizeof result->out);
    take(err, result->err, sizeof result->err);
}

void cli_expect(struct cli_result *result, int code, const char *line) {
    cli_run(result, line);
    if (result->code != code) {
        fail_msg("%s: exit %d instead of %d: %s%s", line, result->code, code, result->out,
                 result->err);
    }
}

json_t *cli_json(const struct cli_result *result) {
    size_t bytes = strlen(result->out);
    assert_true(bytes > 0 && result->out[bytes - 1] == '\n');
    size_t start = bytes - 1;
    while (start > 0 && result->out[start - 1] != '\n') {
        start--;
    }
    json_error_t error;
    json_t *object = json_loads(result->out + start, 0, &error);
    if (!json_is_object(object)) {
        fail_msg("not a JSON object: %s (%s)", result->out + start, error.text);
    }
    return object;
}

void cli_write_file(const char *path, const void *data, size_t bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

void cli_write_model(const char *path) {
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[24,28]}}";
    unsigned char file[8 + sizeof header - 1 + 28] = {0};
    file[0] = sizeof header - 1;
    assert_true(sizeof header - 1 < 256);
    memcpy(file + 8, header, sizeof header - 1);
    for (size_t i = 0; i < 28; i++) {
        file[8 + sizeof header - 1 + i] = (unsigned char)(3 * i + 1);
    }
    cli_write_file(path, file, sizeof file);
}

void cli_make_store(void) {
    struct cli_result result;
    cli_write_model("model.safetensors");
    cli_expect(&result, 0, "satsync keygen site.key");
    cli_expect(&result, 0, "satsync init store --key site.key");
    cli_expect(&result, 0, "satsync save store model.safetensors --step 7 --key site.key");
}

static char *read_whole(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    static const size_t room = 1 << 20;
    char *data = malloc(room);
    *bytes = data ? fread(data, 1, room, file) : 0;
    fclose(file);
    return data;
}

int cli_same_files(const char *a, const char *b) {
    size_t a_bytes = 0;
    size_t b_bytes = 0;
    char *a_data = read_whole(a, &a_bytes);
    char *b_data = read_whole(b, &b_bytes);
    int same = a_data && b_data && a_bytes == b_bytes && memcmp(a_data, b_data, a_bytes) == 0;
    free(a_data);
    free(b_data);
    return same;
}

int cli_exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}
