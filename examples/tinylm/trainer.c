#include "trainer.h"

#include "arithmetic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Held-out text is read by so many lanes whatever the trainer has, so that losses compare. */
enum { HELD_OUT_LANES = 2 };

static int check_text(const struct trainer *trainer, const struct model_shape *shape) {
    const struct text *text = &trainer->text;
    const struct lanes learned = {.count = text->learned, .parts = trainer->parts};
    const struct lanes held_out = {.count = text->count - text->learned, .parts = HELD_OUT_LANES};
    if (lanes_fit(&learned, shape) && lanes_fit(&held_out, shape)) {
        return 0;
    }
    fprintf(stderr, "tinylm: a text of %zu bytes is too short; it takes about %zu\n", text->count,
            20 * trainer->parts * shape->length);
    return -1;
}

static int make_room(struct trainer *trainer, const struct model_shape *shape) {
    trainer->model = model_new(shape);
    if (trainer->model && optimizer_init(&trainer->optimizer, trainer->model->count) == 0 &&
        batch_init(&trainer->batch, shape) == 0) {
        return 0;
    }
    fprintf(stderr, "tinylm: not enough memory\n");
    return -1;
}

int trainer_init(struct trainer *trainer, const struct trainer_options *options) {
    *trainer = (struct trainer){.parts = options->parts ? options->parts : options->shape.batch,
                                .first = options->first};
    if (text_read(&trainer->text, options->text) != 0) {
        return -1;
    }
    if (check_text(trainer, &options->shape) != 0 || make_room(trainer, &options->shape) != 0) {
        trainer_fini(trainer);
        return -1;
    }
    uint64_t random = options->seed;
    model_initialise(trainer->model, trainer->optimizer.master, &random);
    optimizer_round(&trainer->optimizer, trainer->model->weights);
    trainer->progress[PROGRESS_RANDOM] = random;
    trainer->progress[PROGRESS_SEED] = options->seed;
    trainer->progress[PROGRESS_TEXT] = trainer->text.hash;
    return 0;
}

void trainer_fini(struct trainer *trainer) {
    model_free(trainer->model);
    optimizer_fini(&trainer->optimizer);
    batch_fini(&trainer->batch);
    text_fini(&trainer->text);
    *trainer = (struct trainer){0};
}

static size_t state_count(const struct model *model) {
    return model->shape.batch * model->shape.hidden;
}

double trainer_gradients(struct trainer *trainer) {
    struct model *model = trainer->model;
    uint64_t *progress = trainer->progress;
    struct lanes lanes = {.bytes = trainer->text.bytes,
                          .count = trainer->text.learned,
                          .parts = trainer->parts,
                          .first = trainer->first,
                          .position = progress[PROGRESS_POSITION]};
    if (!lanes_have(&lanes, &model->shape)) {
        /* The next pass cuts the text elsewhere. */
        lanes.position = random_next(&progress[PROGRESS_RANDOM]) % model->shape.length;
        memset(model->state, 0, state_count(model) * sizeof(float));
    }
    lanes_take(&lanes, &model->shape, &trainer->batch);
    double loss = model_forward(model, &trainer->batch);
    model_backward(model, &trainer->batch);
    progress[PROGRESS_POSITION] = lanes.position;
    return loss;
}

void trainer_update(struct trainer *trainer) {
    struct model *model = trainer->model;
    uint64_t step = ++trainer->progress[PROGRESS_STEP];
    optimizer_step(&trainer->optimizer, step, model->gradients, model->weights);
}

double trainer_step(struct trainer *trainer) {
    double loss = trainer_gradients(trainer);
    trainer_update(trainer);
    return loss;
}

double trainer_validate(const struct trainer *trainer) {
    struct model_shape shape = trainer->model->shape;
    shape.batch = HELD_OUT_LANES;
    struct model *model = model_new(&shape);
    struct batch batch;
    if (!model || batch_init(&batch, &shape) != 0) {
        model_free(model);
        return -1;
    }
    memcpy(model->weights, trainer->model->weights, model->count * sizeof(float));
    struct lanes lanes = {.bytes = trainer->text.bytes + trainer->text.learned,
                          .count = trainer->text.count - trainer->text.learned,
                          .parts = HELD_OUT_LANES};
    double sum = 0;
    int batches = 0;
    for (; lanes_have(&lanes, &shape); batches++) {
        lanes_take(&lanes, &shape, &batch);
        sum += model_forward(model, &batch);
    }
    batch_fini(&batch);
    model_free(model);
    return sum / batches;
}

uint64_t trainer_digest(const struct trainer *trainer) {
    return fnv_hash(FNV_START, trainer->optimizer.master, trainer->optimizer.count * sizeof(float));
}

static void add_parameters(struct trainer *trainer, struct state_tensor *tensors) {
    const struct optimizer *o = &trainer->optimizer;
    const struct {
        const char *prefix;
        enum element element;
        void *data;
    } kinds[4] = {
        {"adam.m", ELEMENT_F32, o->m},
        {"adam.v", ELEMENT_F32, o->v},
        {"master", ELEMENT_F32, o->master},
        {"model", ELEMENT_BF16, o->bf16},
    };
    for (int i = 0; i < 4 * PARAMETERS; i++) {
        const struct parameter *p = &trainer->model->parameters[i % PARAMETERS];
        size_t width = kinds[i / PARAMETERS].element == ELEMENT_F32 ? 4 : 2;
        struct state_tensor *tensor = &tensors[i];
        *tensor = (struct state_tensor){
            .element = kinds[i / PARAMETERS].element,
            .dimensions = p->rows == 1 ? 1 : 2,
            .shape = {p->rows == 1 ? p->columns : p->rows, p->rows == 1 ? 0 : p->columns},
            .data = (char *)kinds[i / PARAMETERS].data + p->offset * width,
            .bytes = p->rows * p->columns * width};
        snprintf(tensor->name, sizeof tensor->name, "%s.%s", kinds[i / PARAMETERS].prefix, p->name);
    }
}

static int in_canonical_order(const void *left, const void *right) {
    static const int size[] = {[ELEMENT_F32] = 4, [ELEMENT_BF16] = 2, [ELEMENT_U64] = 8};
    const struct state_tensor *a = left;
    const struct state_tensor *b = right;
    if (a->element != b->element) {
        return size[b->element] - size[a->element];
    }
    return strcmp(a->name, b->name);
}

void trainer_state(struct trainer *trainer, struct state_tensor tensors[STATE_TENSORS]) {
    const struct model *model = trainer->model;
    add_parameters(trainer, tensors);
    tensors[STATE_TENSORS - 2] = (struct state_tensor){
        .name = "trainer.hidden",
        .element = ELEMENT_F32,
        .dimensions = 2,
        .shape = {model->shape.batch, model->shape.hidden},
        .data = model->state,
        .bytes = state_count(model) * sizeof(float),
    };
    tensors[STATE_TENSORS - 1] = (struct state_tensor){
        .name = "trainer.state",
        .element = ELEMENT_U64,
        .dimensions = 1,
        .shape = {PROGRESS_COUNT},
        .data = trainer->progress,
        .bytes = sizeof trainer->progress,
    };
    qsort(tensors, STATE_TENSORS, sizeof *tensors, in_canonical_order);
}

int trainer_resume(struct trainer *trainer, const uint64_t wanted[PROGRESS_COUNT]) {
    if (trainer->progress[PROGRESS_TEXT] != wanted[PROGRESS_TEXT]) {
        fprintf(stderr, "tinylm: this checkpoint was trained on another text; name it with "
                        "--text FILE\n");
        return -1;
    }
    if (trainer->progress[PROGRESS_SEED] != wanted[PROGRESS_SEED]) {
        fprintf(stderr, "tinylm: this checkpoint belongs to --seed %" PRIu64 "\n",
                trainer->progress[PROGRESS_SEED]);
        return -1;
    }
    optimizer_round(&trainer->optimizer, trainer->model->weights);
    return 0;
}
