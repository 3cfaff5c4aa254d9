#include "bench/ucx_messages.h"

#include "base/check.h"
#include "base/memory.h"
#include "bench/machine.h"
#include "bench/ucx_pair.h"

#include <stdlib.h>

enum { ON_THE_WAY = 32, WARM_UP = 100, SPARSE_PINGS = 100 };
#define QUIET_NS UINT64_C(2000000000)
#define SPARSE_NS UINT64_C(10000000)
#define FOR_GOOD UINT64_MAX

/* What both processes and the caller share. */
struct work {
    struct ucx_messages messages;
    uint64_t time_ns;
    struct ucx_ping ping;
};

struct end {
    struct ucx_pair_end *pair;
    struct work *work;
    struct link *link;
    uint8_t *data;
    uint64_t submitted;
    uint64_t delivered;
    uint64_t received;
    bool is_up;
    bool is_down;
};

static void take(struct end *end, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_UP:
        end->link = event->link;
        end->is_up = true;
        break;
    case LINK_EVENT_DOWN:
        end->is_down = true;
        break;
    case LINK_EVENT_MESSAGE:
        event->link->ops->place(event->link, event->message, end->data);
        break;
    case LINK_EVENT_DATA:
        event->link->ops->release(event->link, event->bytes);
        break;
    case LINK_EVENT_RECEIVED:
        end->received++;
        break;
    case LINK_EVENT_DELIVERED:
        end->delivered++;
        break;
    case LINK_EVENT_WRITABLE:
    case LINK_EVENT_RETURNED:
    case LINK_EVENT_URGENT:
        break;
    }
}

/* Takes the next thing that came; when nothing did, waits. */
static void turn(struct end *end, uint64_t until_ns) {
    struct endpoint *endpoint = end->pair->endpoint;
    struct link_event event;
    if (endpoint->ops->poll(endpoint, &event)) {
        take(end, &event);
    } else {
        endpoint->ops->wait(endpoint, until_ns);
    }
}

static enum satsync_status send_one(struct end *end) {
    const struct ucx_messages *messages = &end->work->messages;
    const struct link_message message = {
        .class = messages->bytes > 4096 ? LINK_GRADIENT : LINK_CONTROL, .bytes = messages->bytes};
    const struct link_slice slice = {.data = end->data, .bytes = messages->bytes};
    uint64_t number;
    TRY(end->link->ops->submit(end->link, &message, &number));
    end->submitted++;
    return end->link->ops->write(end->link, number, &slice);
}

static enum satsync_status open_end(struct end *end, struct ucx_pair_end *pair,
                                    struct satsync_error *error) {
    struct endpoint *endpoint = pair->endpoint;
    *end = (struct end){.pair = pair, .work = pair->shared};
    end->data = memory_new(NULL, 1, (size_t)end->work->messages.bytes);
    ENSURE(end->data, error, SATSYNC_NO_MEMORY, NULL, "no memory for a message");
    if (pair->rank == 1) {
        const struct link_target target = {.address = pair->addresses[0], .peer_rank = 0};
        TRY(endpoint->ops->connect(endpoint, &target, &end->link, error));
    }
    while (!end->is_up) {
        turn(end, FOR_GOOD);
    }
    return SATSYNC_OK;
}

/* Rank 1 ends the link, rank 0 waits for that, so that nobody leaves too early. */
static enum satsync_status close_end(struct end *end, enum satsync_status status,
                                     struct satsync_error *error) {
    if (end->pair->rank == 1) {
        end->link->ops->close(end->link, SATSYNC_CANCELLED);
    }
    while (!end->is_down) {
        turn(end, FOR_GOOD);
    }
    memory_free(NULL, end->data);
    ENSURE(status == SATSYNC_OK, error, status, NULL, "the link took no more messages");
    return SATSYNC_OK;
}

static enum satsync_status send_many(struct end *end, uint64_t count) {
    uint64_t goal = end->submitted + count;
    while (end->delivered < goal) {
        while (end->submitted < goal && end->submitted - end->delivered < ON_THE_WAY) {
            TRY(send_one(end));
        }
        turn(end, FOR_GOOD);
    }
    return SATSYNC_OK;
}

static enum satsync_status stream(struct ucx_pair_end *pair, struct satsync_error *error) {
    struct end end;
    enum satsync_status status = SATSYNC_OK;
    TRY(open_end(&end, pair, error));
    if (pair->rank == 1) {
        status = send_many(&end, WARM_UP);
        uint64_t start_ns = machine_now_ns();
        status = status == SATSYNC_OK ? send_many(&end, end.work->messages.count) : status;
        end.work->time_ns = machine_now_ns() - start_ns;
    }
    return close_end(&end, status, error);
}

enum satsync_status ucx_messages_stream(const struct ucx_messages *messages, uint64_t *time_ns,
                                        struct satsync_error *error) {
    struct work *work = ucx_pair_share(sizeof *work);
    ENSURE(work, error, SATSYNC_NO_MEMORY, NULL, "no memory");
    work->messages = *messages;
    const struct ucx_pair pair = {
        .transports = messages->transports, .run = stream, .shared = work};
    enum satsync_status status = ucx_pair_run(&pair, error);
    *time_ns = work->time_ns;
    ucx_pair_unshare(work, sizeof *work);
    return status;
}

static enum satsync_status ping_once(struct end *end) {
    uint64_t received = end->received;
    TRY(send_one(end));
    while (end->received == received) {
        turn(end, FOR_GOOD);
    }
    return SATSYNC_OK;
}

static int by_size(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static enum satsync_status ping_many(struct end *end, uint64_t *times_ns) {
    uint64_t count = end->work->messages.count;
    for (uint64_t i = 0; i < WARM_UP + count; i++) {
        uint64_t start_ns = machine_now_ns();
        TRY(ping_once(end));
        times_ns[i < WARM_UP ? 0 : i - WARM_UP] = machine_now_ns() - start_ns;
    }
    qsort(times_ns, (size_t)count, sizeof *times_ns, by_size);
    end->work->ping.one_way_ns = times_ns[count / 2] / 2;
    return SATSYNC_OK;
}

static void be_quiet(struct end *end, uint64_t for_ns) {
    uint64_t until_ns = machine_now_ns() + for_ns;
    while (machine_now_ns() < until_ns) {
        turn(end, until_ns);
    }
}

/* What waiting costs: with nothing to come, then with a message now and then. */
static enum satsync_status wait_long(struct end *end) {
    struct ucx_ping *ping = &end->work->ping;
    uint64_t start_ns = machine_now_ns();
    uint64_t cpu_ns = machine_cpu_ns();
    be_quiet(end, QUIET_NS);
    ping->waited_ns = machine_now_ns() - start_ns;
    ping->waiting_ns = machine_cpu_ns() - cpu_ns;
    start_ns = machine_now_ns();
    for (unsigned i = 0; i < SPARSE_PINGS; i++) {
        TRY(ping_once(end));
        be_quiet(end, SPARSE_NS);
    }
    ping->sparse_ns = machine_now_ns() - start_ns;
    return SATSYNC_OK;
}

/* Answers until the link is closed. */
static enum satsync_status answer(struct end *end) {
    uint64_t sparse_from = WARM_UP + end->work->messages.count;
    uint64_t cpu_ns = 0;
    for (uint64_t answered = 0; !end->is_down;) {
        turn(end, FOR_GOOD);
        if (end->received > answered) {
            answered++;
            TRY(send_one(end));
        }
        cpu_ns = answered == sparse_from + 1 && cpu_ns == 0 ? machine_cpu_ns() : cpu_ns;
    }
    end->work->ping.answering_ns = machine_cpu_ns() - cpu_ns;
    return SATSYNC_OK;
}

static enum satsync_status ping(struct ucx_pair_end *pair, struct satsync_error *error) {
    struct end end;
    enum satsync_status status;
    TRY(open_end(&end, pair, error));
    if (pair->rank == 0) {
        status = answer(&end);
    } else {
        uint64_t *times_ns = memory_new(NULL, end.work->messages.count, sizeof *times_ns);
        status = times_ns ? ping_many(&end, times_ns) : SATSYNC_NO_MEMORY;
        status = status == SATSYNC_OK ? wait_long(&end) : status;
        memory_free(NULL, times_ns);
    }
    return close_end(&end, status, error);
}

enum satsync_status ucx_messages_ping(const struct ucx_messages *messages, struct ucx_ping *out,
                                      struct satsync_error *error) {
    struct work *work = ucx_pair_share(sizeof *work);
    ENSURE(work, error, SATSYNC_NO_MEMORY, NULL, "no memory");
    work->messages = *messages;
    const struct ucx_pair pair = {.transports = messages->transports, .run = ping, .shared = work};
    enum satsync_status status = ucx_pair_run(&pair, error);
    *out = work->ping;
    ucx_pair_unshare(work, sizeof *work);
    return status;
}
