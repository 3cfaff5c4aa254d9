#include "ckpt/cli/command.h"

#include <string.h>

#define REQUIRED ARGUMENT_REQUIRED
#define REPEATABLE ARGUMENT_REPEATABLE

const struct command commands[] = {
    {"keygen",
     "make a site's key",
     "Writes the secret key, readable by its owner only, and the public key beside it. The public "
     "key goes to the other sites; the secret never leaves this one.",
     "satsync keygen memphis.key",
     {{ARGUMENT_KEY_FILE, REQUIRED}},
     command_keygen},
    {"init",
     "make a store",
     "The store belongs to the key's site. Checkpoints saved in it can be read with that key and "
     "by the recipients.",
     "satsync init run7 --key memphis.key --recipient atlanta.key.pub",
     {{ARGUMENT_STORE, REQUIRED}, {OPTION_KEY, REQUIRED}, {OPTION_RECIPIENT, REPEATABLE}},
     command_init},
    {"save",
     "save safetensors files as a checkpoint",
     "Compresses, seals and commits the files as one checkpoint. They can be restored byte for "
     "byte.",
     "satsync save run7 model.safetensors --step 1000 --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_FILES, REQUIRED | REPEATABLE},
      {OPTION_STEP, REQUIRED},
      {OPTION_CODEC, 0},
      {OPTION_BASE, 0},
      {OPTION_PARITY, 0},
      {OPTION_KEY, REQUIRED}},
     command_save},
    {"ls",
     "list the checkpoints of a store",
     NULL,
     "satsync ls run7",
     {{ARGUMENT_STORE, REQUIRED}},
     command_ls},
    {"show",
     "show one checkpoint",
     "With the key of a recipient the tensors too: names and shapes are sealed.",
     "satsync show run7 1000 --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED}, {ARGUMENT_STEP, REQUIRED}, {OPTION_KEY, 0}},
     command_show},
    {"stat",
     "show what each tensor of a checkpoint costs",
     "By tensor: bytes as they were and as they are stored; how much did not change since an older "
     "checkpoint, was stored as differences, or is derived from another tensor; and how much of "
     "older packs is needed for it.",
     "satsync stat run7 1000 --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED}, {ARGUMENT_STEP, REQUIRED}, {OPTION_KEY, REQUIRED}},
     command_stat},
    {"verify",
     "read every byte and name what is damaged",
     "Without a key signatures and checksums are checked, which finds accidents; with a key "
     "forgeries too.",
     "satsync verify run7 1000 --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED}, {ARGUMENT_STEP, 0}, {OPTION_QUICK, 0}, {OPTION_KEY, 0}},
     command_verify},
    {"repair",
     "make lost and damaged packs again from parity",
     "Reads every byte, as verify does, and mends what was saved with --parity, while the store is "
     "in use. Fit for a timer: the exit status is 0 when all is whole again.",
     "satsync repair run7",
     {{ARGUMENT_STORE, REQUIRED}, {ARGUMENT_STEP, 0}, {OPTION_DRY_RUN, 0}},
     command_repair},
    {"restore",
     "write a checkpoint as safetensors",
     "To a directory, the files that were saved; to a file, all tensors or the ones asked for. An "
     "output that exists is replaced only when everything succeeded.",
     "satsync restore run7 1000 -o restored.safetensors --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_STEP, REQUIRED},
      {OPTION_OUTPUT, REQUIRED},
      {OPTION_TENSOR, REPEATABLE},
      {OPTION_KEY, REQUIRED}},
     command_restore},
    {"diff",
     "compare two checkpoints, or write a patch between them",
     "By tensor: how many elements changed, by how much at most, and the size of the difference "
     "relative to the older tensor. With --patch, writes the smallest file from which apply makes "
     "the newer step's tensors out of the older's, for machines without a store.",
     "satsync diff run7 1000 1010 --patch 1010.patch --key memphis.key",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_FROM, REQUIRED},
      {ARGUMENT_TO, REQUIRED},
      {OPTION_PATCH, 0},
      {OPTION_KEY, REQUIRED}},
     command_diff},
    {"apply",
     "make a newer step's file from an older one's and a patch",
     "Needs no store and no key. What it writes is byte for byte what restore writes of the newer "
     "step; a file that the patch is not for is refused. The output may be the older file itself.",
     "satsync apply 1010.patch 1000.safetensors -o 1010.safetensors",
     {{ARGUMENT_PATCH, REQUIRED}, {ARGUMENT_OLD, REQUIRED}, {OPTION_OUTPUT, REQUIRED}},
     command_apply},
    {"serve",
     "be a site: receive checkpoints and hand them out",
     "Prints where it listens, then a line when a transfer begins and ends. SIGTERM and Ctrl-C end "
     "it; what was half received resumes later.",
     "satsync serve run7 --listen 0.0.0.0:4600 --key atlanta.key --allow memphis.key.pub",
     {{ARGUMENT_STORE, REQUIRED},
      {OPTION_LISTEN, REQUIRED},
      {OPTION_KEY, REQUIRED},
      {OPTION_ALLOW, REPEATABLE},
      {OPTION_ALLOW_READ, REPEATABLE},
      {OPTION_ALLOW_WRITE, REPEATABLE},
      {OPTION_RATE, 0},
      {OPTION_CONTROLLER, 0},
      {OPTION_LIMIT, 0},
      {OPTION_LINK_MEMORY, 0}},
     command_serve},
    {"push",
     "send a checkpoint to another site",
     "Ends when the other site has verified and committed it. Survives loss and outages; run again "
     "after an interruption, it sends only what is missing.",
     "satsync push run7 1000 atlanta.example:4600 --key memphis.key --peer atlanta.key.pub",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_STEP, REQUIRED},
      {ARGUMENT_PEER_ADDRESS, REQUIRED},
      {OPTION_KEY, REQUIRED},
      {OPTION_PEER, REQUIRED},
      {OPTION_RATE, 0},
      {OPTION_CONTROLLER, 0},
      {OPTION_LIMIT, 0},
      {OPTION_GIVE_UP, 0},
      {OPTION_DRY_RUN, 0}},
     command_push},
    {"pull",
     "fetch a checkpoint from another site",
     "Run again after an interruption, it fetches only what is missing.",
     "satsync pull run7 1000 memphis.example:4600 --key atlanta.key --peer memphis.key.pub",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_STEP, REQUIRED},
      {ARGUMENT_PEER_ADDRESS, REQUIRED},
      {OPTION_KEY, REQUIRED},
      {OPTION_PEER, REQUIRED},
      {OPTION_RATE, 0},
      {OPTION_GIVE_UP, 0}},
     command_pull},
    {"tag",
     "name a checkpoint, and keep it from prune",
     "Names belong to this store: they are not signed, and push does not send them. Without names "
     "it shows those that there are.",
     "satsync tag run7 1000 best.eval",
     {{ARGUMENT_STORE, REQUIRED},
      {ARGUMENT_STEP, REQUIRED},
      {ARGUMENT_TAG, REPEATABLE},
      {OPTION_REMOVE, 0}},
     command_tag},
    {"prune",
     "remove old checkpoints",
     "Keeps the newest, those with a tag, and those that the options name; what kept checkpoints "
     "refer to of removed "
     "ones stays. Frees what broken-off saves left, too. Try it with --dry-run first.",
     "satsync prune run7 --keep-last 3 --keep-every 10000 --dry-run",
     {{ARGUMENT_STORE, REQUIRED},
      {OPTION_KEEP_LAST, REQUIRED},
      {OPTION_KEEP_EVERY, 0},
      {OPTION_DROP_TAGGED, 0},
      {OPTION_DRY_RUN, 0}},
     command_prune},
    {"doctor",
     "say what this machine offers and what is used of it",
     "Cores, AES, io_uring, O_DIRECT in the store's folder, UDP's segments and buffers, UCX and "
     "shared memory for the ranks of a site; and what to do where something is short.",
     "satsync doctor run7",
     {{ARGUMENT_STORE, 0}},
     command_doctor},
    {"completion",
     "print the shell's completion script",
     NULL,
     "source <(satsync completion bash)",
     {{ARGUMENT_SHELL, REQUIRED}},
     command_completion},
    {"help", "explain a command", NULL, "satsync help push", {{ARGUMENT_COMMAND, 0}}, command_help},
};

const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name, const char **nearest) {
    struct satsync_option names[sizeof commands / sizeof *commands] = {{0}};
    for (size_t i = 0; i < command_count; i++) {
        names[i].name = commands[i].name;
    }
    const struct satsync_option *found = satsync_option_find(names, command_count, name, nearest);
    return found ? &commands[found - names] : NULL;
}

const struct command_argument *command_takes(const struct command *command, enum option_id id) {
    static const struct command_argument optional[OPTION_IDS];
    if (id >= OPTION_FIRST_GLOBAL) {
        return &optional[id];
    }
    const struct command_argument *entry = command ? command->arguments : optional;
    for (; entry->id != OPTION_NONE; entry++) {
        if (entry->id == id) {
            return entry;
        }
    }
    return NULL;
}
