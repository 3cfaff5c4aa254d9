/*
 * Element types: those of safetensors, in the order of its reference implementation, which decides
 * the order of tensors in a file. The values stand in manifests.
 */
#ifndef MODEL_DTYPE_H
#define MODEL_DTYPE_H

#include <satsync/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtype {
    DTYPE_BOOL = 1,
    DTYPE_U8,
    DTYPE_I8,
    DTYPE_F8_E5M2,
    DTYPE_F8_E4M3,
    DTYPE_F8_E8M0,
    DTYPE_F8_E4M3FNUZ,
    DTYPE_F8_E5M2FNUZ,
    DTYPE_I16,
    DTYPE_U16,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_I32,
    DTYPE_U32,
    DTYPE_F32,
    DTYPE_C64,
    DTYPE_F64,
    DTYPE_I64,
    DTYPE_U64,
    DTYPE_END
};

struct dtype_row {
    const char *name; /* as safetensors spells it */
    uint8_t bytes;    /* of an element */
    uint8_t width;    /* of what the codec sees: a complex element is two floats */
    bool floating;    /* for the codec: a sign, an exponent, a fraction of 2 bytes or more */
};

/* NULL for a value outside the enum. */
const struct dtype_row *dtype_row(unsigned dtype);

/* SATSYNC_UNSUPPORTED for a type narrower than a byte, SATSYNC_INVALID for one nobody knows;
 * `tensor` is for the message. */
enum satsync_status dtype_parse(const char *name, const char *tensor, enum dtype *dtype,
                                struct satsync_error *error) SATSYNC_MUST_CHECK;

#endif
