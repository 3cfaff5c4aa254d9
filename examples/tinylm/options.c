#include "options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char options_usage[] =
    "tinylm [OPTION]...\n"
    "Trains a byte-level language model, and saves it while the training goes on.\n"
    "\n"
    "  --steps N           train until step N (400)\n"
    "  --text FILE         learn from FILE (the licence texts of Debian, in name order)\n"
    "  --seed S            of all chance (1)\n"
    "  --hidden H          width of the recurrent layer, 8 to 1024 (192)\n"
    "  --lanes L           places in the text that are read side by side, 1 to 256 (16)\n"
    "  --share I/N         learn from the I-th of N shares of the text, counted from 0 (0/1)\n"
    "  --save STORE        save to this satsync store; made when there is none\n"
    "  --key FILE          the site's key for --save, --from and --sites (or SATSYNC_KEY)\n"
    "  --every N           save and dump every N steps (only at the end)\n"
    "  --dump DIR          write the same tensors as DIR/step-00000400.safetensors\n"
    "  --from STORE:STEP   go on from a checkpoint\n"
    "  --from-dump FILE    go on from a dump, or from what satsync restore wrote\n"
    "\n"
    "Several sites that train one model, each on its share of the text:\n"
    "  --sites FILE        the sites in order, a line each: ADDRESS KEY.pub\n"
    "  --site I            this one's number, from 0\n"
    "  --listen HOST:PORT  where sites with higher numbers find this one\n"
    "  --promises FILE     what this site promises to the others; outlives the process\n"
    "  --inner H           inner steps between outer steps (20)\n"
    "  --overlap N         inner steps trained while an outer step is under way (0)\n"
    "  --deadline S        seconds that an outer step is waited for, once it is due (15)\n"
    "  --fragments N       pieces that the model is exchanged in (1)\n"
    "  --codec NAME        of contributions: int8, bf16 or fp32 (int8)\n"
    "  --exchange NAME     all-gather, owner-reduce, or cheapest by the next two (cheapest)\n"
    "  --site-mbps N       what a site's paths carry altogether, each way (not known)\n"
    "  --delay-ms N        from site to site, one way (0)\n"
    "RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT make it one of several processes of the site,\n"
    "which share the site's lanes; so does mpirun.\n"
    "\n"
    "  --quiet             print nothing but errors\n"
    "  --json              print one object at the end, and nothing else on standard output\n"
    "\n"
    "Ends with an error when 400 steps or more did not beat an order-2 model of the same text.\n";

int options_number(const char *text, uint64_t *value) {
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' ? 0 : -1;
}

int options_refuse(const char *what, const char *why) {
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
        {"--lanes", &options->lanes, NULL, NULL},
        {"--share", NULL, &options->share, NULL},
        {"--text", NULL, &options->text, NULL},
        {"--save", NULL, &options->save, NULL},
        {"--key", NULL, &options->key, NULL},
        {"--dump", NULL, &options->dump, NULL},
        {"--from", NULL, &options->from, NULL},
        {"--from-dump", NULL, &options->from_dump, NULL},
        {"--sites", NULL, &options->sites, NULL},
        {"--site", &options->site, NULL, NULL},
        {"--listen", NULL, &options->listen, NULL},
        {"--promises", NULL, &options->promises, NULL},
        {"--inner", &options->inner, NULL, NULL},
        {"--overlap", &options->overlap, NULL, NULL},
        {"--deadline", &options->deadline, NULL, NULL},
        {"--fragments", &options->fragments, NULL, NULL},
        {"--codec", NULL, &options->codec, NULL},
        {"--exchange", NULL, &options->exchange, NULL},
        {"--site-mbps", &options->site_mbps, NULL, NULL},
        {"--delay-ms", &options->delay_ms, NULL, NULL},
        {"--quiet", NULL, NULL, &options->quiet},
        {"--json", NULL, NULL, &options->json},
        {"--help", NULL, NULL, &options->help},
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
            return options_refuse(words[0], "it needs a value");
        }
        if (rows[i].text) {
            *rows[i].text = words[1];
            return 0;
        }
        return options_number(words[1], rows[i].number)
                   ? options_refuse(words[1], "not a whole number")
                   : 0;
    }
    return options_refuse(words[0], "no such option");
}

static int parse_share(struct options *options) {
    char index[16];
    const char *slash = options->share ? strchr(options->share, '/') : NULL;
    options->share_count = 1;
    if (!options->share) {
        return 0;
    }
    if (!slash || (size_t)(slash - options->share) >= sizeof index) {
        return options_refuse(options->share, "not a share such as 0/3");
    }
    snprintf(index, sizeof index, "%.*s", (int)(slash - options->share), options->share);
    if (options_number(index, &options->share_index) ||
        options_number(slash + 1, &options->share_count) ||
        options->share_index >= options->share_count || options->share_count > 256) {
        return options_refuse(options->share, "not a share such as 0/3");
    }
    return 0;
}

static int check_sites(const struct options *options) {
    if (options->sites && !options->promises) {
        return options_refuse("--promises", "a site of a group needs a file for its promises");
    }
    if (options->sites && options->share) {
        return options_refuse("--share", "sites share the text by their numbers");
    }
    if (options->inner == 0 || options->fragments == 0 || options->deadline == 0) {
        return options_refuse(!options->inner      ? "--inner"
                              : options->fragments ? "--deadline"
                                                   : "--fragments",
                              "0 is too few");
    }
    if (options->deadline > 86400) {
        return options_refuse("--deadline", "more than a day");
    }
    return 0;
}

int options_parse(struct options *options, char **words) {
    *options = (struct options){.steps = DEFAULT_STEPS,
                                .seed = 1,
                                .hidden = 192,
                                .lanes = 16,
                                .inner = 20,
                                .deadline = 15,
                                .fragments = 1,
                                .codec = "int8",
                                .exchange = "cheapest",
                                .key = getenv("SATSYNC_KEY")};
    for (int used = 0; *words; words += used) {
        int failed = parse_option(options, words, &used);
        if (failed || options->help) {
            return failed;
        }
    }
    if (options->hidden < 8 || options->hidden > 1024) {
        return options_refuse("--hidden", "outside 8 to 1024");
    }
    if (options->lanes < 1 || options->lanes > 256) {
        return options_refuse("--lanes", "outside 1 to 256");
    }
    if ((options->save || options->from || options->sites) && !options->key) {
        return options_refuse("--key", "it needs the site's key (satsync keygen makes one)");
    }
    if (options->from && options->from_dump) {
        return options_refuse("--from-dump", "not together with --from");
    }
    int failed = parse_share(options);
    return failed ? failed : check_sites(options);
}
