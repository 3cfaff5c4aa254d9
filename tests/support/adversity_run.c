#include "codec/parity.h"
#include "support/adversity.h"
#include "support/disturbed_net.h"
#include "support/sites.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)
#define KEEPALIVE_NS (120 * SECOND)
#define GIVE_UP_NS (3600 * SECOND)
/* Between two attempts, where the address or the bystander may be what ended the last. */
#define RETRY_NS SECOND

/* Of the receiver at once: with each of the sender's deaths, and of recorded HELLOs. */
enum { LINKS_MOST = 24 };

/* A run in progress. */
struct run {
    const struct adversity *adversity;
    struct sites sites;
    struct disturbed_net nets[2];
    struct budget memory; /* of the receiver's links: those of all its dead peers, and some */
    size_t twists;        /* done */
    uint64_t retry_ns;    /* when the next attempt begins; 0: none is due */
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
                                       .memory = n == 0 ? &run->memory : NULL,
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

static struct net *disturb(void *context, size_t n, struct net *net) {
    struct run *run = context;
    return disturbed_net_over(&run->nets[n], net);
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
    run->retry_ns = 0;
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

static void twist(struct run *run, const struct twist *twist) {
    if (twist->kind == TWIST_REBINDING) {
        disturbed_net_rebind(&run->nets[0]);
    } else {
        disturbed_net_step_clock(&run->nets[twist->site], twist->by_ns);
    }
}

static uint64_t next_twist(const struct run *run) {
    return run->twists < run->adversity->twist_count
               ? run->start_ns + run->adversity->twists[run->twists].at_ns
               : UINT64_MAX;
}

/* The moment of the next trouble's begin or end. */
static uint64_t next_trouble(const struct run *run) {
    if (run->is_troubled) {
        return run->back_ns;
    }
    return run->troubles < run->adversity->trouble_count
               ? run->start_ns + run->adversity->troubles[run->troubles].at_ns
               : UINT64_MAX;
}

static uint64_t next_turn(const struct run *run) {
    uint64_t next_ns = next_trouble(run);
    next_ns = next_twist(run) < next_ns ? next_twist(run) : next_ns;
    return run->retry_ns > 0 && run->retry_ns < next_ns ? run->retry_ns : next_ns;
}

/* What is due by now. */
static void turn(struct run *run, uint64_t now_ns) {
    if (next_twist(run) <= now_ns) {
        twist(run, &run->adversity->twists[run->twists++]);
    }
    if (run->retry_ns > 0 && run->retry_ns <= now_ns) {
        run->retry_ns = 0;
        if (run->sites.at[1].endpoint) {
            send_all(run);
        }
    }
    if (next_trouble(run) > now_ns) {
        return;
    }
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

/* A clock that leaps over the time that a handshake has, or a bystander, may end a link before the
 * path does: that is worth another attempt. */
static bool is_final(const struct run *run) {
    return !run->adversity->is_worse || run->sites.at[1].down_status == SATSYNC_NO_PATH;
}

static void move(struct run *run) {
    struct net_sim *world = run->sites.world;
    while (!is_delivered(run) && net_sim_now_ns(world) < run->start_ns + GIVE_UP_NS) {
        if (next_turn(run) <= net_sim_now_ns(world)) {
            turn(run, net_sim_now_ns(world));
        }
        if (is_down(run) && run->adversity->no_path && is_final(run)) {
            return;
        }
        if (is_down(run) && !run->adversity->is_worse) {
            send_all(run);
        } else if (is_down(run) && run->retry_ns == 0) {
            run->retry_ns = net_sim_now_ns(world) + RETRY_NS;
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
    for (size_t i = 0; i < 2; i++) {
        /* And the notices of links that ended there. */
        if (run->nets[i].strange_bytes > run->nets[i].due_bytes + 100 * (run->links + 1)) {
            return "a stranger's address was sent more than three times what came from there";
        }
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
    budget_init(&run.memory, LINKS_MOST * wan_memory_bytes(&(struct wan_options){0}));
    for (size_t n = 0; adversity->is_worse && n < 2; n++) {
        disturbed_net_init(&run.nets[n], 2 * adversity->seed + n, adversity->hostile_pause_ns);
        run.sites.wrap = disturb;
        run.sites.wrap_context = &run;
    }
    run.start_ns = net_sim_now_ns(run.sites.world);
    start(&run, 0);
    start(&run, 1);
    send_all(&run);
    move(&run);
    *end = (struct adversity_end){.what = judge(&run),
                                  .links = run.links,
                                  .troubles = run.troubles,
                                  .twists = run.twists,
                                  .hostile = run.nets[0].hostile + run.nets[1].hostile};
    end->time_ns = run.end_ns - run.start_ns;
    end->trace = *net_sim_trace(run.sites.world);
    net_sim_counts(run.sites.world, run.sites.links[1][0], 0, &there);
    net_sim_counts(run.sites.world, run.sites.links[1][0], 1, &back);
    end->packets = there.entered_packets + back.entered_packets;
    end->wire_bytes = there.entered_bytes + back.entered_bytes;
    sites_close(&run.sites);
    if (run.memory.taken != 0 && !end->what) {
        end->what = "links that are gone hold memory";
    }
    end->passed = end->what == NULL;
    parity_close(run.parity);
}
