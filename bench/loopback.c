#include "bench/loopback.h"

#include "base/check.h"
#include "base/memory.h"
#include "base/random.h"
#include "bench/machine.h"
#include "codec/parity.h"
#include "transport/link/endpoint.h"
#include "transport/udp/udp.h"
#include "transport/wan/keys.h"
#include "transport/wan/noise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTENT_BYTES = 1 << 20, PACKET_BYTES = 1420, AEAD_PACKETS = 200000, ADDRESS_BYTES = 80 };
#define LIMIT_BPS UINT64_C(4000000000)
#define GIVE_UP_NS (600 * UINT64_C(1000000000))

static const uint8_t seeds[2][LINK_KEY_BYTES] = {{1}, {2}}; /* the sender's, the receiver's */

struct end {
    struct endpoint *endpoint;
    struct parity *parity;
    uint8_t *content;
    uint64_t bytes; /* to move */
    struct link *link;
    uint64_t message;
    uint64_t written;
    uint64_t received;
    bool up;
    bool finished;
    bool failed;
};

/* Bits a second that one core seals, packet by packet, as the transport does. */
static uint64_t aead_bps(void) {
    static uint8_t payload[PACKET_BYTES + WAN_TAG_BYTES];
    const uint8_t secret[WAN_KEY_BYTES] = {7};
    const uint8_t header[13] = {0};
    struct wan_key key;
    wan_key_set(&key, noise_has_aesgcm() ? WAN_AES256GCM : WAN_CHACHA20POLY1305, secret);
    uint64_t start_ns = machine_now_ns();
    for (uint64_t number = 0; number < AEAD_PACKETS; number++) {
        const struct wan_packet packet = {.number = number,
                                          .header = header,
                                          .header_bytes = sizeof header,
                                          .payload = payload,
                                          .payload_bytes = PACKET_BYTES};
        wan_key_seal(&key, &packet);
    }
    uint64_t spent_ns = machine_now_ns() - start_ns;
    wan_key_wipe(&key);
    return (uint64_t)(8e9 * AEAD_PACKETS * PACKET_BYTES / (double)(spent_ns ? spent_ns : 1));
}

static enum satsync_status open_end(struct end *end, int which, const char *listen,
                                    struct satsync_error *error) {
    struct net *net;
    uint8_t peer[1][LINK_KEY_BYTES];
    noise_ed25519_of_seed(seeds[!which], peer[0]);
    TRY(udp_open(&(struct udp_options){.listen = listen}, &net, error));
    end->parity = parity_open(NULL);
    const struct endpoint_options options = {.net = net,
                                             .seed = seeds[which],
                                             .peers = (const uint8_t(*)[LINK_KEY_BYTES])peer,
                                             .peer_count = 1,
                                             .accept = which == 1,
                                             .parity = end->parity};
    enum satsync_status status = endpoint_open(&options, &end->endpoint, error);
    if (status != SATSYNC_OK) {
        net->ops->close(net);
    }
    return status;
}

static void write_more(struct end *end) {
    while (end->written < end->bytes) {
        uint64_t left = end->bytes - end->written;
        const struct link_slice slice = {.data = end->content,
                                         .bytes = left < CONTENT_BYTES ? left : CONTENT_BYTES};
        enum satsync_status status = end->link->ops->write(end->link, end->message, &slice);
        if (status != SATSYNC_OK) {
            end->failed |= status != SATSYNC_AGAIN;
            return;
        }
        end->written += slice.bytes;
    }
}

static void handle(struct end *end, const struct link_event *event) {
    switch (event->kind) {
    case LINK_EVENT_UP:
        end->up = true;
        break;
    case LINK_EVENT_DATA:
        end->received += event->bytes;
        event->link->ops->release(event->link, event->bytes);
        break;
    case LINK_EVENT_WRITABLE:
        write_more(end);
        break;
    case LINK_EVENT_DELIVERED:
        end->finished = true;
        break;
    case LINK_EVENT_DOWN:
        end->finished = true;
        end->failed |= end->received != end->bytes && end->link == event->link;
        break;
    case LINK_EVENT_MESSAGE:
    case LINK_EVENT_RECEIVED:
    case LINK_EVENT_RETURNED:
    case LINK_EVENT_URGENT:
        break;
    }
}

static void move(struct end *end, const bool *until) {
    uint64_t end_ns = machine_now_ns() + GIVE_UP_NS;
    while (!*until && !end->failed && machine_now_ns() < end_ns) {
        struct link_event event;
        while (end->endpoint->ops->poll(end->endpoint, &event)) {
            handle(end, &event);
        }
        if (!*until) {
            end->endpoint->ops->wait(end->endpoint, end_ns);
        }
    }
    end->failed |= !*until;
}

/* The other process: tells its address and takes what comes until the link is closed. */
static int receive_all(int out) {
    struct end end = {.bytes = 0};
    char address[ADDRESS_BYTES] = {0};
    if (open_end(&end, 1, "127.0.0.1:0", NULL) != SATSYNC_OK) {
        return 1;
    }
    end.endpoint->ops->local(end.endpoint, address, sizeof address);
    if (write(out, address, sizeof address) != (ssize_t)sizeof address) {
        return 1;
    }
    move(&end, &end.finished);
    end.endpoint->ops->close(end.endpoint);
    return 0;
}

static enum satsync_status send_all(const struct scenario *scenario, const char *address,
                                    struct row_run *run, struct link_stats *stats,
                                    struct satsync_error *error) {
    struct end end = {.bytes = scenario->bytes};
    struct random random = random_of(run->seed, 1);
    uint8_t key[LINK_KEY_BYTES];
    noise_ed25519_of_seed(seeds[1], key);
    const struct link_target target = {
        .address = address,
        .peer_key = key,
        .rate_bps = scenario->controller == CONTROLLER_RATED ? scenario->rate_bps : 0};
    end.content = memory_new(NULL, 1, CONTENT_BYTES);
    ENSURE(end.content, error, SATSYNC_NO_MEMORY, NULL, "no memory");
    random_bytes(&random, end.content, CONTENT_BYTES);
    TRY(open_end(&end, 0, NULL, error));
    TRY(end.endpoint->ops->connect(end.endpoint, &target, &end.link, error));
    move(&end, &end.up);
    const struct link_message message = {.class = LINK_CHECKPOINT, .bytes = scenario->bytes};
    uint64_t start_ns = machine_now_ns();
    enum satsync_status status = end.link->ops->submit(end.link, &message, &end.message);
    if (status == SATSYNC_OK && !end.failed) {
        write_more(&end);
        move(&end, &end.finished);
        end.link->ops->stats(end.link, stats);
    }
    run->time_ns = machine_now_ns() - start_ns;
    end.endpoint->ops->close(end.endpoint);
    parity_close(end.parity);
    memory_free(NULL, end.content);
    ENSURE(!end.failed, error, SATSYNC_TIMED_OUT, scenario->name, "the transfer did not finish");
    return status;
}

static enum satsync_status with_receiver(const struct scenario *scenario, struct row_run *run,
                                         struct link_stats *stats, struct satsync_error *error) {
    int ends[2];
    char address[ADDRESS_BYTES];
    ENSURE(pipe(ends) == 0, error, SATSYNC_NO_MEMORY, NULL, "cannot make a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(receive_all(ends[1]));
    }
    close(ends[1]);
    enum satsync_status status = SATSYNC_BUG;
    if (child > 0 && read(ends[0], address, sizeof address) == (ssize_t)sizeof address) {
        status = send_all(scenario, address, run, stats, error);
    }
    close(ends[0]);
    if (child > 0) {
        waitpid(child, NULL, 0);
    }
    return status;
}

static double cpu_seconds(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

enum satsync_status loopback_run(const struct scenario *scenario, struct row *row,
                                 struct satsync_error *error) {
    static struct row_run runs[ROW_RUNS];
    struct link_stats stats = {0};
    uint64_t aead = aead_bps();
    uint64_t limit_bps = aead / 2 < LIMIT_BPS ? aead / 2 : LIMIT_BPS;
    double sender_s = cpu_seconds(RUSAGE_SELF);
    double receiver_s = cpu_seconds(RUSAGE_CHILDREN);
    row->clock = ROW_WALL;
    row->bytes = scenario->bytes;
    row->limit = "the lower of 4 Gbit/s and half of the AEAD's speed on one core";
    for (uint64_t i = 0; i < scenario->seeds; i++) {
        runs[i] = (struct row_run){.seed = i + 1};
        TRY(with_receiver(scenario, &runs[i], &stats, error));
        runs[i].floor_ns = (uint64_t)(8e9 * (double)scenario->bytes / (double)limit_bps);
        runs[i].share_ppm = row_share(runs[i].floor_ns, runs[i].time_ns);
    }
    row_settle(row, runs, (size_t)scenario->seeds);
    double moved = (double)scenario->bytes * (double)scenario->seeds / (1 << 30);
    row_figure(row, "goodput_gbps", 8 * (double)row->bytes / (double)row->median.time_ns);
    row_figure(row, "aead_gbps", (double)aead / 1e9);
    sender_s = (cpu_seconds(RUSAGE_SELF) - sender_s) / moved;
    receiver_s = (cpu_seconds(RUSAGE_CHILDREN) - receiver_s) / moved;
    row_figure(row, "sender_cpu_s_per_gib", sender_s);
    row_figure(row, "receiver_cpu_s_per_gib", receiver_s);
    /* What the busier side would reach with a core to itself. */
    double busier_s = sender_s > receiver_s ? sender_s : receiver_s;
    row_figure(row, "free_core_gbps", 8 * (double)(1 << 30) / 1e9 / busier_s);
    row_figure(row, "last_repeated_percent",
               100 * (double)stats.repeated_bytes / (double)scenario->bytes);
    row_figure(row, "last_wire_percent", 100 * (double)stats.wire_bytes / (double)scenario->bytes);
    row_figure(row, "last_rate_gbps", (double)stats.rate_bps / 1e9);
    row_figure(row, "last_rtt_us", (double)stats.smoothed_rtt_ns / 1e3);
    return SATSYNC_OK;
}
