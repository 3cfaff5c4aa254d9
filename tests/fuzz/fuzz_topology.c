/* A topology's text: accepted or refused with a place, never more. */
#include "sim-link/topology.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct topology topology;
    struct satsync_error error;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = 0;
    /* A trace would be read from wherever the text says. */
    if (strstr(text, "trace") == NULL &&
        topology_parse("fuzz", text, &topology, &error) == SATSYNC_OK) {
        for (size_t i = 0; i < topology.link_count; i++) {
            if (topology.links[i].a >= topology.site_count ||
                topology.links[i].b >= topology.site_count) {
                abort();
            }
        }
        topology_fini(&topology);
    }
    free(text);
    return 0;
}
