#include "rounds/choice.h"

#include "rounds/sums.h"

#include <string.h>

static uint32_t bit(size_t site) {
    return UINT32_C(1) << site;
}

static bool has_all(const struct choice *choice, size_t holder, size_t origin,
                    uint64_t incarnation) {
    const struct holdings *holdings = &choice->holdings[holder];
    return (choice->reporting & bit(holder)) && incarnation != 0 &&
           holdings->incarnation[origin] == incarnation &&
           holdings->fragments[origin] == choice->all;
}

static uint32_t holders_of(const struct choice *choice, size_t origin, uint64_t incarnation) {
    uint32_t holders = 0;
    for (size_t i = 0; i < choice->sites; i++) {
        holders |= has_all(choice, i, origin, incarnation) ? bit(i) : 0;
    }
    return holders;
}

/* A site that was started anew may have contributed twice: the one that more hold, or the newer. */
static uint32_t best_holders(const struct choice *choice, size_t origin, uint64_t *incarnation) {
    uint32_t best = 0;
    *incarnation = 0;
    for (size_t i = 0; i < choice->sites; i++) {
        uint64_t candidate = choice->holdings[i].incarnation[origin];
        uint32_t holders = holders_of(choice, origin, candidate);
        int more = __builtin_popcount(holders) - __builtin_popcount(best);
        if (more > 0 || (more == 0 && holders != 0 && candidate > *incarnation)) {
            best = holders;
            *incarnation = candidate;
        }
    }
    return best;
}

static int safe_count(const struct choice *choice) {
    int faults = ((int)choice->voters - 1) / 2;
    return faults + 1 > 2 ? faults + 1 : 2;
}

/* Sites that have the sums of an owner, of the contributions of that name. Who has sent them has
 * them. */
static uint32_t holders_of_sums(const struct choice *choice, size_t owner, uint64_t name) {
    uint32_t holders = 0;
    for (size_t i = 0; i < choice->sites; i++) {
        const struct holdings *holdings = &choice->holdings[i];
        bool has_them = (choice->reporting & bit(i)) && holdings->sums_of == name &&
                        (holdings->sums & bit(owner));
        holders |= has_them ? bit(i) | bit(owner) : 0;
    }
    return holders;
}

static bool are_sums_safe(const struct choice *choice, uint64_t name) {
    for (size_t i = 0; i < choice->sites; i++) {
        uint32_t holders = holders_of_sums(choice, i, name);
        bool is_vouched = holders != 0 && holders == (choice->vouched & bit(i));
        if (__builtin_popcount(holders) + is_vouched < safe_count(choice)) {
            return false;
        }
    }
    return true;
}

/* The contributions that sums may be of. False where one is not known. */
static bool summed_of(const struct choice *choice, uint64_t incarnation[ROUNDS_SITES_MAX]) {
    bool has_sums = sums_name(choice->summed, choice->sites) != 0;
    bool all = true;
    for (size_t i = 0; i < ROUNDS_SITES_MAX; i++) {
        bool reports = (choice->reporting & bit(i)) != 0;
        uint64_t own = reports ? choice->holdings[i].incarnation[i] : 0;
        incarnation[i] = has_sums ? choice->summed[i] : own;
        all &= i >= choice->sites || incarnation[i] != 0;
    }
    return all;
}

static bool choose_sums(const struct choice *choice, struct decision *decision) {
    uint64_t incarnation[ROUNDS_SITES_MAX];
    if (!summed_of(choice, incarnation) ||
        !are_sums_safe(choice, sums_name(incarnation, choice->sites))) {
        return false;
    }
    decision->sites = bit(choice->sites) - 1;
    decision->by_sums = true;
    memcpy(decision->incarnation, incarnation, sizeof incarnation);
    return true;
}

/* A site that makes up a majority with the witness alone need not wait for the other. */
static uint32_t own_of(const struct choice *choice, uint32_t given) {
    size_t witnesses = choice->voters - choice->sites;
    bool is_enough = 2 * (1 + witnesses) > choice->voters;
    return is_enough && __builtin_popcount(given) == 1 ? given : 0;
}

bool choose(const struct choice *choice, bool is_over, struct decision *decision) {
    uint64_t incarnation[ROUNDS_SITES_MAX];
    if (choose_sums(choice, decision)) {
        return true;
    }
    decision->by_sums = false;
    uint32_t holders[ROUNDS_SITES_MAX] = {0}, safe = 0, everywhere = 0, given = 0;
    for (size_t i = 0; i < choice->sites; i++) {
        holders[i] = best_holders(choice, i, &incarnation[i]);
        given |= holders[i] & bit(i);
    }
    for (size_t i = 0; i < choice->sites; i++) {
        int count = __builtin_popcount(holders[i]);
        bool is_vouched = (holders[i] & choice->vouched & bit(i)) != 0 && count == 1;
        if (count + is_vouched >= safe_count(choice)) {
            safe |= bit(i);
            everywhere |= (given & ~holders[i]) == 0 ? bit(i) : 0;
        }
    }
    bool is_complete = safe != 0 && ((choice->expected | given) & ~safe) == 0;
    uint32_t chosen = is_complete ? safe : 0;
    if (!is_complete && is_over) {
        chosen = everywhere ? everywhere : safe ? safe : own_of(choice, given);
    }
    decision->sites = chosen;
    for (size_t i = 0; i < ROUNDS_SITES_MAX; i++) {
        decision->incarnation[i] = i < choice->sites && (chosen & bit(i)) ? incarnation[i] : 0;
    }
    return chosen != 0;
}
