#include "ckpt/cli/damage.h"

#include "ckpt/cli/text.h"

#include <inttypes.h>

static json_t *as_json(const struct satsync_damage *damage) {
    return json_pack("{s:o, s:s, s:o}", "step", text_json_u64(damage->step), "status",
                     satsync_status_name(damage->status), "what", text_json(damage->what));
}

void damage_tell(struct output *output, const struct satsync_damage *damages, uint64_t count,
                 size_t capacity) {
    json_t *array = json_array();
    size_t shown = count < capacity ? (size_t)count : capacity;
    for (size_t i = 0; i < shown; i++) {
        const struct satsync_damage *damage = &damages[i];
        char what[2 * sizeof damage->what];
        text_clean(what, sizeof what, damage->what);
        output_say(output, "step %" PRIu64 ": %s: %s", damage->step,
                   satsync_status_name(damage->status), what);
        json_array_append_new(array, as_json(damage));
    }
    if (count > shown) {
        output_say(output, "and %" PRIu64 " more", count - shown);
    }
    output_put(output, "damages", array);
}
