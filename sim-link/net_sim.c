#include "sim-link/net_sim.h"

#include "base/bytes.h"
#include "base/check.h"

#include <stdio.h>
#include <string.h>

enum { ADDRESS_BYTES = 4, NAME_BYTES = 32, WAY_BYTES = 2 * NAME_BYTES + 8 };

static const char SCHEME[] = "sim:";

struct sim_net {
    struct net net;
    struct net_sim *world;
    uint32_t index;
    char name[NAME_BYTES]; /* empty: its number is */
    bool closed;
    bool taken;
    bool woken;
    bool unseen;       /* something came since its owner last received */
    uint64_t until_ns; /* noted by wait, until the next advance */
    struct packet_list inbox;
    struct packet *lent;                 /* what receive gave last */
    struct lane *to[NET_SIM_NETS_LIMIT]; /* NULL: not joined */
};

struct sim_link {
    size_t ends[2];
    char ways[2][WAY_BYTES]; /* the lanes' names */
    struct lane *lanes[2];
};

struct net_sim {
    struct sim *sim;
    uint64_t seed;
    size_t payload_bytes_limit;
    const char *address; /* NULL: none */
    struct sim_net *nets[NET_SIM_NETS_LIMIT];
    size_t net_count;
    struct sim_link links[NET_SIM_LINKS_LIMIT];
    size_t link_count;
    bool arrived; /* something came into an inbox since advance began */
    const struct allocator *allocator;
};

static struct sim_net *sim_net_of(struct net *net) {
    return (struct sim_net *)net;
}

static uint64_t net_now(struct net *net) {
    return sim_now_ns(sim_net_of(net)->world->sim);
}

static struct net_address address_of(uint32_t index) {
    struct net_address address;
    memset(&address, 0, sizeof address);
    store_le32(address.bytes, index);
    address.length = ADDRESS_BYTES;
    return address;
}

static struct lane *lane_to(struct sim_net *from, const struct net_address *peer) {
    uint32_t index = peer->length == ADDRESS_BYTES ? load_le32(peer->bytes) : UINT32_MAX;
    return index < NET_SIM_NETS_LIMIT ? from->to[index] : NULL;
}

static enum satsync_status net_send(struct net *net, const struct net_batch *batch) {
    struct sim_net *from = sim_net_of(net);
    struct lane *lane = lane_to(from, &batch->peer);
    if (lane == NULL) {
        return SATSYNC_NO_PATH;
    }
    assert(batch->segment_bytes > 0);
    struct packet header = {.flow = from->index, .ecn = batch->ecn};
    for (size_t at = 0; at < batch->bytes; at += header.bytes) {
        size_t left = batch->bytes - at;
        header.bytes = (uint32_t)(left < batch->segment_bytes ? left : batch->segment_bytes);
        sim_push(from->world->sim, lane, &header, batch->data + at);
    }
    return SATSYNC_OK;
}

static void sink(void *context, uint64_t now_ns, struct packet *packet) {
    struct sim_net *to = context;
    if (to->closed) {
        sim_release(to->world->sim, packet);
        return;
    }
    packet->due_ns = now_ns;
    packet_list_push(&to->inbox, packet);
    to->unseen = true;
    to->world->arrived = true;
}

static void return_lent(struct sim_net *net) {
    if (net->lent != NULL) {
        sim_release(net->world->sim, net->lent);
        net->lent = NULL;
    }
}

static bool net_receive(struct net *net, struct net_batch *batch) {
    struct sim_net *to = sim_net_of(net);
    return_lent(to);
    to->unseen = false;
    struct packet *packet = packet_list_pop(&to->inbox);
    if (packet == NULL) {
        return false;
    }
    to->lent = packet;
    *batch = (struct net_batch){.data = packet->data,
                                .bytes = packet->bytes,
                                .segment_bytes = packet->bytes,
                                .peer = address_of(packet->flow),
                                .time_ns = packet->due_ns,
                                .ecn = packet->ecn};
    return true;
}

static void net_wait(struct net *net, uint64_t until_ns) {
    struct sim_net *waiting = sim_net_of(net);
    bool at_once = waiting->woken || waiting->inbox.first != NULL;
    waiting->woken = false;
    waiting->until_ns = at_once ? 0 : until_ns;
}

static void net_wake(struct net *net) {
    struct sim_net *woken = sim_net_of(net);
    woken->woken = true;
    woken->until_ns = 0;
}

static int net_fd(struct net *net) {
    (void)net;
    return -1;
}

static enum satsync_status net_resolve(struct net *net, const char *text,
                                       struct net_address *address, struct satsync_error *error) {
    struct net_sim *world = sim_net_of(net)->world;
    bool ours = strncmp(text, SCHEME, sizeof SCHEME - 1) == 0;
    for (uint32_t i = 0; ours && i < world->net_count; i++) {
        char number[16];
        const char *name = text + sizeof SCHEME - 1;
        snprintf(number, sizeof number, "%u", (unsigned)i);
        if (strcmp(name, number) == 0 || (*name != 0 && strcmp(name, world->nets[i]->name) == 0)) {
            *address = address_of(i);
            return SATSYNC_OK;
        }
    }
    if (world->address != NULL && strcmp(text, world->address) == 0 && world->net_count == 2) {
        *address = address_of(1 - sim_net_of(net)->index);
        return SATSYNC_OK;
    }
    return error_set(error, SATSYNC_ADDRESS, text,
                     "%s is not a net of this emulation; there are sim:0 to sim:%zu", text,
                     world->net_count - 1);
}

static void format_net(const struct sim_net *net, char *out, size_t bytes) {
    if (net->name[0] != 0) {
        snprintf(out, bytes, "%s", net->name);
    } else {
        snprintf(out, bytes, "%u", (unsigned)net->index);
    }
}

static void net_format(struct net *net, const struct net_address *address, char *out,
                       size_t bytes) {
    const struct net_sim *world = sim_net_of(net)->world;
    uint32_t index = address->length == ADDRESS_BYTES ? load_le32(address->bytes) : UINT32_MAX;
    char name[NAME_BYTES];
    if (index < world->net_count) {
        format_net(world->nets[index], name, sizeof name);
        snprintf(out, bytes, "%s%s", SCHEME, name);
    } else {
        snprintf(out, bytes, "?");
    }
}

static void net_local(struct net *net, struct net_address *address) {
    *address = address_of(sim_net_of(net)->index);
}

static size_t net_max_datagram(struct net *net) {
    return sim_net_of(net)->world->payload_bytes_limit;
}

static void net_close(struct net *net) {
    struct sim_net *closed = sim_net_of(net);
    return_lent(closed);
    struct packet *packet;
    while ((packet = packet_list_pop(&closed->inbox)) != NULL) {
        sim_release(closed->world->sim, packet);
    }
    closed->closed = true;
    closed->taken = false;
    closed->unseen = false;
    closed->until_ns = TIME_NEVER;
}

static const struct net_ops OPS = {net_now,   net_send,         net_receive, net_wait,
                                   net_wake,  net_fd,           net_resolve, net_format,
                                   net_local, net_max_datagram, net_close};

enum satsync_status net_sim_open(const struct net_sim_options *options, struct net_sim **out,
                                 struct satsync_error *error) {
    *out = NULL;
    struct net_sim *world = memory_new(options->allocator, 1, sizeof *world);
    ENSURE(world != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for an emulation");
    size_t limit = options->payload_bytes_limit;
    world->payload_bytes_limit = limit == 0 ? 1500 - LANE_HEADER_BYTES : limit;
    world->seed = options->seed;
    world->allocator = options->allocator;
    struct sim_options sim_options = {.start_ns = options->start_ns,
                                      .payload_bytes_limit = world->payload_bytes_limit,
                                      .allocator = options->allocator};
    enum satsync_status status = sim_open(&sim_options, &world->sim, error);
    if (status != SATSYNC_OK) {
        memory_free(options->allocator, world);
        return status;
    }
    *out = world;
    return SATSYNC_OK;
}

void net_sim_close(struct net_sim *world) {
    if (world == NULL) {
        return;
    }
    for (size_t i = 0; i < world->net_count; i++) {
        memory_free(world->allocator, world->nets[i]);
    }
    sim_close(world->sim);
    memory_free(world->allocator, world);
}

enum satsync_status net_sim_add(struct net_sim *world, struct net **out,
                                struct satsync_error *error) {
    ENSURE(world->net_count < NET_SIM_NETS_LIMIT, error, SATSYNC_LIMIT, "sim",
           "an emulation has at most %d nets", (int)NET_SIM_NETS_LIMIT);
    struct sim_net *net = memory_new(world->allocator, 1, sizeof *net);
    ENSURE(net != NULL, error, SATSYNC_NO_MEMORY, "sim", "no memory for a net");
    net->net.ops = &OPS;
    net->world = world;
    net->index = (uint32_t)world->net_count;
    net->until_ns = TIME_NEVER;
    world->nets[world->net_count++] = net;
    *out = &net->net;
    return SATSYNC_OK;
}

struct net *net_sim_take(struct net_sim *world, size_t index) {
    assert(index < world->net_count);
    world->nets[index]->closed = false;
    world->nets[index]->taken = true;
    return &world->nets[index]->net;
}

bool net_sim_is_taken(const struct net_sim *world, size_t index) {
    assert(index < world->net_count);
    return world->nets[index]->taken;
}

void net_sim_set_address(struct net_sim *world, const char *address) {
    world->address = address;
}

void net_sim_name(struct net_sim *world, size_t index, const char *name) {
    assert(index < world->net_count && strlen(name) < NAME_BYTES);
    strcpy(world->nets[index]->name, name);
}

static void name_way(char way[WAY_BYTES], const struct sim_net *from, const struct sim_net *to) {
    char a[NAME_BYTES];
    char b[NAME_BYTES];
    format_net(from, a, sizeof a);
    format_net(to, b, sizeof b);
    snprintf(way, WAY_BYTES, "%s to %s", a, b);
}

enum satsync_status net_sim_join(struct net_sim *world, const struct net_sim_join *join,
                                 size_t *link, struct satsync_error *error) {
    assert(join->a < world->net_count && join->b < world->net_count && join->a != join->b);
    struct sim_net *ends[2] = {world->nets[join->a], world->nets[join->b]};
    ENSURE(ends[0]->to[join->b] == NULL, error, SATSYNC_CONFLICT, "sim",
           "sim:%zu and sim:%zu are joined already", join->a, join->b);
    ENSURE(world->link_count < NET_SIM_LINKS_LIMIT, error, SATSYNC_LIMIT, "sim", "too many links");
    struct sim_link *joined = &world->links[world->link_count];
    struct lane *lanes[2];
    *joined = (struct sim_link){.ends = {join->a, join->b}};
    for (uint32_t direction = 0; direction < 2; direction++) {
        name_way(joined->ways[direction], ends[direction], ends[1 - direction]);
        struct sim_lane lane = {.plan = direction == 0 ? join->there : join->back,
                                .identity = {.seed = world->seed,
                                             .link = (uint32_t)world->link_count,
                                             .direction = direction,
                                             .name = joined->ways[direction]},
                                .sink = sink,
                                .context = ends[1 - direction]};
        TRY(sim_add(world->sim, &lane, &lanes[direction], error));
    }
    ends[0]->to[join->b] = lanes[0];
    ends[1]->to[join->a] = lanes[1];
    memcpy(joined->lanes, lanes, sizeof lanes);
    if (link != NULL) {
        *link = world->link_count;
    }
    world->link_count++;
    return SATSYNC_OK;
}

static uint64_t take_deadline(struct net_sim *world) {
    uint64_t until_ns = TIME_NEVER;
    for (size_t i = 0; i < world->net_count; i++) {
        struct sim_net *net = world->nets[i];
        /* What came without delay may have come after its owner had waited. */
        uint64_t wanted_ns = net->unseen ? 0 : net->until_ns;
        until_ns = wanted_ns < until_ns ? wanted_ns : until_ns;
        net->until_ns = TIME_NEVER;
        net->unseen = false;
    }
    return until_ns;
}

bool net_sim_advance(struct net_sim *world) {
    uint64_t until_ns = take_deadline(world);
    world->arrived = false;
    while (!world->arrived && sim_next_ns(world->sim) <= until_ns) {
        if (!sim_step(world->sim)) {
            return false;
        }
    }
    if (!world->arrived) {
        sim_run_until(world->sim, until_ns);
    }
    return true;
}

void net_sim_run_until(struct net_sim *world, uint64_t now_ns) {
    sim_run_until(world->sim, now_ns);
}

uint64_t net_sim_now_ns(const struct net_sim *world) {
    return sim_now_ns(world->sim);
}

void net_sim_shut(struct net_sim *world, size_t link, uint64_t until_ns) {
    assert(link < world->link_count);
    lane_shut(world->links[link].lanes[0], until_ns);
    lane_shut(world->links[link].lanes[1], until_ns);
}

size_t net_sim_link(const struct net_sim *world, size_t a, size_t b) {
    size_t link = 0;
    while (link < world->link_count &&
           !(world->links[link].ends[0] == a && world->links[link].ends[1] == b) &&
           !(world->links[link].ends[0] == b && world->links[link].ends[1] == a)) {
        link++;
    }
    return link;
}

size_t net_sim_links(const struct net_sim *world) {
    return world->link_count;
}

struct sim *net_sim_sim(struct net_sim *world) {
    return world->sim;
}

void net_sim_counts(const struct net_sim *world, size_t link, int direction,
                    struct lane_counts *counts) {
    assert(link < world->link_count && (direction == 0 || direction == 1));
    lane_counts(world->links[link].lanes[direction], counts);
}

const struct trace_hash *net_sim_trace(const struct net_sim *world) {
    return sim_trace(world->sim);
}
