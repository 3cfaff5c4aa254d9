#include "model/dtype.h"

#include "base/check.h"

#include <string.h>

static const struct dtype_row rows[DTYPE_END] = {
    [DTYPE_BOOL] = {"BOOL", 1, 1, false},
    [DTYPE_U8] = {"U8", 1, 1, false},
    [DTYPE_I8] = {"I8", 1, 1, false},
    [DTYPE_F8_E5M2] = {"F8_E5M2", 1, 1, false},
    [DTYPE_F8_E4M3] = {"F8_E4M3", 1, 1, false},
    [DTYPE_F8_E8M0] = {"F8_E8M0", 1, 1, false},
    [DTYPE_F8_E4M3FNUZ] = {"F8_E4M3FNUZ", 1, 1, false},
    [DTYPE_F8_E5M2FNUZ] = {"F8_E5M2FNUZ", 1, 1, false},
    [DTYPE_I16] = {"I16", 2, 2, false},
    [DTYPE_U16] = {"U16", 2, 2, false},
    [DTYPE_F16] = {"F16", 2, 2, true},
    [DTYPE_BF16] = {"BF16", 2, 2, true},
    [DTYPE_I32] = {"I32", 4, 4, false},
    [DTYPE_U32] = {"U32", 4, 4, false},
    [DTYPE_F32] = {"F32", 4, 4, true},
    [DTYPE_C64] = {"C64", 8, 4, true},
    [DTYPE_F64] = {"F64", 8, 8, true},
    [DTYPE_I64] = {"I64", 8, 8, false},
    [DTYPE_U64] = {"U64", 8, 8, false},
};

static const char *const narrow[] = {"F4", "F6_E2M3", "F6_E3M2"};

const struct dtype_row *dtype_row(unsigned dtype) {
    return dtype >= DTYPE_BOOL && dtype < DTYPE_END ? &rows[dtype] : NULL;
}

enum satsync_status dtype_parse(const char *name, const char *tensor, enum dtype *dtype,
                                struct satsync_error *error) {
    for (int i = DTYPE_BOOL; i < DTYPE_END; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *dtype = (enum dtype)i;
            return SATSYNC_OK;
        }
    }
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        ENSURE(strcmp(narrow[i], name) != 0, error, SATSYNC_UNSUPPORTED, tensor,
               "its elements (%s) are narrower than a byte, which satsync does not handle yet; "
               "store the packed bytes as U8",
               name);
    }
    return error_set(error, SATSYNC_INVALID, tensor,
                     "\"%s\" is no element type of safetensors; the file is damaged or newer than "
                     "this version",
                     name);
}
