/*
 * A request on its way: lets every part of the store wait for its own requests on the one queue of
 * the disk. All requests of a disk that a store uses are flights. Owner thread.
 */
#ifndef STORE_FLIGHT_H
#define STORE_FLIGHT_H

#include "port/disk.h"

/* What to move. data and file stay borrowed until the flight has landed. */
struct flight_plan {
    enum disk_request_kind kind;
    struct disk_file *file;
    void *data;
    size_t bytes;
    uint64_t offset;
};

struct flight {
    struct disk_request request;
    bool is_up;
};

/* Sends it off; lets others land while the queue is full. The flight must be down. */
void flight_start(struct disk *disk, struct flight *flight, const struct flight_plan *plan);

/* Waits for it and returns its status; at once when it is down. Zeroed flights are down and OK. */
enum satsync_status flight_land(struct disk *disk, struct flight *flight);

/* Moves it all in requests of at most `piece_bytes`, several at once. A read that meets the end of
 * the file is SATSYNC_INCOMPLETE. `subject` is for the error. */
enum satsync_status flight_move(struct disk *disk, const struct flight_plan *plan,
                                size_t piece_bytes, const char *subject,
                                struct satsync_error *error);

/* Fills the error for a flight's failure, with what to do next. */
enum satsync_status flight_error(struct satsync_error *error, enum satsync_status status,
                                 const char *subject, const char *doing);

#endif
