#include "support/relay_world.h"

#include "transport/udp/udp.h"

#include <assert.h>
#include <string.h>

static struct net *open_loopback(void) {
    struct net *net;
    struct udp_options options = {.listen = "127.0.0.1:0"};
    enum satsync_status status = udp_open(&options, &net, NULL);
    assert(status == SATSYNC_OK);
    return net;
}

static enum satsync_status open_upstream(void *context, struct net **net,
                                         struct satsync_error *error) {
    struct udp_options options = {.listen = "127.0.0.1:0"};
    (void)context;
    return udp_open(&options, net, error);
}

void relay_world_open_watched(struct relay_world *world, const struct profile *profile,
                              struct lane_watch *watch) {
    struct net_address address;
    char text[64];
    world->client = open_loopback();
    world->target = open_loopback();
    world->target->ops->local(world->target, &address);
    world->target->ops->format(world->target, &address, text, sizeof text);
    struct net *listen = open_loopback();
    listen->ops->local(listen, &world->relay_address);
    struct relay_options options = {.profile = profile,
                                    .listen = listen,
                                    .target = text,
                                    .open_upstream = open_upstream,
                                    .record = {.watch = watch}};
    enum satsync_status status = relay_open(&options, &world->relay, NULL);
    assert(status == SATSYNC_OK);
}

void relay_world_open(struct relay_world *world, const char *link) {
    struct profile profile;
    enum satsync_status status = profile_parse(link, &profile, NULL);
    assert(status == SATSYNC_OK);
    relay_world_open_watched(world, &profile, NULL);
}

void relay_world_close(struct relay_world *world) {
    relay_close(world->relay);
    world->client->ops->close(world->client);
    world->target->ops->close(world->target);
}

void relay_world_receive(struct relay_world *world, struct net *net, uint8_t *data, size_t bytes,
                         struct net_address *from) {
    size_t got = 0;
    while (got < bytes) {
        struct net_batch batch;
        relay_poll(world->relay);
        while (net->ops->receive(net, &batch)) {
            assert(got + batch.bytes <= bytes);
            memcpy(data + got, batch.data, batch.bytes);
            got += batch.bytes;
            *from = batch.peer;
        }
    }
}

void relay_world_enter(struct relay_world *world, uint64_t packets) {
    struct relay_report report;
    do {
        relay_poll(world->relay);
        relay_report(world->relay, &report);
    } while (report.up.entered_packets < packets);
}
