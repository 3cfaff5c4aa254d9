#include "sim-link/path.h"

struct path_orbit {
    struct path path; /* first */
    struct path_orbit_options options;
    struct router *router;
    const struct allocator *allocator;
};

static uint64_t delay_of(const struct path_orbit *path, const struct route *route,
                         uint64_t length_m) {
    return light_ns(length_m) + route->count * path->options.hop_ns;
}

static void orbit_line(struct path *base, uint64_t now_ns, struct path_line *line) {
    struct path_orbit *path = (struct path_orbit *)base;
    struct slots_options slots = {.period_ns = path->options.period_ns,
                                  .phase_ns = path->options.phase_ns};
    struct route route;
    uint64_t until_ns = slots_end(&slots, now_ns);
    uint64_t from_ns = until_ns > slots.period_ns ? until_ns - slots.period_ns : 0;
    *line = (struct path_line){.from_ns = from_ns, .until_ns = until_ns};
    if (!router_find(path->router, from_ns, &route)) {
        line->closed = true;
        return;
    }
    line->first_ns = delay_of(path, &route, route.length_m);
    line->last_ns = delay_of(path, &route, router_length_m(path->router, &route, until_ns));
}

static void orbit_free(struct path *base) {
    struct path_orbit *path = (struct path_orbit *)base;
    router_free(path->router);
    memory_free(path->allocator, path);
}

static const struct path_ops OPS = {orbit_line, orbit_free};

struct path *path_orbit_new(const struct path_orbit_options *options,
                            const struct allocator *allocator) {
    struct path_orbit *path = memory_new(allocator, 1, sizeof *path);
    if (path == NULL) {
        return NULL;
    }
    struct router_options router = options->router;
    router.allocator = allocator;
    path->path.ops = &OPS;
    path->options = *options;
    path->allocator = allocator;
    path->router = router_new(&router);
    if (path->router == NULL) {
        orbit_free(&path->path);
        return NULL;
    }
    return &path->path;
}
