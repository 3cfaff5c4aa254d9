/*
 * A checkpoint's tags as the programs print them.
 */
#ifndef CLI_TAGS_H
#define CLI_TAGS_H

#include <jansson.h>
#include <satsync/store.h>

/* An array of the names, which stand with a space between two. */
json_t *tags_json(const char *names);

/* Reads a step's tags; those that cannot be read are "?". */
void tags_read(struct satsync_store *store, uint64_t step, char names[SATSYNC_TAGS_BYTES]);

#endif
