#include "trainer.h"

#include "arithmetic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trainer_init(struct trainer *trainer, const struct trainer_options *options) {
    *trainer = (struct trainer){0};
    if (text_read(&trainer->text, options->text) != 0) {
        return -1;
    }
    const struct lanes held_out = {.count = trainer->text.count - trainer->text.learned};
    if (!lanes_fit(&held_out, &options->shape)) {
        fprintf(stderr, "tinylm: a text of %zu bytes is too short; it takes about %zu\n",
                trainer->text.count, 20 * options->shape.batch * options->shape.length);
        trainer_fini(trainer);
        return -1;
    }
    trainer->model = model_new(&options->shape);
    if (!trainer->model || optimizer_init(&trainer->optimizer, trainer->model->count) != 0 ||
        batch_init(&trainer->batch, &options->shape) != 0) {
        fprintf(stderr, "tinylm: not enough memory\n");
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

double trainer_step(struct trainer *trainer) {
    struct model *model = trainer->model;
    uint64_t *progress = trainer->progress;
    struct lanes lanes = {trainer->text.bytes, trainer->text.learned, progress[PROGRESS_POSITION]};
    if (!lanes_have(&lanes, &model->shape)) {
        /* The next pass cuts the text elsewhere. */
        lanes.position = random_next(&progress[PROGRESS_RANDOM]) % model->shape.length;
        memset(model->state, 0, state_count(model) * sizeof(float));
    }
    lanes_take(&lanes, &model->shape, &trainer->batch);
    double loss = model_forward(model, &trainer->batch);
    model_backward(model, &trainer->batch);
    progress[PROGRESS_POSITION] = lanes.position;
    progress[PROGRESS_STEP]++;
    optimizer_step(&trainer->optimizer, progress[PROGRESS_STEP], model->gradients, model->weights);
    return loss;
}

double trainer_validate(struct trainer *trainer) {
    struct model *model = trainer->model;
    size_t bytes = state_count(model) * sizeof(float);
    float *kept = malloc(bytes);
    if (!kept) {
        return -1;
    }
    memcpy(kept, model->state, bytes);
    memset(model->state, 0, bytes);
    struct lanes lanes = {trainer->text.bytes + trainer->text.learned,
                          trainer->text.count - trainer->text.learned, 0};
    double sum = 0;
    int batches = 0;
    for (; lanes_have(&lanes, &model->shape); batches++) {
        lanes_take(&lanes, &model->shape, &trainer->batch);
        sum += model_forward(model, &trainer->batch);
    }
    memcpy(model->state, kept, bytes);
    free(kept);
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
