#include "sim-link/route.h"

#include "base/random.h"

#include <assert.h>
#include <string.h>

static const uint32_t NO_SATELLITE = UINT32_MAX;

struct entry {
    uint64_t bound_m; /* length so far and the straight line to the end */
    uint32_t number;
};

struct router {
    struct router_options options;
    struct point from;
    struct point to;
    uint32_t count;
    struct point *points;
    uint64_t points_ns; /* when they were there; UINT64_MAX: never */
    bool *from_sees;
    bool *to_sees;
    bool *done; /* left behind by the search */
    uint64_t *best_m;
    uint32_t *before;
    /* A satellite is reached at most once from the ground and from each neighbour. */
    struct entry *heap;
    size_t heap_count;
};

static void *take(void *memory, size_t bytes, size_t *at) {
    void *part = (uint8_t *)memory + *at;
    *at += (bytes + 15) / 16 * 16;
    return part;
}

struct router *router_new(const struct router_options *options) {
    const struct constellation *constellation = options->constellation;
    size_t count = 0;
    for (size_t i = 0; i < constellation->shell_count; i++) {
        count += shell_satellites(&constellation->shells[i]);
    }
    struct router *router;
    size_t each = sizeof *router->points + 3 + sizeof *router->best_m + sizeof *router->before +
                  5 * sizeof *router->heap;
    uint8_t *memory = memory_new(options->allocator, 1, sizeof *router + 16 + count * each + 128);
    if (memory == NULL) {
        return NULL;
    }
    size_t at = 0;
    router = take(memory, sizeof *router, &at);
    router->options = *options;
    router->from = place_point(options->from);
    router->to = place_point(options->to);
    router->count = (uint32_t)count;
    router->points = take(memory, count * sizeof *router->points, &at);
    router->from_sees = take(memory, count, &at);
    router->to_sees = take(memory, count, &at);
    router->done = take(memory, count, &at);
    router->best_m = take(memory, count * sizeof *router->best_m, &at);
    router->before = take(memory, count * sizeof *router->before, &at);
    router->heap = take(memory, 5 * count * sizeof *router->heap, &at);
    router->points_ns = UINT64_MAX;
    return router;
}

void router_free(struct router *router) {
    if (router != NULL) {
        memory_free(router->options.allocator, router);
    }
}

static bool is_within(const struct point *a, const struct point *b, uint64_t metres) {
    int64_t x = a->x - b->x;
    int64_t y = a->y - b->y;
    int64_t z = a->z - b->z;
    return (uint64_t)(x * x + y * y + z * z) <= metres * metres;
}

static void move_to(struct router *router, uint64_t now_ns) {
    const struct constellation *constellation = router->options.constellation;
    if (router->points_ns == now_ns) {
        return;
    }
    uint32_t first = 0;
    for (size_t i = 0; i < constellation->shell_count; i++) {
        shell_points(&constellation->shells[i], now_ns, router->points + first);
        first += shell_satellites(&constellation->shells[i]);
    }
    router->points_ns = now_ns;
}

static void look(struct router *router) {
    const struct constellation *constellation = router->options.constellation;
    uint32_t number = 0;
    for (size_t i = 0; i < constellation->shell_count; i++) {
        const struct shell *shell = &constellation->shells[i];
        uint64_t reach_m = shell_slant_m(shell, shell->elevation_udeg);
        uint32_t end = number + shell_satellites(shell);
        for (; number < end; number++) {
            const struct point *point = &router->points[number];
            router->from_sees[number] = is_within(point, &router->from, reach_m);
            router->to_sees[number] = is_within(point, &router->to, reach_m);
        }
    }
}

uint64_t router_length_m(struct router *router, const struct route *route, uint64_t now_ns) {
    assert(route->count > 0);
    move_to(router, now_ns);
    const struct point *at = &router->from;
    uint64_t length_m = 0;
    for (uint32_t i = 0; i < route->count; i++) {
        const struct point *next = &router->points[route->satellites[i]];
        length_m += point_distance_m(at, next);
        at = next;
    }
    return length_m + point_distance_m(at, &router->to);
}

static void find_bent(struct router *router, uint64_t now_ns, struct route *route) {
    uint32_t both = 0;
    for (uint32_t i = 0; i < router->count; i++) {
        both += router->from_sees[i] && router->to_sees[i];
    }
    if (both == 0) {
        return;
    }
    uint32_t block[4];
    random_block(router->options.seed, ROUTE_BENT, now_ns, block);
    uint32_t chosen = (uint32_t)((uint64_t)block[0] * both >> 32);
    uint32_t number = 0;
    for (uint32_t seen = 0;; number++) {
        seen += router->from_sees[number] && router->to_sees[number];
        if (seen > chosen) {
            break;
        }
    }
    route->count = 1;
    route->satellites[0] = number;
    route->length_m = router_length_m(router, route, now_ns);
}

static bool comes_before(const struct entry *a, const struct entry *b) {
    return a->bound_m < b->bound_m || (a->bound_m == b->bound_m && a->number < b->number);
}

static void heap_push(struct router *router, struct entry entry) {
    size_t at = router->heap_count++;
    while (at > 0 && comes_before(&entry, &router->heap[(at - 1) / 2])) {
        router->heap[at] = router->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    router->heap[at] = entry;
}

static struct entry heap_pop(struct router *router) {
    struct entry *heap = router->heap;
    struct entry top = heap[0];
    struct entry last = heap[--router->heap_count];
    size_t at = 0;
    for (size_t child = 1; child < router->heap_count; child = 2 * at + 1) {
        if (child + 1 < router->heap_count && comes_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (!comes_before(&heap[child], &last)) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return top;
}

/* A way to `number` of this length was found. */
static void reach(struct router *router, uint32_t number, uint64_t length_m, uint32_t before) {
    if (router->done[number] || length_m >= router->best_m[number]) {
        return;
    }
    router->best_m[number] = length_m;
    router->before[number] = before;
    uint64_t rest_m = point_distance_m(&router->points[number], &router->to);
    heap_push(router, (struct entry){length_m + rest_m, number});
}

static const struct shell *shell_of(const struct router *router, uint32_t number, uint32_t *first) {
    const struct shell *shell = router->options.constellation->shells;
    *first = 0;
    while (number >= *first + shell_satellites(shell)) {
        *first += shell_satellites(shell++);
    }
    return shell;
}

static void reach_neighbours(struct router *router, uint32_t number) {
    uint32_t first;
    const struct shell *shell = shell_of(router, number, &first);
    uint32_t neighbours[4];
    if (!shell->lasers) {
        return;
    }
    shell_neighbours(shell, number - first, neighbours);
    for (int i = 0; i < 4; i++) {
        uint32_t to = first + neighbours[i];
        uint64_t hop_m = point_distance_m(&router->points[number], &router->points[to]);
        reach(router, to, router->best_m[number] + hop_m, number);
    }
}

static void write_back(const struct router *router, uint32_t last, struct route *route) {
    uint32_t count = 0;
    for (uint32_t at = last; at != NO_SATELLITE; at = router->before[at]) {
        count++;
    }
    if (count > ROUTE_SATELLITES_LIMIT) {
        return;
    }
    route->count = count;
    for (uint32_t at = last; at != NO_SATELLITE; at = router->before[at]) {
        route->satellites[--count] = at;
    }
    route->length_m = router->best_m[last] + point_distance_m(&router->points[last], &router->to);
}

/* A* (Hart, Nilsson, Raphael 1968): the straight line to the end is never more than what is left,
 * so the first satellite to be taken that the end sees is on the shortest way. */
static void find_by_lasers(struct router *router, struct route *route) {
    router->heap_count = 0;
    memset(router->done, 0, router->count * sizeof *router->done);
    memset(router->best_m, 0xff, router->count * sizeof *router->best_m);
    for (uint32_t i = 0; i < router->count; i++) {
        if (router->from_sees[i]) {
            reach(router, i, point_distance_m(&router->from, &router->points[i]), NO_SATELLITE);
        }
    }
    while (router->heap_count > 0) {
        struct entry top = heap_pop(router);
        if (router->to_sees[top.number]) {
            write_back(router, top.number, route);
            return;
        }
        if (!router->done[top.number]) {
            router->done[top.number] = true;
            reach_neighbours(router, top.number);
        }
    }
}

bool router_find(struct router *router, uint64_t now_ns, struct route *route) {
    memset(route, 0, sizeof *route);
    move_to(router, now_ns);
    look(router);
    if (router->options.via == ROUTE_BENT) {
        find_bent(router, now_ns, route);
    } else {
        find_by_lasers(router, route);
    }
    return route->count > 0;
}

void router_visible(const struct router *router, uint32_t *from, uint32_t *to) {
    *from = 0;
    *to = 0;
    for (uint32_t i = 0; i < router->count; i++) {
        *from += router->from_sees[i];
        *to += router->to_sees[i];
    }
}
