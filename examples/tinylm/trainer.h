/*
 * A training and its whole state: what must be saved so that it goes on with the same bits.
 */
#ifndef TINYLM_TRAINER_H
#define TINYLM_TRAINER_H

#include "model.h"
#include "optimizer.h"
#include "text.h"

#include <stdbool.h>

/* What is not a weight, as numbers: the tensor and blob "trainer.state". */
enum progress_index {
    PROGRESS_STEP,
    PROGRESS_POSITION, /* of the lanes in the text */
    PROGRESS_RANDOM,
    PROGRESS_SEED,
    PROGRESS_TEXT, /* its hash: a training goes on only with its own text */
    PROGRESS_COUNT
};

struct trainer {
    struct model *model;
    size_t parts; /* of the text, of which this trainer's lanes read those from `first` on */
    size_t first;
    struct optimizer optimizer;
    struct text text;
    struct batch batch;
    uint64_t progress[PROGRESS_COUNT];
};

struct trainer_options {
    struct model_shape shape;
    const char *text; /* NULL: the licence texts */
    uint64_t seed;
    size_t parts; /* lanes of all trainers that share the text; 0: this one is alone */
    size_t first; /* the first of this one's; it has shape.batch of them */
};

/* At step 0. 0, or -1 after a message on stderr. */
int trainer_init(struct trainer *trainer, const struct trainer_options *options);
void trainer_fini(struct trainer *trainer);

/* One step; gives the mean loss of its batch before the step. */
double trainer_step(struct trainer *trainer);

/* The two halves of a step, for trainers that average their gradients (model->gradients) between
 * them; the first gives the loss. */
double trainer_gradients(struct trainer *trainer);
void trainer_update(struct trainer *trainer);

/* Mean loss over the held-out text; training is not disturbed. Negative when memory ran out. */
double trainer_validate(const struct trainer *trainer);

/* FNV-1a over the master weights: equal digests, equal bits. */
uint64_t trainer_digest(const struct trainer *trainer);

enum element { ELEMENT_F32, ELEMENT_BF16, ELEMENT_U64 };

/* A view of a piece of the state. */
struct state_tensor {
    char name[48];
    enum element element;
    uint32_t dimensions;
    uint64_t shape[2];
    void *data;
    size_t bytes;
};

enum { STATE_TENSORS = 4 * PARAMETERS + 2 };

/* All state, in the canonical order of safetensors: by element size descending, then by name. */
void trainer_state(struct trainer *trainer, struct state_tensor tensors[STATE_TENSORS]);

/* After the state was filled in through the views: takes it up. 0, or -1 after a message when it is
 * of another seed or text. */
int trainer_resume(struct trainer *trainer, const uint64_t wanted[PROGRESS_COUNT]);

#endif
