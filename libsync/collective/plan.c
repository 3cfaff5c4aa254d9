#include "collective/plan.h"

#include "base/check.h"

struct collective_share collective_share(uint64_t count, uint32_t ranks, uint32_t rank) {
    uint64_t each = count / ranks;
    uint64_t longer = count % ranks; /* the first so many ranks have one more */
    return (struct collective_share){.first = each * rank + (rank < longer ? rank : longer),
                                     .count = each + (rank < longer)};
}

size_t collective_dtype_bytes(enum collective_dtype dtype) {
    static const size_t bytes[COLLECTIVE_DTYPES] = {
        [COLLECTIVE_BYTES] = 1, [COLLECTIVE_F32] = 4, [COLLECTIVE_F64] = 8, [COLLECTIVE_F16] = 2,
        [COLLECTIVE_BF16] = 2,  [COLLECTIVE_I32] = 4, [COLLECTIVE_I64] = 8};
    assert((unsigned)dtype < COLLECTIVE_DTYPES);
    return bytes[dtype];
}

struct plan plan_of(const struct collective_operation *operation, uint32_t ranks,
                    size_t chunk_bytes) {
    size_t element_bytes = collective_dtype_bytes(operation->dtype);
    return (struct plan){.kind = operation->kind,
                         .ranks = ranks,
                         .root = operation->root,
                         .count = operation->kind == COLLECTIVE_BARRIER ? 0 : operation->count,
                         .element_bytes = element_bytes,
                         .chunk_elements =
                             chunk_bytes > element_bytes ? chunk_bytes / element_bytes : 1};
}

bool plan_is_small(const struct plan *plan) {
    return plan->count * plan->element_bytes <= PLAN_SMALL_BYTES;
}

bool plan_sums(const struct plan *plan) {
    return plan->kind == COLLECTIVE_ALL_REDUCE || plan->kind == COLLECTIVE_REDUCE_SCATTER;
}

uint64_t plan_chunks(const struct plan *plan, uint32_t owner) {
    uint64_t count = collective_share(plan->count, plan->ranks, owner).count;
    return count / plan->chunk_elements + (count % plan->chunk_elements > 0);
}

uint64_t plan_contributions(const struct plan *plan, uint32_t from, uint32_t to) {
    bool is_root = plan->kind == COLLECTIVE_BROADCAST && from == plan->root;
    bool contributes = !plan_is_small(plan) && (plan_sums(plan) || is_root);
    return contributes ? plan_chunks(plan, to) : 0;
}

uint64_t plan_answers(const struct plan *plan, uint32_t from, uint32_t to) {
    uint64_t chunks = plan_is_small(plan) ? 0 : plan_chunks(plan, from);
    switch (plan->kind) {
    case COLLECTIVE_ALL_REDUCE:
    case COLLECTIVE_ALL_GATHER:
        return chunks;
    case COLLECTIVE_BROADCAST:
        return to == plan->root ? 0 : chunks;
    case COLLECTIVE_REDUCE_SCATTER: /* nobody waits for the last ones */
        return chunks > PLAN_DEPTH ? chunks - PLAN_DEPTH : 0;
    case COLLECTIVE_BARRIER:
    case COLLECTIVE_KINDS:
        break;
    }
    return 0;
}

uint64_t plan_items(const struct plan *plan, uint32_t from, uint32_t to) {
    return plan_contributions(plan, from, to) + plan_answers(plan, from, to);
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static struct plan_item item_of(const struct plan *plan, uint32_t owner, bool is_answer,
                                uint64_t chunk) {
    struct collective_share share = collective_share(plan->count, plan->ranks, owner);
    uint64_t first = chunk * plan->chunk_elements;
    struct plan_item item = {.is_answer = is_answer,
                             .chunk = chunk,
                             .offset = (share.first + first) * plan->element_bytes,
                             .bytes = least(plan->chunk_elements, share.count - first) *
                                      plan->element_bytes};
    bool is_word = is_answer && plan->kind == COLLECTIVE_REDUCE_SCATTER;
    item.message_bytes = is_word ? 1 : item.bytes;
    return item;
}

/* depth contributions, then answer 0, contribution depth, answer 1, ... then what is left. */
struct plan_item plan_item(const struct plan *plan, uint32_t from, uint32_t to, uint64_t index) {
    uint64_t contributions = plan_contributions(plan, from, to);
    uint64_t answers = plan_answers(plan, from, to);
    assert(index < contributions + answers);
    uint64_t ahead = least(contributions, PLAN_DEPTH);
    uint64_t pairs = least(answers, contributions - ahead);
    if (index < ahead) {
        return item_of(plan, to, false, index);
    }
    index -= ahead;
    if (index < 2 * pairs) {
        return index % 2 == 0 ? item_of(plan, from, true, index / 2)
                              : item_of(plan, to, false, ahead + index / 2);
    }
    index -= 2 * pairs;
    return answers > pairs ? item_of(plan, from, true, pairs + index)
                           : item_of(plan, to, false, ahead + pairs + index);
}

uint64_t plan_answer_index(const struct plan *plan, uint32_t from, uint32_t to, uint64_t chunk) {
    uint64_t contributions = plan_contributions(plan, from, to);
    return chunk + least(chunk + PLAN_DEPTH, contributions);
}
