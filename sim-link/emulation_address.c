#include "sim-link/emulation_address.h"

#include "base/check.h"
#include "base/memory.h"

#include <string.h>

static struct emulation_address *first;

bool emulation_address_is(const char *text) {
    return strncmp(text, "sim:", EMULATION_SCHEME_BYTES) == 0;
}

struct satsync_sim *emulation_address_find(const char *text) {
    const struct emulation_address *at = first;
    while (at != NULL && strcmp(at->text, text) != 0) {
        at = at->next;
    }
    return at == NULL ? NULL : at->sim;
}

enum satsync_status emulation_address_give(struct emulation_address *address, const char *text,
                                           struct satsync_sim *sim, struct satsync_error *error) {
    assert(address->text == NULL);
    ENSURE(emulation_address_find(text) == NULL, error, SATSYNC_CONFLICT, text,
           "%s is open already in this process; give this one another seed", text);
    address->text = memory_string(NULL, text);
    ENSURE(address->text != NULL, error, SATSYNC_NO_MEMORY, "sim",
           "no memory for an emulated link");
    address->sim = sim;
    address->next = first;
    first = address;
    return SATSYNC_OK;
}

void emulation_address_drop(struct emulation_address *address) {
    struct emulation_address **at = &first;
    while (*at != NULL && *at != address) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = address->next;
        memory_free(NULL, address->text);
        *address = (struct emulation_address){NULL, NULL, NULL};
    }
}
