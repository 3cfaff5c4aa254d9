/* tinylm: trains a small language model and saves it through satsync while the training goes on. */
#include "checkpoint.h"
#include "dump.h"
#include "trainer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_STEPS = 400, REPORT_EVERY = 50 };
/* As satsync's classes. */
enum { EXIT_USAGE = 2, EXIT_RESOURCE = 3, EXIT_BROKEN = 7 };

static const char usage[] =
    "tinylm [OPTION]...\n"
    "Trains a byte-level language model, and saves it while the training goes on.\n"
    "\n"
    "  --steps N           train until step N (400)\n"
    "  --text FILE         learn from FILE (the licence texts of Debian, in name order)\n"
    "  --seed S            of all chance (1)\n"
    "  --hidden H          width of the recurrent layer, 8 to 1024 (192)\n"
    "  --save STORE        save to this satsync store; made when there is none\n"
    "  --key FILE          the site's key for --save and --from (or the variable SATSYNC_KEY)\n"
    "  --every N           save and dump every N steps (only at the end)\n"
    "  --dump DIR          write the same tensors as DIR/step-00000400.safetensors\n"
    "  --from STORE:STEP   go on from a checkpoint\n"
    "  --from-dump FILE    go on from a dump, or from what satsync restore wrote\n"
    "  --quiet             print nothing but errors\n"
    "  --json              print one object at the end, and nothing else on standard output\n"
    "\n"
    "Ends with an error when 400 steps or more did not beat an order-2 model of the same text.\n";

struct options {
    uint64_t steps;
    uint64_t seed;
    uint64_t hidden;
    uint64_t every;
    const char *text;
    const char *save;
    const char *key;
    const char *dump;
    const char *from;
    const char *from_dump;
    int quiet;
    int json;
};

static int parse_number(const char *text, uint64_t *value) {
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' ? 0 : -1;
}

static int refuse(const char *what, const char *why) {
    fprintf(stderr, "tinylm: %s: %s; see tinylm --help\n", what, why);
    return EXIT_USAGE;
}

/* One option with its value; *used is the number of words it took. */
static int parse_option(struct options *options, char **words, int *used) {
    const struct {
        const char *name;
        uint64_t *number;
        const char **text;
        int *flag;
    } rows[] = {
        {"--steps", &options->steps, NULL, NULL},
        {"--seed", &options->seed, NULL, NULL},
        {"--hidden", &options->hidden, NULL, NULL},
        {"--every", &options->every, NULL, NULL},
        {"--text", NULL, &options->text, NULL},
        {"--save", NULL, &options->save, NULL},
        {"--key", NULL, &options->key, NULL},
        {"--dump", NULL, &options->dump, NULL},
        {"--from", NULL, &options->from, NULL},
        {"--from-dump", NULL, &options->from_dump, NULL},
        {"--quiet", NULL, NULL, &options->quiet},
        {"--json", NULL, NULL, &options->json},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(words[0], rows[i].name) != 0) {
            continue;
        }
        if (rows[i].flag) {
            *rows[i].flag = 1;
            *used = 1;
            return 0;
        }
        *used = 2;
        if (!words[1]) {
            return refuse(words[0], "it needs a value");
        }
        if (rows[i].text) {
            *rows[i].text = words[1];
            return 0;
        }
        return parse_number(words[1], rows[i].number) ? refuse(words[1], "not a whole number") : 0;
    }
    return refuse(words[0], "no such option");
}

static int parse_options(struct options *options, char **words) {
    *options = (struct options){
        .steps = DEFAULT_STEPS, .seed = 1, .hidden = 192, .key = getenv("SATSYNC_KEY")};
    for (int used = 0; *words; words += used) {
        int failed = parse_option(options, words, &used);
        if (failed) {
            return failed;
        }
    }
    if (options->hidden < 8 || options->hidden > 1024) {
        return refuse("--hidden", "outside 8 to 1024");
    }
    if ((options->save || options->from) && !options->key) {
        return refuse("--key", "a store needs the site's key (satsync keygen makes one)");
    }
    if (options->from && options->from_dump) {
        return refuse("--from-dump", "not together with --from");
    }
    return 0;
}

static int resume_from_store(struct trainer *trainer, const struct options *options) {
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(trainer, tensors);
    char store[4096];
    const char *colon = strrchr(options->from, ':');
    uint64_t step;
    if (!colon || parse_number(colon + 1, &step) != 0 ||
        (size_t)(colon - options->from) >= sizeof store) {
        return refuse(options->from, "not STORE:STEP");
    }
    snprintf(store, sizeof store, "%.*s", (int)(colon - options->from), options->from);
    struct saver saver;
    int failed = saver_open(&saver, store, options->key);
    if (failed == 0) {
        failed = saver_load(&saver, step, tensors);
        saver_close(&saver);
    }
    return failed;
}

static int resume(struct trainer *trainer, const struct options *options) {
    uint64_t wanted[PROGRESS_COUNT];
    memcpy(wanted, trainer->progress, sizeof wanted);
    int failed;
    if (options->from) {
        failed = resume_from_store(trainer, options);
    } else {
        struct state_tensor tensors[STATE_TENSORS];
        trainer_state(trainer, tensors);
        failed = dump_read(options->from_dump, tensors) ? EXIT_USAGE : 0;
    }
    if (failed == 0 && trainer_resume(trainer, wanted) != 0) {
        failed = EXIT_USAGE;
    }
    if (failed == 0 && trainer->progress[PROGRESS_STEP] > options->steps) {
        fprintf(stderr, "tinylm: it is at step %" PRIu64 " already; train further with --steps N\n",
                trainer->progress[PROGRESS_STEP]);
        failed = EXIT_USAGE;
    }
    return failed;
}

/* After a step: saves and dumps when they are due. */
static int keep(struct trainer *trainer, const struct options *options, struct saver *saver) {
    uint64_t step = trainer->progress[PROGRESS_STEP];
    int failed = options->save ? saver_poll(saver) : 0;
    int due = options->every > 0 ? step % options->every == 0 : step == options->steps;
    if (failed || !due) {
        return failed;
    }
    struct state_tensor tensors[STATE_TENSORS];
    trainer_state(trainer, tensors);
    if (options->save) {
        failed = saver_save(saver, step, tensors);
    }
    if (failed == 0 && options->dump && dump_write(options->dump, step, tensors) != 0) {
        failed = EXIT_RESOURCE;
    }
    return failed;
}

static int train(struct trainer *trainer, const struct options *options, struct saver *saver,
                 double *loss) {
    int failed = 0;
    while (failed == 0 && trainer->progress[PROGRESS_STEP] < options->steps) {
        *loss = trainer_step(trainer);
        uint64_t step = trainer->progress[PROGRESS_STEP];
        int tell = step % REPORT_EVERY == 0 || step == options->steps;
        if (tell && !options->quiet && !options->json) {
            printf("step %6" PRIu64 "  loss %.9f\n", step, *loss);
            fflush(stdout);
        }
        failed = keep(trainer, options, saver);
    }
    if (failed == 0 && options->save) {
        failed = saver_finish(saver);
    }
    return failed;
}

struct outcome {
    double train_loss;
    double validation_loss;
    double order2_loss;
    double seconds;
};

static void print_outcome(struct trainer *trainer, const struct options *options,
                          const struct saver *saver, const struct outcome *outcome) {
    const uint64_t steps = trainer->progress[PROGRESS_STEP];
    if (options->json) {
        printf("{\"status\":\"ok\",\"steps\":%" PRIu64 ",\"train_loss\":%.17g,"
               "\"validation_loss\":%.17g,\"order2_loss\":%.17g,\"weights_digest\":\"%016" PRIx64
               "\",\"parameters\":%zu,\"seconds\":%.3f,\"saves\":%u,\"raw_bytes\":%" PRIu64
               ",\"stored_bytes\":%" PRIu64 ",\"longest_stall_ns\":%" PRIu64
               ",\"waited_ns\":%" PRIu64 "}\n",
               steps, outcome->train_loss, outcome->validation_loss, outcome->order2_loss,
               trainer_digest(trainer), trainer->model->count, outcome->seconds, saver->saves,
               saver->raw_bytes, saver->stored_bytes, saver->stall_ns, saver->waited_ns);
    } else if (!options->quiet) {
        printf("validation loss %.9f, order-2 model %.9f (nats a byte)\n", outcome->validation_loss,
               outcome->order2_loss);
        printf("weights %016" PRIx64 "\n", trainer_digest(trainer));
        fprintf(stderr, "%.1f s; %u saves, the longest stall %.1f ms\n", outcome->seconds,
                saver->saves, (double)saver->stall_ns / 1e6);
    }
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run(struct trainer *trainer, const struct options *options) {
    struct saver saver = {0};
    struct outcome outcome = {0};
    int failed = options->from || options->from_dump ? resume(trainer, options) : 0;
    if (failed == 0 && options->save) {
        failed = saver_open(&saver, options->save, options->key);
        saver.quiet = options->quiet;
    }
    if (failed) {
        return failed;
    }
    double start = seconds_now();
    failed = train(trainer, options, &saver, &outcome.train_loss);
    outcome.seconds = seconds_now() - start;
    if (failed == 0) {
        outcome.validation_loss = trainer_validate(trainer);
        outcome.order2_loss = text_order2_loss(&trainer->text);
        print_outcome(trainer, options, &saver, &outcome);
    }
    if (options->save) {
        saver_close(&saver);
    }
    if (failed == 0 && trainer->progress[PROGRESS_STEP] >= DEFAULT_STEPS &&
        !(outcome.validation_loss >= 0 && outcome.validation_loss < outcome.order2_loss)) {
        fprintf(stderr, "tinylm: the model is no better than an order-2 model: it is broken\n");
        failed = EXIT_BROKEN;
    }
    return failed;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    struct options options;
    struct trainer trainer;
    int failed = parse_options(&options, argv + 1);
    if (failed == 0) {
        const struct trainer_options trainer_options = {.shape = {.hidden = (size_t)options.hidden,
                                                                  .embed = 128,
                                                                  .rows = 4096,
                                                                  .batch = 16,
                                                                  .length = 64},
                                                        .text = options.text,
                                                        .seed = options.seed};
        failed = trainer_init(&trainer, &trainer_options) ? EXIT_RESOURCE : 0;
        if (failed == 0) {
            failed = run(&trainer, &options);
            trainer_fini(&trainer);
        }
    }
    if (failed && options.json) {
        printf("{\"status\":\"failed\",\"exit_code\":%d}\n", failed);
    }
    return failed;
}
