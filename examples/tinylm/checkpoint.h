/*
 * Saving and loading the training's state through satsync, the only file that knows it: tensors as
 * they are, and the numbers of the progress once more as a blob.
 */
#ifndef TINYLM_CHECKPOINT_H
#define TINYLM_CHECKPOINT_H

#include "trainer.h"

struct satsync_engine;
struct satsync_key;
struct satsync_store;
struct satsync_operation;
struct satsync_group;

/* A store that is saved to while the training goes on. One save runs at a time. */
struct saver {
    struct satsync_engine *engine;
    struct satsync_key *key;
    struct satsync_store *store;
    struct satsync_operation *running; /* NULL when none */
    uint64_t running_step;
    struct satsync_group *group; /* its state is saved and loaded as well; NULL: none */
    int quiet;
    /* What it cost. */
    unsigned saves;
    uint64_t raw_bytes;    /* of the last save that finished */
    uint64_t stored_bytes; /* likewise */
    uint64_t stall_ns;     /* the longest time that a save kept the training */
    uint64_t waited_ns;    /* for a former save that still ran */
};

/* Makes the store when there is none; `key` is a key file. All functions return 0, or the exit code
 * of a failure's class after a message on stderr. */
int saver_open(struct saver *saver, const char *store, const char *key);

/* Begins a save; waits first, and says so, when the former one still runs. */
int saver_save(struct saver *saver, uint64_t step, const struct state_tensor *tensors);

/* Between steps: takes up a save that finished. */
int saver_poll(struct saver *saver);

/* Waits for the running save. */
int saver_finish(struct saver *saver);

/* Cancels what runs. */
void saver_close(struct saver *saver);

/* Fills the tensors from the checkpoint `step`. */
int saver_load(struct saver *saver, uint64_t step, const struct state_tensor *tensors);

#endif
