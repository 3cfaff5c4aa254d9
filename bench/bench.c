#include "bench/bench.h"

#include "base/check.h"
#include "bench/codec_speed.h"
#include "bench/emulator_speed.h"
#include "bench/loopback.h"
#include "bench/machine.h"
#include "bench/outer_step.h"
#include "bench/quantise_speed.h"
#include "bench/results.h"
#include "bench/scenario.h"
#include "bench/store_speed.h"
#include "bench/ucx_speed.h"
#include "bench/virtual_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS_LIMIT = 512, SCENARIOS_LIMIT = 128 };

static const char usage[] =
    "satsync-bench run [SCENARIO...] --out DIR [--seeds N] [--bytes SIZE] [--data FILE]...\n"
    "satsync-bench compare DIR DIR\n"
    "satsync-bench list\n"
    "\n"
    "A SCENARIO is a name that list shows or the path of a .scenario file; none means all that "
    "are\n"
    "built in. Writes DIR/results.json and a table. Exit codes: the error's class, or 8 when\n"
    "everything ran but a target was missed.\n";

struct bench {
    const char *scenarios[SCENARIOS_LIMIT];
    size_t scenario_count;
    const char *out;
    const char *data[CODEC_FILES_LIMIT];
    size_t data_count;
    uint64_t seeds; /* 0: the scenario's own */
    uint64_t bytes; /* 0: likewise */
    struct row rows[ROWS_LIMIT];
    size_t row_count;
    size_t missed;
};

static int fail(const struct satsync_error *error) {
    fprintf(stderr, "satsync-bench: %s\n", error->message);
    return (int)satsync_status_class(error->status);
}

static const struct satsync_option row_seeds = {"seeds",  SATSYNC_OPTION_COUNT,    "COUNT", NULL, 1,
                                                ROW_RUNS, "Runs of each scenario."};
static const struct satsync_option row_bytes = {
    "bytes", SATSYNC_OPTION_BYTES, "SIZE", NULL, 1, UINT64_C(1) << 44, "Size in each scenario."};

static enum satsync_status take_option(struct bench *bench, const char *name, const char *value,
                                       struct satsync_error *error) {
    ENSURE(value, error, SATSYNC_INVALID, name, "%s needs a value", name);
    if (strcmp(name, "--out") == 0) {
        bench->out = value;
    } else if (strcmp(name, "--seeds") == 0) {
        return satsync_option_parse(&row_seeds, value, &bench->seeds, error);
    } else if (strcmp(name, "--bytes") == 0) {
        return satsync_option_parse(&row_bytes, value, &bench->bytes, error);
    } else if (strcmp(name, "--data") == 0) {
        ENSURE(bench->data_count < CODEC_FILES_LIMIT, error, SATSYNC_LIMIT, value,
               "at most %d files of data", CODEC_FILES_LIMIT);
        bench->data[bench->data_count++] = value;
    } else {
        return error_set(error, SATSYNC_INVALID, name, "unknown option %s; see --help", name);
    }
    return SATSYNC_OK;
}

static enum satsync_status take_arguments(struct bench *bench, int argc, char **argv,
                                          struct satsync_error *error) {
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            TRY(take_option(bench, argv[i], argv[i + 1], error));
            i++;
            continue;
        }
        ENSURE(bench->scenario_count < SCENARIOS_LIMIT, error, SATSYNC_LIMIT, argv[i],
               "at most %d scenarios at once", SCENARIOS_LIMIT);
        bench->scenarios[bench->scenario_count++] = argv[i];
    }
    ENSURE(bench->out, error, SATSYNC_INVALID, "--out", "say where results go: --out DIR");
    for (const struct scenario_text *text = scenario_texts;
         bench->scenario_count == 0 || (text != scenario_texts && text->name); text++) {
        bench->scenarios[bench->scenario_count++] = text->name;
    }
    return SATSYNC_OK;
}

static enum satsync_status run_kind(struct bench *bench, const struct scenario *scenario,
                                    struct row *rows, size_t *count, struct satsync_error *error) {
    const struct codec_files files = {bench->data, bench->data_count};
    *count = 1;
    switch (scenario->kind) {
    case SCENARIO_LINK:
        return virtual_link_run(scenario, rows, error);
    case SCENARIO_LOOPBACK:
        return loopback_run(scenario, rows, error);
    case SCENARIO_CODEC:
        return codec_speed_run(scenario, &files, rows, count, error);
    case SCENARIO_STORE:
        return store_speed_run(scenario, bench->out, rows, count, error);
    case SCENARIO_OUTER:
        return outer_step_run(scenario, rows, error);
    case SCENARIO_QUANTISE:
        return quantise_speed_run(scenario, &files, rows, count, error);
    case SCENARIO_UCX_STREAM:
    case SCENARIO_UCX_PING:
    case SCENARIO_UCX_REDUCE:
        return ucx_speed_run(scenario, rows, count, error);
    case SCENARIO_EMULATOR:
        return emulator_speed_run(scenario, rows, error);
    }
    return SATSYNC_INVALID;
}

static enum satsync_status run_scenario(struct bench *bench, const char *name,
                                        struct satsync_error *error) {
    struct scenario scenario;
    struct row *rows = &bench->rows[bench->row_count];
    size_t count = 0;
    TRY(scenario_open(name, &scenario, error));
    scenario.seeds = bench->seeds ? bench->seeds : scenario.seeds;
    scenario.bytes = bench->bytes ? bench->bytes : scenario.bytes;
    ENSURE(bench->row_count + ROWS_A_SCENARIO <= ROWS_LIMIT, error, SATSYNC_LIMIT, name,
           "too many rows");
    double load = machine_load();
    for (size_t i = 0; i < ROWS_A_SCENARIO; i++) {
        rows[i] = (struct row){.load = load, .target_ppm = (uint32_t)(scenario.target_ppb / 1000)};
        snprintf(rows[i].scenario, sizeof rows[i].scenario, "%s", scenario.name);
    }
    TRY(run_kind(bench, &scenario, rows, &count, error));
    for (size_t i = 0; i < count; i++) {
        results_print_row(stdout, &rows[i]);
        bench->missed += rows[i].target_ppm && rows[i].median.share_ppm < rows[i].target_ppm;
    }
    fflush(stdout);
    bench->row_count += count;
    return SATSYNC_OK;
}

static int run(int argc, char **argv) {
    static struct bench bench;
    struct satsync_error error = {0};
    char machine[256];
    memset(&bench, 0, sizeof bench);
    if (take_arguments(&bench, argc, argv, &error) != SATSYNC_OK) {
        return fail(&error);
    }
    if (mkdir(bench.out, 0777) != 0 && errno != EEXIST) {
        (void)error_set_errno(&error, errno, bench.out, "making the folder");
        return fail(&error);
    }
    machine_name(machine, sizeof machine);
    printf("machine: %s\n", machine);
    results_print_heading(stdout);
    int code = 0;
    for (size_t i = 0; i < bench.scenario_count; i++) {
        if (run_scenario(&bench, bench.scenarios[i], &error) != SATSYNC_OK) {
            int class = fail(&error);
            code = code ? code : class;
        }
    }
    const struct results results = {bench.rows, bench.row_count, machine};
    if (results_write(bench.out, &results, &error) != SATSYNC_OK) {
        return fail(&error);
    }
    return code ? code : bench.missed ? BENCH_EXIT_MISSED : 0;
}

static int list(void) {
    for (const struct scenario_text *text = scenario_texts; text->name; text++) {
        struct scenario scenario;
        struct satsync_error error = {0};
        if (scenario_parse(text->name, text->text, &scenario, &error) != SATSYNC_OK) {
            return fail(&error);
        }
        printf("%-20s %s\n", scenario.name, scenario.about);
    }
    return 0;
}

static int compare(const char *a, const char *b) {
    struct satsync_error error = {0};
    size_t worse;
    if (results_compare(a, b, stdout, &worse, &error) != SATSYNC_OK) {
        return fail(&error);
    }
    return worse ? BENCH_EXIT_MISSED : 0;
}

int bench_main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "run") == 0) {
        return run(argc, argv);
    }
    if (strcmp(command, "list") == 0 && argc == 2) {
        return list();
    }
    if (strcmp(command, "compare") == 0 && argc == 4) {
        return compare(argv[2], argv[3]);
    }
    bool help = strcmp(command, "--help") == 0 || strcmp(command, "help") == 0;
    fputs(usage, help ? stdout : stderr);
    return help ? 0 : (int)satsync_status_class(SATSYNC_INVALID);
}
