#include "rounds/rounds.h"

#include "base/check.h"
#include "base/timers.h"
#include "codec/checksum.h"
#include "codec/seal.h"
#include "rounds/exchange.h"
#include "rounds/rounds_state.h"

#include <math.h>
#include <string.h>

enum { EVENTS = 1024 };

#define MS UINT64_C(1000000)

/* Options. */

static uint64_t or_default(uint64_t value, uint64_t otherwise) {
    return value != 0 ? value : otherwise;
}

static void fill_defaults(struct rounds_options *options) {
    options->codec = options->codec ? options->codec : QUANTISE_INT8;
    options->outer_rate = options->outer_rate > 0 ? options->outer_rate : 0.7f;
    if (options->outer_momentum == 0) {
        options->outer_momentum = 0.9f;
    } else if (options->outer_momentum < 0) {
        options->outer_momentum = 0;
    }
    options->max_difference = options->max_difference > 0 ? options->max_difference : 1000;
    options->inner_steps = or_default(options->inner_steps, 20);
    options->collect_ns = or_default(options->collect_ns, 10000 * MS);
    options->deadline_ns = or_default(options->deadline_ns, 15000 * MS);
    options->repeat_ns = or_default(options->repeat_ns, 1000 * MS);
    options->heartbeat_ns = or_default(options->heartbeat_ns, 500 * MS);
    options->election_ns = or_default(options->election_ns, 3000 * MS);
}

static enum satsync_status check_sites(const struct rounds_options *options,
                                       struct satsync_error *error) {
    size_t voters = options->sites + options->witness;
    ENSURE(options->sites >= 2 && voters <= ROUNDS_SITES_MAX, error, SATSYNC_INVALID, "sites",
           "%zu sites: 2 and more, %d at most, the witness counted", options->sites,
           ROUNDS_SITES_MAX);
    ENSURE(options->site < voters, error, SATSYNC_INVALID, "site",
           "site %zu of %zu: they are numbered from 0", options->site, voters);
    ENSURE(options->incarnation != 0, error, SATSYNC_INVALID, "incarnation",
           "the site's incarnation must be a number that grows with each start");
    ENSURE(options->port.keep, error, SATSYNC_INVALID, "port",
           "a site must be able to keep what it promises to the others");
    return SATSYNC_OK;
}

static enum satsync_status check_model(const struct rounds_options *options,
                                       struct satsync_error *error) {
    ENSURE(options->fragments >= 1 && options->fragments <= ROUNDS_FRAGMENTS_MAX, error,
           SATSYNC_INVALID, "fragments", "%zu fragments: 1 to %d", options->fragments,
           ROUNDS_FRAGMENTS_MAX);
    uint64_t elements = 0;
    for (size_t f = 0; f < options->fragments; f++) {
        uint64_t more = options->fragment_elements[f];
        ENSURE(more > 0 && more < UINT64_C(1) << 40, error, SATSYNC_INVALID, "fragments",
               "fragment %zu has %llu elements: 1 to 2^40", f, (unsigned long long)more);
        elements += more;
    }
    bool is_witness = options->site == options->sites;
    ENSURE(is_witness || options->initial, error, SATSYNC_INVALID, "initial",
           "the model's initial parameters are missing");
    for (uint64_t i = 0; !is_witness && i < elements; i++) {
        ENSURE(isfinite(options->initial[i]), error, SATSYNC_INVALID, "initial",
               "initial parameter %llu is not finite", (unsigned long long)i);
    }
    return SATSYNC_OK;
}

static enum satsync_status check_rule(const struct rounds_options *options,
                                      struct satsync_error *error) {
    ENSURE(quantise_is_known((uint8_t)options->codec), error, SATSYNC_INVALID, "codec",
           "codec %d is not known", (int)options->codec);
    ENSURE(isfinite(options->outer_rate) && options->outer_momentum < 1, error, SATSYNC_INVALID,
           "outer_momentum", "the outer rate must be finite, the outer momentum below 1");
    ENSURE(options->max_difference <= 1e20f, error, SATSYNC_INVALID, "max_difference",
           "max_difference is at most 1e20");
    ENSURE(options->overlap_steps < options->inner_steps, error, SATSYNC_INVALID, "overlap_steps",
           "an overlap of %llu inner steps does not fit between outer steps of %llu",
           (unsigned long long)options->overlap_steps, (unsigned long long)options->inner_steps);
    ENSURE(options->collect_ns < options->deadline_ns, error, SATSYNC_INVALID, "collect",
           "the time to collect contributions must end before the deadline");
    ENSURE(options->heartbeat_ns >= 4 * MS && options->election_ns >= 2 * options->heartbeat_ns &&
               options->election_ns < 1000000 * MS,
           error, SATSYNC_INVALID, "election",
           "the election timeout must be two heartbeats of 4 ms or more, below 1000 s");
    return SATSYNC_OK;
}

static struct exchange_terms terms_of(const struct rounds_options *options) {
    struct exchange_terms terms = {.sites = options->sites,
                                   .codec = options->codec,
                                   .site_bps = options->site_bps,
                                   .delay_ns = options->delay_ns};
    for (size_t f = 0; f < options->fragments; f++) {
        terms.elements += options->fragment_elements[f];
    }
    return terms;
}

static void choose_exchange(struct rounds_options *options) {
    const struct exchange_terms terms = terms_of(options);
    if (options->exchange == ROUNDS_CHEAPEST) {
        options->exchange = exchange_choose(&terms);
    }
}

/* What must be equal on all sites. */
static uint64_t configuration_of(const struct rounds_options *options, double lead_share) {
    uint8_t text[64 + 8 * ROUNDS_FRAGMENTS_MAX], digest[CHECKSUM_BYTES];
    struct bytes_writer writer = bytes_writer_over(text, sizeof text);
    uint32_t bits[2];
    memcpy(&bits[0], &options->outer_rate, 4);
    memcpy(&bits[1], &options->outer_momentum, 4);
    bytes_put_u8(&writer, (uint8_t)options->sites);
    bytes_put_u8(&writer, options->witness);
    bytes_put_u8(&writer, (uint8_t)options->codec);
    bytes_put_u8(&writer, (uint8_t)options->exchange);
    if (options->exchange == ROUNDS_OWNER_REDUCE) {
        bytes_put_u64(&writer, (uint64_t)(1e9 * lead_share));
    }
    bytes_put_u32(&writer, bits[0]);
    bytes_put_u32(&writer, bits[1]);
    for (size_t f = 0; f < options->fragments; f++) {
        bytes_put_u64(&writer, options->fragment_elements[f]);
    }
    checksum_of(text, bytes_written(&writer), digest);
    return load_le64(digest);
}

/* Life. */

static void place_fragments(struct rounds *rounds) {
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        uint64_t elements = rounds->options.fragment_elements[f];
        rounds->place[f] = (struct fragment_place){
            .start = rounds->elements,
            .elements = (size_t)elements,
            .coded_bytes = (size_t)quantise_bytes(rounds->options.codec, elements)};
        rounds->elements += elements;
    }
}

static enum satsync_status open_model(struct rounds *rounds) {
    if (rounds->is_witness) {
        return SATSYNC_OK;
    }
    float **arrays[] = {&rounds->agreed, &rounds->momentum, &rounds->error, &rounds->snapshot};
    for (size_t i = 0; i < 4; i++) {
        *arrays[i] = memory_new(rounds->allocator, (size_t)rounds->elements, sizeof(float));
        if (!*arrays[i]) {
            return SATSYNC_NO_MEMORY;
        }
    }
    memcpy(rounds->agreed, rounds->options.initial, (size_t)rounds->elements * sizeof(float));
    rounds_rehash(rounds);
    divergence_note(&rounds->divergence, 0, rounds->options.site, rounds->hash);
    return SATSYNC_OK;
}

static enum satsync_status open_parts(struct rounds *rounds, struct satsync_error *error) {
    TRY(ring_init(&rounds->events, EVENTS, sizeof(struct rounds_event), rounds->allocator));
    for (size_t i = 0; i < rounds->voters; i++) {
        TRY(outbox_init(&rounds->peers[i].outbox, rounds->allocator));
    }
    TRY(open_model(rounds));
    return agreement_open(&rounds->options, &rounds->agreement, error);
}

static void init(struct rounds *rounds, const struct rounds_options *options) {
    const struct exchange_terms terms = terms_of(options);
    rounds->allocator = options->allocator;
    rounds->options = *options;
    rounds->voters = options->sites + options->witness;
    rounds->is_witness = options->site == options->sites;
    rounds->lead_share = exchange_lead_share(&terms);
    rounds->configuration = configuration_of(options, rounds->lead_share);
    rounds->incarnation = options->incarnation;
    rounds->now_ns = options->now_ns;
    rounds->collect_end_ns = rounds->fetch_ns = rounds->void_ns = TIME_NEVER;
    rounds_begin_asking(rounds);
    rounds->need_ns = TIME_NEVER;
    rounds->right_site = SIZE_MAX;
    rounds->report_ns = options->now_ns;
    contributions_init(&rounds->contributions, options->sites, options->fragments);
    place_fragments(rounds);
}

enum satsync_status rounds_open(const struct rounds_options *options, struct rounds **out,
                                struct satsync_error *error) {
    struct rounds_options filled = *options;
    *out = NULL;
    fill_defaults(&filled);
    TRY(check_sites(&filled, error));
    TRY(check_model(&filled, error));
    TRY(check_rule(&filled, error));
    choose_exchange(&filled);
    TRY(seal_ready(error));
    struct rounds *rounds = memory_new(options->allocator, 1, sizeof *rounds);
    ENSURE(rounds, error, SATSYNC_NO_MEMORY, NULL, "no memory for the sites' rounds");
    init(rounds, &filled);
    enum satsync_status status = open_parts(rounds, error);
    if (status != SATSYNC_OK) {
        rounds_close(rounds);
        return status != SATSYNC_NO_MEMORY
                   ? status
                   : error_set(error, status, NULL, "no memory for the sites' rounds");
    }
    rounds->options.initial = NULL;
    rounds->options.fragment_elements = NULL;
    rounds->options.promises = NULL;
    *out = rounds;
    return SATSYNC_OK;
}

void rounds_close(struct rounds *rounds) {
    if (!rounds) {
        return;
    }
    agreement_close(rounds->agreement);
    parcel_take_back_all(&rounds->lent);
    rounds_forget_given(rounds);
    contributions_fini(&rounds->contributions);
    for (size_t i = 0; i < rounds->voters; i++) {
        outbox_fini(&rounds->peers[i].outbox);
    }
    ring_fini(&rounds->events);
    memory_free(rounds->allocator, rounds->agreed);
    memory_free(rounds->allocator, rounds->momentum);
    memory_free(rounds->allocator, rounds->error);
    memory_free(rounds->allocator, rounds->snapshot);
    memory_free(rounds->allocator, rounds);
}

/* Peers. */

void rounds_peer_up(struct rounds *rounds, uint64_t now_ns, size_t peer) {
    assert(peer < rounds->voters && peer != rounds->options.site);
    rounds->now_ns = now_ns;
    if (rounds->peers[peer].is_up) {
        rounds_peer_down(rounds, now_ns, peer);
    }
    rounds->peers[peer].is_up = true;
    rounds_forget_sent(rounds, peer);
    rounds_broadcast_report(rounds);
    rounds_queue_own(rounds, peer);
    rounds_advance(rounds);
}

void rounds_peer_down(struct rounds *rounds, uint64_t now_ns, size_t peer) {
    rounds->now_ns = now_ns;
    rounds->peers[peer].is_up = false;
    rounds->peers[peer].has_reported = false;
    outbox_clear(&rounds->peers[peer].outbox);
    rounds_forget_asked(rounds, peer);
    rounds_advance(rounds);
}

uint32_t rounds_present(const struct rounds *rounds) {
    uint32_t present = UINT32_C(1) << rounds->options.site;
    for (size_t i = 0; i < rounds->voters; i++) {
        present |= rounds->peers[i].is_up ? UINT32_C(1) << i : 0;
    }
    return present;
}

uint64_t rounds_all_fragments(const struct rounds *rounds) {
    return rounds->contributions.all;
}

size_t rounds_message_bytes_max(const struct rounds *rounds) {
    size_t most = AGREEMENT_MESSAGE_BYTES_MAX;
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        size_t bytes = MESSAGE_FRAGMENT_HEAD_BYTES + rounds->place[f].coded_bytes;
        most = bytes > most ? bytes : most;
        bytes = message_sum_head_bytes(rounds->options.sites) +
                (size_t)quantise_bytes(QUANTISE_FP32, rounds->place[f].elements);
        most = bytes > most && rounds->options.exchange == ROUNDS_OWNER_REDUCE ? bytes : most;
    }
    return most;
}

/* Time. */

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* A time that has passed already changes nothing by itself. */
static uint64_t ahead(const struct rounds *rounds, uint64_t at_ns) {
    return at_ns > rounds->now_ns ? at_ns : TIME_NEVER;
}

uint64_t rounds_next_timeout(const struct rounds *rounds) {
    uint64_t next = earlier(agreement_next_timeout(rounds->agreement), rounds->report_ns);
    next = earlier(next, ahead(rounds, rounds->collect_end_ns));
    next = earlier(next, ahead(rounds, rounds->void_ns));
    next = earlier(next, ahead(rounds, rounds->need_ns));
    next = earlier(next, ahead(rounds, rounds->fetch_ns));
    return earlier(next, rounds_late_ns(rounds));
}

void rounds_run(struct rounds *rounds, uint64_t now_ns) {
    rounds->now_ns = now_ns;
    agreement_run(rounds->agreement, now_ns);
    if (now_ns >= rounds->report_ns) {
        rounds_broadcast_report(rounds);
    }
    rounds_advance(rounds);
}

void rounds_tick(struct rounds *rounds, uint64_t now_ns, uint64_t inner_step) {
    rounds->now_ns = now_ns;
    rounds->training.inner_step = inner_step;
    rounds_advance(rounds);
}

bool rounds_is_due(const struct rounds *rounds) {
    const struct training *training = &rounds->training;
    return !rounds->is_witness && training->given == rounds_all_fragments(rounds) &&
           training->inner_step >= training->given_inner + rounds->options.overlap_steps;
}

/* Events. */

void rounds_tell(struct rounds *rounds, const struct rounds_event *event) {
    /* Only an owner that never looks at events can fill it: GIVE and READY come once a step. */
    (void)ring_push(&rounds->events, event);
}

bool rounds_event(struct rounds *rounds, struct rounds_event *event) {
    return rounds->events.count > 0 && ring_pop(&rounds->events, event);
}

static uint32_t behind(const struct rounds *rounds) {
    uint32_t sites = 0;
    for (size_t i = 0; i < rounds->options.sites; i++) {
        const struct peer *peer = &rounds->peers[i];
        bool is_behind = peer->is_up && peer->report.applied < rounds->applied;
        sites |= i != rounds->options.site && is_behind ? UINT32_C(1) << i : 0;
    }
    return sites;
}

void rounds_status(const struct rounds *rounds, struct rounds_status *status) {
    const struct step_record *record =
        &rounds->contributions.record[(rounds->applied + 1) % CONTRIBUTIONS_STEPS];
    *status = (struct rounds_status){.applied = rounds->applied,
                                     .decided = rounds->decided,
                                     .inner_step = rounds->training.inner_step,
                                     .leader = agreement_leader(rounds->agreement),
                                     .present = rounds_present(rounds),
                                     .missing = rounds_awaited(rounds, record),
                                     .behind = behind(rounds),
                                     .sent_bytes = rounds->sent_bytes,
                                     .received_bytes = rounds->received_bytes,
                                     .summed = rounds->summed,
                                     .exchange = exchange_name(rounds->options.exchange)};
    memcpy(status->hash, rounds->hash, sizeof status->hash);
}
