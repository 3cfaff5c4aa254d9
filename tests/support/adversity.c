#include "support/adversity.h"

#include "base/random.h"
#include "codec/parity.h"
#include "support/sites.h"

#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define SECOND (1000 * MS)
#define KEEPALIVE_NS (120 * SECOND)
#define GIVE_UP_NS (3600 * SECOND)

/* Half of all scenarios are spared each affliction. */
static uint64_t some(struct random *random, uint64_t most) {
    return random_below(random, 2) ? 0 : random_below(random, most) + 1;
}

/* Returns about how long the transfer takes when nothing is in its way. */
static uint64_t draw_link(struct random *random, struct adversity *adversity) {
    uint64_t rate_mbit = UINT64_C(1) << random_below(random, 9);
    uint64_t rtt_ms = 1 + random_below(random, UINT64_C(1) << random_below(random, 11));
    uint64_t loss_permyriad = some(random, 1000);
    uint64_t burst = 1 + some(random, 9);
    uint64_t reorder_permyriad = some(random, 500);
    uint64_t duplicate_permyriad = some(random, 300);
    uint64_t corrupt_permyriad = some(random, 100);
    uint64_t jitter_ms = some(random, 1 + rtt_ms / 4);
    snprintf(
        adversity->link, sizeof adversity->link,
        "plain?rate=%lluM&rtt=%llums&loss=%llu.%02llu%%&burst=%llu&reorder=%llu.%02llu%%&"
        "duplicate=%llu.%02llu%%&corrupt=%llu.%02llu%%&jitter=%llums",
        (unsigned long long)rate_mbit, (unsigned long long)rtt_ms,
        (unsigned long long)loss_permyriad / 100, (unsigned long long)loss_permyriad % 100,
        (unsigned long long)burst, (unsigned long long)reorder_permyriad / 100,
        (unsigned long long)reorder_permyriad % 100, (unsigned long long)duplicate_permyriad / 100,
        (unsigned long long)duplicate_permyriad % 100, (unsigned long long)corrupt_permyriad / 100,
        (unsigned long long)corrupt_permyriad % 100, (unsigned long long)jitter_ms);
    adversity->rate_bps = random_below(random, 2) ? rate_mbit * 1000000 : 0;
    /* So many that a transfer takes some seconds, and a run some tenths of one. */
    uint64_t most = rate_mbit << 17;
    most = most < (2 << 20) ? most : 2 << 20;
    uint64_t bytes = 0;
    adversity->messages = 1 + random_below(random, ADVERSITY_MESSAGES);
    for (size_t i = 0; i < adversity->messages; i++) {
        adversity->bytes[i] = 1 + random_below(random, most >> random_below(random, 6));
        bytes += adversity->bytes[i];
    }
    return 2 * rtt_ms * MS + bytes * 8000 / rate_mbit;
}

/* Spread over the time that the transfer would take without them. */
static void draw_troubles(struct random *random, uint64_t whole_ns, struct adversity *adversity) {
    uint64_t at_ns = 0;
    adversity->trouble_count = some(random, ADVERSITY_TROUBLES);
    for (size_t i = 0; i < adversity->trouble_count; i++) {
        struct trouble *trouble = &adversity->troubles[i];
        at_ns += random_below(random, whole_ns);
        trouble->kind = (enum trouble_kind)random_below(random, 3);
        trouble->at_ns = at_ns;
        trouble->for_ns = random_below(random, (20 * SECOND) >> random_below(random, 8));
        at_ns += trouble->for_ns;
    }
    if (adversity->no_path) {
        adversity->trouble_count = 1;
        adversity->troubles[0] =
            (struct trouble){TROUBLE_OUTAGE, random_below(random, whole_ns), UINT64_MAX};
    }
}

void adversity_of(uint64_t seed, struct adversity *adversity) {
    struct random random = random_of(seed, 0xad);
    memset(adversity, 0, sizeof *adversity);
    adversity->seed = seed;
    adversity->no_path = random_below(&random, 16) == 0;
    adversity->parity = random_below(&random, 4) != 0;
    adversity->without_aes = random_below(&random, 8) == 0;
    uint64_t whole_ns = draw_link(&random, adversity);
    draw_troubles(&random, whole_ns, adversity);
}

/* A run in progress. */
struct run {
    const struct adversity *adversity;
    struct sites sites;
    struct parity *parity;
    uint64_t start_ns;
    uint64_t end_ns;  /* of the latest step */
    uint64_t back_ns; /* when what is gone comes back */
    size_t troubles;  /* begun */
    bool is_troubled;
    unsigned delivered; /* by the sender's links before the present one */
    unsigned downs;
    unsigned links;
};

static void start(struct run *run, size_t n) {
    struct endpoint_options options = {.accept = n == 0,
                                       .parity = run->parity,
                                       .keepalive_ns = KEEPALIVE_NS,
                                       .without_aes = run->adversity->without_aes,
                                       .rate_bps = n == 1 ? run->adversity->rate_bps : 0};
    sites_start(&run->sites, n, &options);
}

/* The sender's side: a new link with all messages on it. */
static void send_all(struct run *run) {
    struct link *link = sites_connect(&run->sites, 1, 0, 0);
    run->links++;
    run->delivered = run->sites.at[1].delivered;
    run->downs = run->sites.at[1].downs;
    for (size_t i = 0; i < run->adversity->messages; i++) {
        sites_send(&run->sites, 1, link, run->adversity->bytes[i]);
    }
}

static size_t victim_of(const struct trouble *trouble) {
    return trouble->kind == TROUBLE_SENDER_DIES;
}

static void begin_trouble(struct run *run, const struct trouble *trouble) {
    uint64_t now_ns = net_sim_now_ns(run->sites.world);
    size_t link = run->sites.links[1][0];
    run->is_troubled = true;
    run->back_ns = trouble->for_ns == UINT64_MAX ? UINT64_MAX : now_ns + trouble->for_ns;
    if (trouble->kind == TROUBLE_OUTAGE) {
        net_sim_shut(run->sites.world, link, run->back_ns);
        return;
    }
    /* A process that dies says no farewell. */
    net_sim_shut(run->sites.world, link, UINT64_MAX);
    sites_kill(&run->sites, victim_of(trouble));
    net_sim_shut(run->sites.world, link, 0);
}

static void end_trouble(struct run *run, const struct trouble *trouble) {
    run->is_troubled = false;
    if (trouble->kind != TROUBLE_OUTAGE) {
        start(run, victim_of(trouble));
    }
    if (trouble->kind == TROUBLE_SENDER_DIES) {
        send_all(run);
    }
}

/* The moment of the next trouble's begin or end. */
static uint64_t next_turn(const struct run *run) {
    if (run->is_troubled) {
        return run->back_ns;
    }
    return run->troubles < run->adversity->trouble_count
               ? run->start_ns + run->adversity->troubles[run->troubles].at_ns
               : UINT64_MAX;
}

static void turn(struct run *run) {
    if (run->is_troubled) {
        end_trouble(run, &run->adversity->troubles[run->troubles - 1]);
    } else {
        begin_trouble(run, &run->adversity->troubles[run->troubles++]);
    }
}

static bool is_delivered(const struct run *run) {
    return run->sites.at[1].delivered - run->delivered >= run->adversity->messages;
}

/* The sender's link went down with nobody telling it to. */
static bool is_down(const struct run *run) {
    return run->sites.at[1].endpoint && run->sites.at[1].downs > run->downs;
}

static void move(struct run *run) {
    struct net_sim *world = run->sites.world;
    while (!is_delivered(run) && net_sim_now_ns(world) < run->start_ns + GIVE_UP_NS) {
        if (next_turn(run) <= net_sim_now_ns(world)) {
            turn(run);
        }
        if (is_down(run)) {
            if (run->adversity->no_path) {
                return;
            }
            send_all(run);
        }
        run->sites.alarm_ns = next_turn(run);
        run->end_ns = net_sim_now_ns(world);
        if (!sites_step(&run->sites) && !is_down(run)) {
            return;
        }
    }
}

static const char *judge(const struct run *run) {
    const struct sites *sites = &run->sites;
    if (sites->at[0].wrong || sites->at[1].wrong) {
        return "a byte or an event was wrong";
    }
    if (run->adversity->no_path && is_down(run)) {
        return sites->at[1].down_status == SATSYNC_NO_PATH ? NULL : "it ended with another status";
    }
    if (!is_delivered(run)) {
        return is_down(run) ? "the link went down" : "it did not end";
    }
    return sites->at[0].received >= run->adversity->messages ? NULL
                                                             : "delivered but never received";
}

void adversity_run(const struct adversity *adversity, struct adversity_end *end) {
    static struct run run;
    struct lane_counts there;
    struct lane_counts back;
    memset(&run, 0, sizeof run);
    run.adversity = adversity;
    run.parity = adversity->parity ? parity_open(NULL) : NULL;
    sites_open(&run.sites, 2, adversity->link, adversity->seed);
    run.start_ns = net_sim_now_ns(run.sites.world);
    start(&run, 0);
    start(&run, 1);
    send_all(&run);
    move(&run);
    *end =
        (struct adversity_end){.what = judge(&run), .links = run.links, .troubles = run.troubles};
    end->passed = end->what == NULL;
    end->time_ns = run.end_ns - run.start_ns;
    end->trace = *net_sim_trace(run.sites.world);
    net_sim_counts(run.sites.world, run.sites.links[1][0], 0, &there);
    net_sim_counts(run.sites.world, run.sites.links[1][0], 1, &back);
    end->packets = there.entered_packets + back.entered_packets;
    end->wire_bytes = there.entered_bytes + back.entered_bytes;
    sites_close(&run.sites);
    parity_close(run.parity);
}

void adversity_tell(const struct adversity *adversity, char *out, size_t bytes) {
    static const char *const kinds[] = {"outage", "sender dies", "receiver dies"};
    int at = snprintf(
        out, bytes, "%s %s%s%s messages", adversity->link, adversity->rate_bps ? "rated" : "model",
        adversity->parity ? "" : " no-parity", adversity->without_aes ? " no-aes" : "");
    for (size_t i = 0; i < adversity->messages && at > 0 && (size_t)at < bytes; i++) {
        at += snprintf(out + at, bytes - (size_t)at, " %llu",
                       (unsigned long long)adversity->bytes[i]);
    }
    for (size_t i = 0; i < adversity->trouble_count && at > 0 && (size_t)at < bytes; i++) {
        const struct trouble *trouble = &adversity->troubles[i];
        at += snprintf(out + at, bytes - (size_t)at, "; %s at %llu ms for %llu ms",
                       kinds[trouble->kind], (unsigned long long)(trouble->at_ns / MS),
                       (unsigned long long)(trouble->for_ns / MS));
    }
}
