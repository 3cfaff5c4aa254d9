/* tinylm: trains a small language model and saves it through satsync while the training goes on. */
#include "checkpoint.h"
#include "dump.h"
#include "options.h"
#include "sites.h"
#include "trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORT_EVERY = 50 };

/* What a training is made of; `sites` only when it is one of several. */
struct run {
    const struct options *options;
    struct trainer trainer;
    struct saver saver;
    struct sites sites;
};

static int resume_from_store(struct run *run) {
    const char *from = run->options->from;
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&run->trainer, tensors);
    char store[4096];
    const char *colon = strrchr(from, ':');
    uint64_t step;
    if (!colon || options_number(colon + 1, &step) != 0 || (size_t)(colon - from) >= sizeof store) {
        return options_refuse(from, "not STORE:STEP");
    }
    snprintf(store, sizeof store, "%.*s", (int)(colon - from), from);
    struct saver saver;
    int failed = saver_open(&saver, store, run->options->key);
    if (failed == 0) {
        saver.group = run->sites.group;
        failed = saver_load(&saver, step, tensors);
        saver_close(&saver);
    }
    return failed;
}

static int resume(struct run *run) {
    struct trainer *trainer = &run->trainer;
    uint64_t wanted[PROGRESS_COUNT];
    memcpy(wanted, trainer->progress, sizeof wanted);
    int failed;
    if (run->options->from) {
        failed = resume_from_store(run);
    } else {
        struct state_tensor tensors[STATE_TENSORS];
        trainer_state(trainer, tensors);
        failed = dump_read(run->options->from_dump, tensors) ? EXIT_USAGE : 0;
    }
    if (failed == 0 && trainer_resume(trainer, wanted) != 0) {
        failed = EXIT_USAGE;
    }
    if (failed == 0 && trainer->progress[PROGRESS_STEP] > run->options->steps) {
        fprintf(stderr, "tinylm: it is at step %" PRIu64 " already; train further with --steps N\n",
                trainer->progress[PROGRESS_STEP]);
        failed = EXIT_USAGE;
    }
    return failed;
}

/* The first process of a site keeps its checkpoints. */
static bool saves(const struct run *run) {
    return run->options->save && run->sites.rank == 0;
}

static bool done(const struct run *run) {
    return run->options->sites ? sites_done(&run->sites, run->options->steps)
                               : run->trainer.progress[PROGRESS_STEP] >= run->options->steps;
}

/* After a step: saves and dumps when they are due. */
static int keep(struct run *run) {
    const struct options *options = run->options;
    uint64_t step = run->trainer.progress[PROGRESS_STEP];
    int failed = saves(run) ? saver_poll(&run->saver) : 0;
    bool due = options->every > 0 ? step % options->every == 0 : done(run);
    if (failed || !due) {
        return failed;
    }
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(&run->trainer, tensors);
    if (saves(run)) {
        failed = saver_save(&run->saver, step, tensors);
    }
    if (failed == 0 && options->dump && dump_write(options->dump, step, tensors) != 0) {
        failed = EXIT_RESOURCE;
    }
    return failed;
}

static int step(struct run *run, double *loss) {
    if (run->options->sites) {
        return sites_step(&run->sites, &run->trainer, loss);
    }
    *loss = trainer_step(&run->trainer);
    return 0;
}

static int train(struct run *run, double *loss) {
    const struct options *options = run->options;
    int failed = 0;
    while (failed == 0 && !done(run)) {
        failed = step(run, loss);
        uint64_t number = run->trainer.progress[PROGRESS_STEP];
        bool tell = number % REPORT_EVERY == 0 || done(run);
        if (tell && !options->quiet && !options->json) {
            printf("step %6" PRIu64 "  loss %.9f\n", number, *loss);
            fflush(stdout);
        }
        failed = failed ? failed : keep(run);
    }
    if (failed == 0 && saves(run)) {
        failed = saver_finish(&run->saver);
    }
    return failed;
}

struct outcome {
    double train_loss;
    double validation_loss;
    double order2_loss;
    double seconds;
};

static void print_json(const struct run *run, const struct outcome *outcome) {
    const struct saver *saver = &run->saver;
    printf("{\"status\":\"ok\",\"steps\":%" PRIu64 ",\"train_loss\":%.17g,"
           "\"validation_loss\":%.17g,\"order2_loss\":%.17g,\"weights_digest\":\"%016" PRIx64
           "\",\"parameters\":%zu,\"seconds\":%.3f,\"saves\":%u,\"raw_bytes\":%" PRIu64
           ",\"stored_bytes\":%" PRIu64 ",\"longest_stall_ns\":%" PRIu64 ",\"waited_ns\":%" PRIu64,
           run->trainer.progress[PROGRESS_STEP], outcome->train_loss, outcome->validation_loss,
           outcome->order2_loss, trainer_digest(&run->trainer), run->trainer.model->count,
           outcome->seconds, saver->saves, saver->raw_bytes, saver->stored_bytes, saver->stall_ns,
           saver->waited_ns);
    if (run->options->sites) {
        sites_print_json(&run->sites);
    }
    puts("}");
}

static void print_outcome(const struct run *run, const struct outcome *outcome) {
    if (run->options->json) {
        print_json(run, outcome);
    } else if (!run->options->quiet) {
        printf("validation loss %.9f, order-2 model %.9f (nats a byte)\n", outcome->validation_loss,
               outcome->order2_loss);
        printf("weights %016" PRIx64 "\n", trainer_digest(&run->trainer));
        if (run->options->sites) {
            sites_print(&run->sites);
        }
        fprintf(stderr, "%.1f s; %u saves, the longest stall %.1f ms\n", outcome->seconds,
                run->saver.saves, (double)run->saver.stall_ns / 1e6);
    }
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int train_and_tell(struct run *run) {
    struct outcome outcome = {0};
    double start = seconds_now();
    int failed = train(run, &outcome.train_loss);
    outcome.seconds = seconds_now() - start;
    if (failed) {
        return failed;
    }
    outcome.validation_loss = trainer_validate(&run->trainer);
    outcome.order2_loss = text_order2_loss(&run->trainer.text);
    print_outcome(run, &outcome);
    bool better = outcome.validation_loss >= 0 && outcome.validation_loss < outcome.order2_loss;
    if (run->options->steps >= DEFAULT_STEPS && !better) {
        fprintf(stderr, "tinylm: the model is no better than an order-2 model: it is broken\n");
        return EXIT_BROKEN;
    }
    return 0;
}

static int run_trainer(struct run *run) {
    const struct options *options = run->options;
    int failed = options->sites ? sites_join(&run->sites, options, &run->trainer) : 0;
    if (failed == 0 && (options->from || options->from_dump)) {
        failed = resume(run);
    }
    if (failed == 0 && saves(run)) {
        failed = saver_open(&run->saver, options->save, options->key);
        run->saver.quiet = options->quiet;
        run->saver.group = run->sites.group;
    }
    if (failed == 0) {
        failed = train_and_tell(run);
    }
    saver_close(&run->saver);
    if (failed == 0 && options->sites) {
        sites_linger(&run->sites);
    }
    return failed;
}

static int run_all(struct run *run) {
    const struct options *options = run->options;
    struct trainer_options trainer = {.shape = {.hidden = (size_t)options->hidden,
                                                .embed = 128,
                                                .rows = 4096,
                                                .batch = (size_t)options->lanes,
                                                .length = 64},
                                      .text = options->text,
                                      .seed = options->seed,
                                      .parts = (size_t)(options->lanes * options->share_count),
                                      .first = (size_t)(options->lanes * options->share_index)};
    int failed = 0;
    if (options->sites) {
        failed = sites_open(&run->sites, options);
        if (failed) {
            return failed;
        }
        sites_share(&run->sites, options, &trainer);
    }
    failed = trainer_init(&run->trainer, &trainer) ? EXIT_RESOURCE : 0;
    if (failed == 0) {
        failed = run_trainer(run);
        sites_close(&run->sites);
        trainer_fini(&run->trainer);
    } else {
        sites_close(&run->sites);
    }
    return failed;
}

int main(int argc, char **argv) {
    (void)argc;
    struct options options;
    int failed = options_parse(&options, argv + 1);
    if (failed == 0 && options.help) {
        fputs(options_usage, stdout);
        return 0;
    }
    if (failed == 0) {
        struct run run = {.options = &options};
        failed = run_all(&run);
    }
    if (failed && options.json) {
        printf("{\"status\":\"failed\",\"exit_code\":%d}\n", failed);
    }
    return failed;
}
