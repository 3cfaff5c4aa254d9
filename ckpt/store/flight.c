#include "ckpt/store/flight.h"

#include "base/check.h"

enum { FLIGHTS_AT_ONCE = 8 };

/* False when none is under way. */
static bool let_one_land(struct disk *disk) {
    struct disk_request *request = disk->ops->wait(disk);
    if (!request) {
        return false;
    }
    struct flight *flight = request->user;
    flight->is_up = false;
    return true;
}

void flight_start(struct disk *disk, struct flight *flight, const struct flight_plan *plan) {
    assert(!flight->is_up);
    flight->request = (struct disk_request){.kind = plan->kind,
                                            .file = plan->file,
                                            .data = plan->data,
                                            .bytes = plan->bytes,
                                            .offset = plan->offset,
                                            .user = flight};
    enum satsync_status status = disk->ops->submit(disk, &flight->request);
    while (status == SATSYNC_AGAIN) {
        bool landed = let_one_land(disk);
        assert(landed);
        status = disk->ops->submit(disk, &flight->request);
    }
    flight->is_up = status == SATSYNC_OK;
    if (status != SATSYNC_OK) {
        flight->request.status = status;
    }
}

enum satsync_status flight_land(struct disk *disk, struct flight *flight) {
    while (flight->is_up) {
        bool landed = let_one_land(disk);
        assert(landed);
    }
    return flight->request.status;
}

enum satsync_status flight_error(struct satsync_error *error, enum satsync_status status,
                                 const char *subject, const char *doing) {
    switch (status) {
    case SATSYNC_OK:
        return SATSYNC_OK;
    case SATSYNC_NO_SPACE:
        return error_set(error, status, subject,
                         "%s failed: the disk is full; free some space and run it again", doing);
    case SATSYNC_INCOMPLETE:
        return error_set(error, status, subject, "%s failed: the file is shorter than it should be",
                         doing);
    case SATSYNC_READ_ONLY:
        return error_set(error, status, subject,
                         "%s failed: the file system is read-only; mount it writable", doing);
    default:
        return error_set(error, status, subject,
                         "%s failed: the disk reports \"%s\"; see the system's log", doing,
                         satsync_status_name(status));
    }
}

static enum satsync_status land_whole(struct disk *disk, struct flight *flight) {
    TRY(flight_land(disk, flight));
    return flight->request.done_bytes < flight->request.bytes ? SATSYNC_INCOMPLETE : SATSYNC_OK;
}

enum satsync_status flight_move(struct disk *disk, const struct flight_plan *plan,
                                size_t piece_bytes, const char *subject,
                                struct satsync_error *error) {
    struct flight flights[FLIGHTS_AT_ONCE] = {{.is_up = false}};
    enum satsync_status first_failure = SATSYNC_OK;
    size_t turn = 0;
    for (size_t done = 0; done < plan->bytes && first_failure == SATSYNC_OK; turn++) {
        struct flight *flight = &flights[turn % FLIGHTS_AT_ONCE];
        first_failure = land_whole(disk, flight);
        struct flight_plan piece = *plan;
        piece.data = (uint8_t *)plan->data + done;
        piece.offset += done;
        piece.bytes = plan->bytes - done < piece_bytes ? plan->bytes - done : piece_bytes;
        flight_start(disk, flight, &piece);
        done += piece.bytes;
    }
    for (size_t i = 0; i < FLIGHTS_AT_ONCE; i++) {
        enum satsync_status status = land_whole(disk, &flights[i]);
        first_failure = first_failure == SATSYNC_OK ? status : first_failure;
    }
    return flight_error(error, first_failure, subject,
                        plan->kind == DISK_REQUEST_READ ? "reading" : "writing");
}
