#include "base/check.h"
#include "base/timers.h"
#include "codec/seal.h"
#include "rounds/rounds_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POSITION_VERSION = 1, POSITION_HASH = 17 /* where it stands */ };

static const char *const blob_names[ROUNDS_BLOBS] = {"rounds.agreed", "rounds.momentum",
                                                     "rounds.error", "rounds.position"};
enum { BLOB_AGREED, BLOB_MOMENTUM, BLOB_ERROR, BLOB_POSITION };

/* The agreed state as it stands is that of `step`, also before it is merged and counts as applied.
 */
static void take_position(struct rounds *rounds, uint64_t step) {
    struct digest digest;
    uint8_t number[8], hash[ROUNDS_HASH_BYTES];
    store_le64(number, step);
    digest_init(&digest);
    digest_update(&digest, number, sizeof number);
    digest_update(&digest, rounds->agreed, (size_t)rounds->elements * sizeof(float));
    digest_update(&digest, rounds->momentum, (size_t)rounds->elements * sizeof(float));
    digest_final(&digest, hash);
    struct bytes_writer writer = bytes_writer_over(rounds->position, sizeof rounds->position);
    bytes_put_u8(&writer, POSITION_VERSION);
    bytes_put_u64(&writer, rounds->configuration);
    bytes_put_u64(&writer, step);
    bytes_put(&writer, hash, sizeof hash);
}

static void take_hash(struct rounds *rounds) {
    memcpy(rounds->hash, rounds->position + POSITION_HASH, sizeof rounds->hash);
}

void rounds_rehash(struct rounds *rounds) {
    take_position(rounds, rounds->applied);
    take_hash(rounds);
}

/* Giving. */

static enum satsync_status check_fragment(const struct rounds *rounds, size_t fragment,
                                          const float *parameters, struct satsync_error *error) {
    const struct fragment_place *place = &rounds->place[fragment];
    size_t bad = outer_first_bad(rounds->agreed + place->start, parameters, place->elements,
                                 rounds->options.max_difference);
    if (bad == place->elements) {
        return SATSYNC_OK;
    }
    char subject[32];
    snprintf(subject, sizeof subject, "fragment %zu", fragment);
    bool finite = isfinite(parameters[bad]);
    return error_set(error, SATSYNC_INVALID, subject,
                     "element %zu of fragment %zu is %g, %s (agreed: %g); it is not sent to other "
                     "sites: go back to the agreed parameters, or give it mended",
                     bad, fragment, (double)parameters[bad],
                     finite ? "further away than max_difference allows" : "not finite",
                     (double)rounds->agreed[place->start + bad]);
}

static struct parcel *new_fragment(const struct rounds *rounds, const struct fragment_head *head) {
    size_t bytes = MESSAGE_FRAGMENT_HEAD_BYTES + rounds->place[head->fragment].coded_bytes;
    struct parcel *parcel = parcel_new(rounds->allocator, LINK_GRADIENT, bytes);
    if (parcel) {
        struct bytes_writer writer = bytes_writer_over(parcel->data, bytes);
        message_put_fragment(&writer, head);
        parcel->step = head->step;
    }
    return parcel;
}

/* The error becomes the difference plus what was carried, and what coding loses of that. */
static void code_fragment(struct rounds *rounds, size_t fragment, const float *parameters,
                          uint8_t *coded) {
    const struct fragment_place *place = &rounds->place[fragment];
    float *error = rounds->error + place->start;
    outer_difference(rounds->agreed + place->start, parameters, place->elements, error);
    quantise_encode(rounds->options.codec, error, place->elements, coded);
    outer_take_off(rounds->options.codec, coded, place->elements, error);
    memcpy(rounds->snapshot + place->start, parameters, place->elements * sizeof(float));
}

static void note_given(struct rounds *rounds, size_t fragment) {
    struct training *training = &rounds->training;
    training->given |= UINT64_C(1) << fragment;
    for (size_t peer = 0; peer < rounds->options.sites; peer++) {
        rounds_queue_own(rounds, peer);
    }
    rounds_share_with_itself(rounds, fragment);
    if (training->given == rounds_all_fragments(rounds)) {
        training->given_inner = training->inner_step;
        training->given_ns = rounds->now_ns;
        rounds_broadcast_report(rounds);
    }
}

enum satsync_status rounds_give(struct rounds *rounds, uint64_t now_ns, size_t fragment,
                                const float *parameters, struct satsync_error *error) {
    struct training *training = &rounds->training;
    rounds->now_ns = now_ns;
    ENSURE(fragment < rounds->options.fragments && !rounds->is_witness &&
               !(training->given >> fragment & 1),
           error, SATSYNC_WRONG_STATE, NULL, "fragment %zu is not asked for", fragment);
    if (!(training->asked >> fragment & 1) || training->is_ready ||
        rounds->decided > rounds->applied) {
        return SATSYNC_AGAIN;
    }
    TRY(check_fragment(rounds, fragment, parameters, error));
    struct fragment_head head = {.step = rounds->applied + 1,
                                 .origin = (uint8_t)rounds->options.site,
                                 .incarnation = rounds->incarnation,
                                 .fragment = (uint8_t)fragment,
                                 .codec = (uint8_t)rounds->options.codec};
    struct parcel *parcel = new_fragment(rounds, &head);
    ENSURE(parcel, error, SATSYNC_NO_MEMORY, NULL, "no memory for a contribution's fragment");
    code_fragment(rounds, fragment, parameters, parcel->data + MESSAGE_FRAGMENT_HEAD_BYTES);
    training->own[fragment] = parcel;
    if (contributions_want(&rounds->contributions, &head)) {
        contributions_put(&rounds->contributions, &head, parcel);
    }
    note_given(rounds, fragment);
    rounds_advance(rounds);
    return SATSYNC_OK;
}

/* Applying. */

static void gather(const struct step_record *record, size_t fragment, struct outer_sum *sum) {
    sum->count = 0;
    for (size_t site = 0; site < ROUNDS_SITES_MAX; site++) {
        if (record->decision.sites >> site & 1) {
            const struct parcel *parcel = record->parcel[site][fragment];
            sum->coded[sum->count++] = parcel->data + MESSAGE_FRAGMENT_HEAD_BYTES;
        }
    }
}

static void step_fragment(struct rounds *rounds, const struct step_record *record,
                          const struct outer_rule *rule, size_t fragment) {
    const struct fragment_place *place = &rounds->place[fragment];
    const struct outer_state at = {rounds->agreed + place->start, rounds->momentum + place->start};
    size_t sites = rounds->options.sites;
    if (!contributions_are_summed(&rounds->contributions, record)) {
        struct outer_sum sum;
        gather(record, fragment, &sum);
        outer_step(rule, &sum, place->elements, at);
        return;
    }
    for (size_t i = 0; i < sites; i++) {
        struct rounds_sum sum = rounds_sum_of(record->sums.sum[i][fragment], sites);
        outer_step_summed(
            rule, sum.values, sites, (size_t)sum.head.elements,
            (struct outer_state){at.agreed + sum.head.start, at.momentum + sum.head.start});
    }
}

/* Whether what was given counts in the step. */
static bool is_counted(const struct rounds *rounds, const struct step_record *record) {
    return record->decision.incarnation[rounds->options.site] == rounds->incarnation;
}

void rounds_compute(struct rounds *rounds, const struct step_record *record) {
    struct outer_rule rule = {rounds->options.codec, rounds->options.outer_rate,
                              rounds->options.outer_momentum};
    for (size_t f = 0; f < rounds->options.fragments; f++) {
        const struct fragment_place *place = &rounds->place[f];
        float *agreed = rounds->agreed + place->start;
        const struct parcel *own = rounds->training.own[f];
        if (!own) { /* all that its parameters moved stays on top */
            memcpy(rounds->snapshot + place->start, agreed, place->elements * sizeof(float));
        } else if (!is_counted(rounds, record)) {
            outer_carry(rule.codec, own->data + MESSAGE_FRAGMENT_HEAD_BYTES, place->elements,
                        rounds->error + place->start);
        }
        if (record->decision.sites != 0) { /* a void step leaves all as it is */
            step_fragment(rounds, record, &rule, f);
        }
    }
    rounds->summed += contributions_are_summed(&rounds->contributions, record);
    take_position(rounds, record->holdings.step);
}

void rounds_forget_given(struct rounds *rounds) {
    struct training *training = &rounds->training;
    for (size_t f = 0; f < ROUNDS_FRAGMENTS_MAX; f++) {
        parcel_drop(training->own[f]);
        training->own[f] = NULL;
    }
    training->asked = training->given = training->merged = 0;
    training->is_late = training->is_ready = training->is_adopted = false;
}

static void begin_next_step(struct rounds *rounds) {
    take_hash(rounds);
    rounds_forget_given(rounds);
    contributions_advance(&rounds->contributions, rounds->applied);
    divergence_note(&rounds->divergence, rounds->applied, rounds->options.site, rounds->hash);
    struct rounds_event event = {.kind = ROUNDS_EVENT_APPLIED, .step = rounds->applied};
    memcpy(event.hash, rounds->hash, sizeof event.hash);
    rounds_tell(rounds, &event);
    rounds_compare(rounds, rounds->applied);
    rounds_broadcast_report(rounds);
}

static void finish(struct rounds *rounds) {
    struct training *training = &rounds->training;
    bool has_given = training->given == rounds_all_fragments(rounds);
    training->start_inner = has_given ? training->given_inner : training->inner_step;
    if (!training->is_adopted) {
        rounds->applied++;
    }
    rounds_begin_asking(rounds);
    begin_next_step(rounds);
}

enum satsync_status rounds_apply(struct rounds *rounds, uint64_t now_ns, size_t fragment,
                                 float *parameters) {
    struct training *training = &rounds->training;
    rounds->now_ns = now_ns;
    if (!training->is_ready || fragment >= rounds->options.fragments ||
        (training->merged >> fragment & 1)) {
        return SATSYNC_WRONG_STATE;
    }
    const struct fragment_place *place = &rounds->place[fragment];
    const float *agreed = rounds->agreed + place->start;
    if (training->is_adopted) {
        memcpy(parameters, agreed, place->elements * sizeof(float));
    } else {
        outer_merge(agreed, rounds->snapshot + place->start, place->elements, parameters);
    }
    training->merged |= UINT64_C(1) << fragment;
    if (training->merged == rounds_all_fragments(rounds)) {
        finish(rounds);
        rounds_advance(rounds);
    }
    return SATSYNC_OK;
}

/* Saving and adopting. */

void rounds_blobs(const struct rounds *rounds, struct rounds_blob blobs[ROUNDS_BLOBS]) {
    const void *data[ROUNDS_BLOBS] = {rounds->agreed, rounds->momentum, rounds->error,
                                      rounds->position};
    for (size_t i = 0; i < ROUNDS_BLOBS; i++) {
        size_t bytes =
            i == BLOB_POSITION ? sizeof rounds->position : (size_t)rounds->elements * sizeof(float);
        blobs[i] = (struct rounds_blob){blob_names[i], data[i], bytes};
    }
}

void rounds_pin(struct rounds *rounds, uint64_t now_ns, bool is_pinned) {
    rounds->now_ns = now_ns;
    rounds->is_pinned = is_pinned;
    rounds_advance(rounds);
}

static const struct rounds_blob *find(const struct rounds_blob *blobs, size_t count, size_t which) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(blobs[i].name, blob_names[which]) == 0) {
            return &blobs[i];
        }
    }
    return NULL;
}

static bool is_model(const struct rounds *rounds, const struct rounds_blob *blob) {
    if (!blob || blob->bytes != rounds->elements * sizeof(float)) {
        return false;
    }
    for (uint64_t i = 0; i < rounds->elements; i++) {
        float value;
        memcpy(&value, (const uint8_t *)blob->data + i * sizeof value, sizeof value);
        if (!isfinite(value)) {
            return false;
        }
    }
    return true;
}

struct position {
    uint64_t applied;
    uint8_t hash[ROUNDS_HASH_BYTES];
};

static bool read_position(const struct rounds *rounds, const struct rounds_blob *blob,
                          struct position *position) {
    if (!blob || blob->bytes != sizeof rounds->position) {
        return false;
    }
    struct bytes_reader reader = bytes_reader_over(blob->data, blob->bytes);
    uint8_t version = bytes_get_u8(&reader);
    uint64_t configuration = bytes_get_u64(&reader);
    position->applied = bytes_get_u64(&reader);
    bytes_get_copy(&reader, position->hash, sizeof position->hash);
    return version == POSITION_VERSION && configuration == rounds->configuration;
}

/* The blobs belong together: their hash is the one that came with them. */
static bool is_that_state(const struct position *position, const struct rounds_blob *agreed,
                          const struct rounds_blob *momentum) {
    struct digest digest;
    uint8_t step[8], hash[ROUNDS_HASH_BYTES];
    store_le64(step, position->applied);
    digest_init(&digest);
    digest_update(&digest, step, sizeof step);
    digest_update(&digest, agreed->data, agreed->bytes);
    digest_update(&digest, momentum->data, momentum->bytes);
    digest_final(&digest, hash);
    return memcmp(hash, position->hash, sizeof hash) == 0;
}

/* What was to be given or applied is of the former state. */
static void forget_requests(struct rounds *rounds) {
    struct rounds_event event;
    for (size_t left = rounds->events.count; left > 0 && ring_pop(&rounds->events, &event);
         left--) {
        if (event.kind != ROUNDS_EVENT_GIVE && event.kind != ROUNDS_EVENT_READY) {
            rounds_tell(rounds, &event);
        }
    }
}

static void take_state(struct rounds *rounds, const struct position *position,
                       const struct rounds_blob *agreed, const struct rounds_blob *momentum) {
    memcpy(rounds->agreed, agreed->data, agreed->bytes);
    memcpy(rounds->momentum, momentum->data, momentum->bytes);
    rounds->applied = position->applied;
    rounds->incarnation++;
    rounds_rehash(rounds);
    rounds->right_site = SIZE_MAX;
    rounds->fetch_ns = TIME_NEVER;
    rounds_forget_given(rounds);
    forget_requests(rounds);
    rounds->training.is_ready = true;
    rounds->training.is_adopted = true;
    divergence_forget(&rounds->divergence, rounds->options.site);
    contributions_advance(&rounds->contributions, rounds->applied);
    contributions_decide(&rounds->contributions, &rounds->last); /* it was too far ahead before */
}

enum satsync_status rounds_adopt(struct rounds *rounds, uint64_t now_ns,
                                 const struct rounds_blob *blobs, size_t count,
                                 struct satsync_error *error) {
    const struct rounds_blob *agreed = find(blobs, count, BLOB_AGREED);
    const struct rounds_blob *momentum = find(blobs, count, BLOB_MOMENTUM);
    const struct rounds_blob *carried = find(blobs, count, BLOB_ERROR);
    struct position position;
    rounds->now_ns = now_ns;
    ENSURE(!rounds->is_witness, error, SATSYNC_WRONG_STATE, NULL, "a witness has no parameters");
    ENSURE(read_position(rounds, find(blobs, count, BLOB_POSITION), &position) &&
               is_model(rounds, agreed) && is_model(rounds, momentum) &&
               (!carried || is_model(rounds, carried)) &&
               is_that_state(&position, agreed, momentum),
           error, SATSYNC_CORRUPT, "rounds.position",
           "the saved state of the sites' common model is incomplete, damaged, or of another model "
           "or configuration; take another checkpoint");
    ENSURE(position.applied >= rounds->applied, error, SATSYNC_CONFLICT, "rounds.position",
           "the saved state is of outer step %llu, older than the %llu that this site has",
           (unsigned long long)position.applied, (unsigned long long)rounds->applied);
    if (carried) {
        memcpy(rounds->error, carried->data, carried->bytes);
    }
    take_state(rounds, &position, agreed, momentum);
    rounds_tell(rounds,
                &(struct rounds_event){.kind = ROUNDS_EVENT_READY, .step = rounds->applied});
    return SATSYNC_OK;
}

const float *rounds_agreed(const struct rounds *rounds, size_t fragment) {
    assert(fragment < rounds->options.fragments && !rounds->is_witness);
    return rounds->agreed + rounds->place[fragment].start;
}
