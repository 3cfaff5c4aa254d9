#include "ckpt/cli/transfer.h"

#include "ckpt/cli/public_keys.h"
#include "ckpt/cli/text.h"
#include "ckpt/cli/time_budget.h"

enum { PACKET_BYTES = 1500, PACKET_PAYLOAD_BYTES = 1420 };

enum satsync_status transfer_options(struct session *session, struct satsync_site_options *options,
                                     struct satsync_error *error) {
    const struct arguments *arguments = &session->cli->arguments;
    satsync_site_options_init(options);
    options->key = session->key;
    options->address = arguments_text(arguments, ARGUMENT_PEER_ADDRESS);
    options->rate_bps = arguments_value(arguments, OPTION_RATE);
    options->controller = (enum satsync_controller)arguments_value(arguments, OPTION_CONTROLLER);
    options->limit_bps = arguments_value(arguments, OPTION_LIMIT);
    options->give_up_ns = arguments_value(arguments, OPTION_GIVE_UP);
    return public_keys_load_at(arguments, OPTION_PEER, 0, &options->peer, error);
}

static uint64_t missing_bytes(const struct satsync_progress *progress) {
    return progress->total_bytes > progress->present_bytes
               ? progress->total_bytes - progress->present_bytes
               : 0;
}

uint64_t transfer_floor_ns(const struct satsync_progress *progress, uint64_t rate_bps) {
    if (rate_bps == 0 || progress->min_rtt_ns == 0 || progress->loss_ppm >= 1000000) {
        return 0;
    }
    double goodput_bps = (double)rate_bps * PACKET_PAYLOAD_BYTES / PACKET_BYTES *
                         (double)(1000000 - progress->loss_ppm) / 1e6;
    return progress->min_rtt_ns / 2 +
           (uint64_t)(8e9 * (double)missing_bytes(progress) / goodput_bps);
}

static void add_bytes(struct table *table, const char *name, uint64_t bytes) {
    char text[TEXT_QUANTITY_BYTES];
    text_bytes(text, bytes);
    table_add(table, name);
    table_add(table, text);
}

static void add_duration(struct table *table, const char *name, uint64_t duration_ns) {
    char text[TEXT_QUANTITY_BYTES];
    text_duration(text, duration_ns);
    table_add(table, name);
    table_add(table, text);
}

static void add_traffic(struct table *table, const struct satsync_progress *progress) {
    add_bytes(table, "already there", progress->present_bytes);
    add_bytes(table, "sent", progress->payload_bytes);
    add_bytes(table, "sent twice", progress->repeated_bytes);
    add_bytes(table, "repair", progress->repair_bytes);
    add_bytes(table, "wire, both ways", progress->wire_bytes);
}

/* The time without a link only where there was some. */
static void add_budget(struct table *table, const struct satsync_progress *progress) {
    struct time_part parts[TIME_PARTS];
    time_budget(progress, parts);
    for (int i = 0; i < TIME_PARTS; i++) {
        char name[TEXT_QUANTITY_BYTES];
        char span[TEXT_QUANTITY_BYTES];
        char text[2 * TEXT_QUANTITY_BYTES];
        if (i == TIME_PARTS - 1 && parts[i].permille == 0) {
            continue;
        }
        snprintf(name, sizeof name, "  %s", parts[i].name);
        text_duration(span, parts[i].span_ns);
        snprintf(text, sizeof text, "%s  %3u.%u %%", span, parts[i].permille / 10,
                 parts[i].permille % 10);
        table_add(table, name);
        table_add(table, text);
    }
}

static double efficiency(const struct satsync_progress *progress, uint64_t floor_ns) {
    return progress->elapsed_ns ? (double)floor_ns / (double)progress->elapsed_ns : 0;
}

static void add_floor(struct table *table, const struct satsync_progress *progress,
                      uint64_t rate_bps) {
    uint64_t floor_ns = transfer_floor_ns(progress, rate_bps);
    if (floor_ns == 0) {
        return;
    }
    char text[TEXT_QUANTITY_BYTES];
    add_duration(table, "floor of the link", floor_ns);
    snprintf(text, sizeof text, "%.1f %%", 100 * efficiency(progress, floor_ns));
    table_add(table, "efficiency");
    table_add(table, text);
}

void transfer_put(struct output *output, const struct satsync_progress *progress) {
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {
        {"total_bytes", progress->total_bytes},
        {"done_bytes", progress->done_bytes},
        {"present_bytes", progress->present_bytes},
        {"payload_bytes", progress->payload_bytes},
        {"repeated_bytes", progress->repeated_bytes},
        {"repair_bytes", progress->repair_bytes},
        {"wire_bytes", progress->wire_bytes},
        {"elapsed_ns", progress->elapsed_ns},
        {"connecting_ns", progress->connecting_ns},
        {"sending_ns", progress->sending_ns},
        {"repairing_ns", progress->repairing_ns},
        {"waiting_ns", progress->waiting_ns},
        {"idle_ns", progress->idle_ns},
        {"min_rtt_ns", progress->min_rtt_ns},
        {"smoothed_rtt_ns", progress->smoothed_rtt_ns},
        {"rate_bps", progress->rate_bps},
        {"loss_ppm", progress->loss_ppm},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        output_put_u64(output, figures[i].key, figures[i].value);
    }
}

static void put_all(struct cli *cli, const struct satsync_checkpoint_info *info,
                    const struct satsync_progress *progress) {
    struct output *output = &cli->output;
    if (info) {
        output_put_u64(output, "raw_bytes", info->raw_bytes);
        output_put_u64(output, "stored_bytes", info->stored_bytes);
    }
    transfer_put(output, progress);
    uint64_t floor_ns = transfer_floor_ns(progress, arguments_value(&cli->arguments, OPTION_RATE));
    output_put(output, "floor_ns", floor_ns ? text_json_u64(floor_ns) : json_null());
    output_put(output, "efficiency",
               floor_ns ? json_real(efficiency(progress, floor_ns)) : json_null());
}

enum satsync_status transfer_tell(struct cli *cli, const struct satsync_checkpoint_info *info,
                                  const struct satsync_progress *progress,
                                  struct satsync_error *error) {
    put_all(cli, info, progress);
    struct table table;
    table_init(&table, "lr");
    if (info) {
        add_bytes(&table, "raw", info->raw_bytes);
        add_bytes(&table, "stored", info->stored_bytes);
    }
    add_traffic(&table, progress);
    add_duration(&table, "time", progress->elapsed_ns);
    add_budget(&table, progress);
    add_floor(&table, progress, arguments_value(&cli->arguments, OPTION_RATE));
    enum satsync_status status = output_table(&cli->output, &table, error);
    table_fini(&table);
    return status;
}
