#include "transport/link/ucx_loader.h"

#include "base/check.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME "libsatsync-ucx.so"
enum { PATH_BYTES = 4096 };

static bool is_ucx_loaded(void) {
    void *ucx = dlopen("libucs.so.0", RTLD_LAZY | RTLD_NOLOAD);
    if (ucx) {
        dlclose(ucx);
    }
    return ucx != NULL;
}

/* The file of that name in the folder where this code lies; false when that is not known. */
static bool beside(char *path, size_t bytes) {
    Dl_info info;
    const char *slash = NULL;
    if (dladdr((const void *)&beside, &info) && info.dli_fname) {
        slash = strrchr(info.dli_fname, '/');
    }
    int length = slash ? snprintf(path, bytes, "%.*s/%s", (int)(slash - info.dli_fname),
                                  info.dli_fname, FILE_NAME)
                       : 0;
    return length > 0 && (size_t)length < bytes;
}

static void *open_file(char *why, size_t bytes) {
    char path[PATH_BYTES];
    const char *given = getenv("SATSYNC_UCX_MODULE");
    void *file = NULL;
    if (given) {
        file = dlopen(given, RTLD_NOW | RTLD_LOCAL);
    } else {
        file = beside(path, sizeof path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        file = file ? file : dlopen(FILE_NAME, RTLD_NOW | RTLD_LOCAL);
    }
    if (!file) {
        const char *said = dlerror();
        snprintf(why, bytes, "%s", said ? said : "unknown reason");
    }
    return file;
}

enum satsync_status ucx_loader_open(const struct ucx_module **module, struct satsync_error *error) {
    char why[256];
    *module = NULL;
    bool was_loaded = is_ucx_loaded();
    void *file = open_file(why, sizeof why);
    ENSURE(file, error, SATSYNC_UNSUPPORTED, "UCX",
           "the module for ranks of a site is missing: %s; %s", why,
           strstr(why, "libuc")
               ? "install the package libucx0"
               : "build satsync with the package libucx-dev, or name the module in "
                 "SATSYNC_UCX_MODULE");
    const struct ucx_module *found = dlsym(file, UCX_MODULE_SYMBOL);
    if (!found || found->version != UCX_MODULE_VERSION) {
        dlclose(file);
        return error_set(error, SATSYNC_UNSUPPORTED, "UCX",
                         "the module for ranks of a site is of another version of satsync; install "
                         "both from one");
    }
    if (!was_loaded) {
        found->quiet();
    }
    *module = found;
    return SATSYNC_OK;
}
