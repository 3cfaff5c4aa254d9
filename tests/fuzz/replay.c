/* Runs a fuzz target over the files of its seed corpus, for builds without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return 1;
    }
    static uint8_t data[1 << 20];
    size_t bytes = fread(data, 1, sizeof data, file);
    fclose(file);
    /* A copy of the exact size lets the address sanitizer see a read past the end. */
    uint8_t *exact = malloc(bytes ? bytes : 1);
    for (size_t i = 0; i < bytes; i++) {
        exact[i] = data[i];
    }
    LLVMFuzzerTestOneInput(exact, bytes);
    free(exact);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    DIR *folder = opendir(argv[1]);
    if (!folder) {
        perror(argv[1]);
        return 1;
    }
    int files = 0;
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] != '.') {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
            failed |= replay_file(path);
            files++;
        }
    }
    closedir(folder);
    printf("%d files replayed\n", files);
    return failed || files == 0;
}
