/*
 * Safetensors files of the training's state, by code of its own: what a checkpoint that went
 * through a store and over a link is compared with. https://github.com/huggingface/safetensors
 */
#ifndef TINYLM_DUMP_H
#define TINYLM_DUMP_H

#include "trainer.h"

/* Writes FOLDER/step-00000400.safetensors (made if missing, replaced only when whole), in canonical
 * form: no metadata, no white space but the padding. 0, or -1 after a message on stderr. */
int dump_write(const char *folder, uint64_t step, const struct state_tensor *tensors);

/* Fills the tensors from a file of the same shapes. 0, or -1 after a message on stderr. */
int dump_read(const char *path, const struct state_tensor *tensors);

/* The header with its length and padding, for tests: bytes of it in *bytes, freed by the caller;
 * NULL when memory ran out. */
char *dump_header(const struct state_tensor *tensors, size_t *bytes);

#endif
