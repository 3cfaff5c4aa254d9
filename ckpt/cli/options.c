#include "ckpt/cli/options.h"

#include <assert.h>
#include <stdio.h>

enum { TEXT_MAX = 4095, MIB = 1 << 20 };

#define TEXT(name, unit, help)                                                                     \
    { name, SATSYNC_OPTION_TEXT, unit, NULL, 1, TEXT_MAX, help }
#define SWITCH(name, help)                                                                         \
    { name, SATSYNC_OPTION_BOOL, "", "no", 0, 1, help }

/* A step is written as a JSON integer, which jansson holds in 63 bits. */
#define STEP(name, help)                                                                           \
    { name, SATSYNC_OPTION_COUNT, "N", NULL, 0, INT64_MAX, help }

static const struct option_row rows[OPTION_IDS] = {
    [ARGUMENT_STORE] = {.option = TEXT("STORE", "STORE", "The directory of the store."),
                        .positional = true,
                        .names_file = true},
    [ARGUMENT_STEP] = {.option = STEP("STEP", "The checkpoint's training step."),
                       .positional = true},
    [ARGUMENT_PEER_ADDRESS] = {.option = TEXT("HOST:PORT", "HOST:PORT",
                                              "Where the other site serves; [ADDRESS]:PORT for "
                                              "IPv6."),
                               .positional = true},
    [ARGUMENT_FILES] = {.option = TEXT("FILE.safetensors", "FILE.safetensors",
                                       "A safetensors file, or the *.index.json of a sharded set."),
                        .positional = true,
                        .names_file = true},
    [ARGUMENT_KEY_FILE] = {.option = TEXT("SITE.key", "SITE.key",
                                          "The key file to make; SITE.key.pub comes beside it."),
                           .positional = true,
                           .names_file = true},
    [ARGUMENT_TAG] = {.option = {"NAME", SATSYNC_OPTION_TEXT, "NAME", NULL, 1, 64,
                                 "A name for the checkpoint, such as best.eval: a letter, then "
                                 "letters, digits, '.', '-' and '_'."},
                      .positional = true},
    [ARGUMENT_FROM] = {.option = STEP("FROM", "The step to compare with: the older one."),
                       .positional = true},
    [ARGUMENT_TO] = {.option = STEP("TO", "The step that is compared: the newer one."),
                     .positional = true},
    [ARGUMENT_PATCH] = {.option = TEXT("PATCH", "PATCH", "A file that diff --patch wrote."),
                        .positional = true,
                        .names_file = true},
    [ARGUMENT_OLD] = {.option = TEXT("OLD.safetensors", "OLD.safetensors",
                                     "The file that the step which the patch begins from was "
                                     "restored to."),
                      .positional = true,
                      .names_file = true},
    [ARGUMENT_SHELL] = {.option = {"SHELL", SATSYNC_OPTION_CHOICE, "bash", NULL, 0, 0,
                                   "The shell to complete for: bash."},
                        .positional = true},
    [ARGUMENT_COMMAND] = {.option = TEXT("COMMAND", "COMMAND", "The command to explain."),
                          .positional = true},

    [OPTION_KEY] = {.option = TEXT("key", "SITE.key", "This site's secret key file."),
                    .names_file = true,
                    .environment = "SATSYNC_KEY"},
    [OPTION_RECIPIENT] = {.option = TEXT("recipient", "FILE.pub",
                                         "Public key of a site that may read what is saved here, "
                                         "beside this one."),
                          .names_file = true},
    [OPTION_STEP] = {.option = STEP("step", "The training step to save as.")},
    [OPTION_CODEC] = {.option = {"codec", SATSYNC_OPTION_CHOICE, "auto|stored|fast|huff|zstd",
                                 "auto", 0, 4,
                                 "How chunks are compressed; auto decides for each from a sample, "
                                 "fast takes the least time."}},
    [OPTION_BASE] = {.option = TEXT("base", "STEP|auto",
                                    "Save as a difference from this older step, or from the newest "
                                    "one before.")},
    [OPTION_PARITY] = {.option = TEXT("parity", "K+M",
                                      "Spread the checkpoint over K packs and add M of parity: any "
                                      "M of them may be lost or damaged and repaired.")},
    [OPTION_QUICK] = {.option = SWITCH("quick", "Look at signatures, sizes and tables only.")},
    [OPTION_OUTPUT] = {.option = TEXT("output", "FILE|DIR/",
                                      "A safetensors file to write, or a directory for the files "
                                      "as they were saved."),
                       .short_name = 'o',
                       .names_file = true},
    [OPTION_TENSOR] = {.option = TEXT("tensor", "NAME[a:b,c:d]",
                                      "Restore only this tensor, or only a box of it; in the name "
                                      "* and ? stand for any characters and for one.")},
    [OPTION_LISTEN] = {.option = TEXT("listen", "HOST:PORT",
                                      "Where to listen; port 0 takes a free one.")},
    [OPTION_ALLOW] = {.option = TEXT("allow", "FILE.pub",
                                     "Public key of a site that may read and write."),
                      .names_file = true},
    [OPTION_ALLOW_READ] = {.option = TEXT("allow-read", "FILE.pub",
                                          "Public key of a site that may only pull."),
                           .names_file = true},
    [OPTION_ALLOW_WRITE] = {.option = TEXT("allow-write", "FILE.pub",
                                           "Public key of a site that may only push."),
                            .names_file = true},
    [OPTION_PEER] = {.option = TEXT("peer", "FILE.pub",
                                    "Public key of the other site; nobody else is talked to."),
                     .names_file = true},
    [OPTION_RATE] = {.option = {"rate", SATSYNC_OPTION_RATE, "RATE", NULL, 8000, 1000000000000,
                                "The path's known rate, in IP bits a second such as 100Mbit; "
                                "without it the rate is found out."}},
    [OPTION_GIVE_UP] = {.option = {"give-up", SATSYNC_OPTION_DURATION, "TIME", "10min", 1000000000,
                                   30 * 86400 * 1000000000ull,
                                   "End with an error after so long without a path to the "
                                   "peer."}},
    [OPTION_CONTROLLER] = {.option = {"controller", SATSYNC_OPTION_CHOICE,
                                      "auto|rated|model|cubic|scavenger", "auto", 0, 4,
                                      "How the pace is found: auto keeps to --rate or models the "
                                      "path, cubic shares it as TCP does, scavenger takes what "
                                      "others leave."}},
    [OPTION_LIMIT] = {.option = {"limit", SATSYNC_OPTION_RATE, "RATE", NULL, 8000, 1000000000000,
                                 "Send at most so many IP bits a second to a peer, such as 20Mbit, "
                                 "whatever the path carries."}},
    [OPTION_LINK_MEMORY] =
        {.option = {"link-memory", SATSYNC_OPTION_BYTES, "BYTES", "4GiB", 128 * MIB, 1ull << 42,
                    "Memory for the links of all peers together; one takes about "
                    "100 MiB at most, and who finds none left is refused."}},
    [OPTION_DRY_RUN] = {.option = SWITCH("dry-run", "Say what would be done and do nothing.")},
    [OPTION_KEEP_LAST] = {.option = {"keep-last", SATSYNC_OPTION_COUNT, "N", NULL, 1, INT64_MAX,
                                     "Keep the newest so many checkpoints."}},
    [OPTION_KEEP_EVERY] = {.option = {"keep-every", SATSYNC_OPTION_COUNT, "N", NULL, 1, INT64_MAX,
                                      "Keep the checkpoints whose step it divides."}},
    [OPTION_DROP_TAGGED] = {.option = SWITCH("drop-tagged", "Let a tag keep nothing.")},
    [OPTION_REMOVE] = {.option = SWITCH("remove", "Take the names away.")},
    [OPTION_PATCH] = {.option = TEXT("patch", "FILE",
                                     "Write a patch that turns the older step's file into the "
                                     "newer one's."),
                      .names_file = true},

    [OPTION_JSON] = {.option = SWITCH("json", "End with one JSON object on standard output, on "
                                              "failure too.")},
    [OPTION_QUIET] = {.option = SWITCH("quiet", "Print errors only.")},
    [OPTION_VERBOSE] = {.option = SWITCH("verbose", "Print the library's log on standard error.")},
    [OPTION_MEMORY] = {.option = {"memory", SATSYNC_OPTION_BYTES, "BYTES", "256MiB", 8 * MIB,
                                  1ull << 42, "Staging memory for saves and restores."}},
    [OPTION_WORKERS] = {.option = {"workers", SATSYNC_OPTION_COUNT, "N", NULL, 1, 256,
                                   "Threads that compress and seal; without it one a core, at "
                                   "most 16."}},
    [OPTION_VERSION] = {.option = SWITCH("version", "Print the version and exit.")},
    [OPTION_HELP] = {.option = SWITCH("help", "Explain the command and exit."), .short_name = 'h'},
};

const struct option_row *option_row(enum option_id id) {
    assert(id > OPTION_NONE && id < OPTION_IDS);
    return &rows[id];
}

void option_spelling(enum option_id id, char *out, size_t out_bytes) {
    const struct option_row *row = option_row(id);
    snprintf(out, out_bytes, "%s%s", row->positional ? "" : "--", row->option.name);
}
