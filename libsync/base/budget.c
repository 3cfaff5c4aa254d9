#include "base/budget.h"

#include <assert.h>
#include <stddef.h>

void budget_init(struct budget *budget, uint64_t limit) {
    budget->limit = limit;
    atomic_init(&budget->taken, 0);
}

static bool fits(const struct budget *budget, uint64_t taken, uint64_t amount) {
    return amount <= budget->limit && taken <= budget->limit - amount;
}

bool budget_take(struct budget *budget, uint64_t amount) {
    if (!budget) {
        return true;
    }
    uint64_t taken = atomic_load(&budget->taken);
    do {
        if (!fits(budget, taken, amount)) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(&budget->taken, &taken, taken + amount));
    return true;
}

void budget_give(struct budget *budget, uint64_t amount) {
    if (budget) {
        uint64_t before = atomic_fetch_sub(&budget->taken, amount);
        assert(before >= amount);
        (void)before;
    }
}

bool budget_has(const struct budget *budget, uint64_t amount) {
    return !budget || fits(budget, atomic_load(&budget->taken), amount);
}
