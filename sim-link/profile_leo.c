#include "sim-link/profile_leo.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t US = 1000;
static const uint64_t MS = 1000000;
static const uint64_t SECOND = 1000000000;
static const uint64_t MBIT = 1000000;

/* z of the normal distribution at a rank, in Q16. */
enum {
    Z_95 = 107797, /* 1.6449 */
    Z_75 = 44203,  /* 0.6745 */
    Z_90 = 83988,  /* 1.2816 */
    Z_99 = 152460, /* 2.3263 */
    Z_999 = 202521,
    Z_BENT_END = 290324, /* 4.43: one of 218,979 samples */
    Z_ISL_END = 244449   /* 3.73: one of 10,337 */
};

/* FjordLink, 218,979 pings of 1 s over 60.8 h (CC BY 4.0). */
static const struct quantile bent_rtt[] = {
    {-Z_BENT_END, 18930000}, {-Z_99, 20640000}, {-Z_95, 21810000},       {-Z_75, 24360000},
    {0, 27610000},           {Z_75, 32370000},  {Z_90, 38460000},        {Z_95, 43050000},
    {Z_99, 54630000},        {Z_999, 74800000}, {Z_BENT_END, 123300000},
};

/* LENS inter-satellite example of 2024-08-12, 10,337 pings. Its lowest given rank is 5 %. */
static const struct quantile isl_rtt[] = {
    {-Z_95, 113000000}, {-Z_75, 146000000}, {0, 151000000},         {Z_75, 158000000},
    {Z_95, 199000000},  {Z_99, 217000000},  {Z_ISL_END, 388000000},
};

#define FJORDLINK "computed from FjordLink, 218,979 PoP pings in 60.8 h, CC BY 4.0"
#define LEOREPLAYER "https://github.com/SpaceNetLab/LeoCC (leoreplayer/README.md)"
#define ROAD "computed from Starlink-on-the-Road, stationary rows, CC BY-SA"
#define LEOCC "computed from the LeoCC example trace, 120 s"
#define MULTIFACETED "https://github.com/nitindermohan/multifaceted-starlink-performance"
#define LENS "computed from the LENS inter-satellite example of 2024-08-12, 10,337 pings"

static const struct profile_figure bent_figures[] = {
    {"rate down, median", "300 Mbit/s", ROAD " (median 297)"},
    {"rate up, median", "20 Mbit/s", ROAD " (median 18)"},
    {"rate from slot to slot", "lognormal, coefficient of variation 0.19", LEOCC},
    {"rate correlation of slots", "0.675", "assumed, as that of the round trip"},
    {"round trip", "18.93 to 123.3 ms by quantiles, median 27.61", FJORDLINK},
    {"round trip correlation of slots", "0.675", FJORDLINK},
    {"slots", "15 s, at second 12 of each minute", MULTIFACETED},
    {"reconfiguration, held", "78 ms median, 59 to 110 from p10 to p90", LEOCC},
    {"reconfiguration, dropped", "7 ms", FJORDLINK " (0.05 % above the mean, of 15 s)"},
    {"jitter one way", "0 to 2.7 ms over 10 ms", LEOCC " (mean step of 10 ms samples 0.91 ms)"},
    {"loss down, good state", "0.01 %", LEOREPLAYER},
    {"loss up, good state", "0.1 %", "assumed, so that the total is FjordLink's 0.14 %"},
    {"loss, bad state", "50 % for 20 ms each 20 s", "assumed, tuned to the same total"},
    {"queue down", "50000 packets", LEOREPLAYER},
    {"queue up", "500 packets", LEOREPLAYER},
};

static const struct profile_figure isl_figures[] = {
    {"rate down, median", "300 Mbit/s", "assumed, access as in leo-bent"},
    {"rate up, median", "20 Mbit/s", "assumed, access as in leo-bent"},
    {"rate from slot to slot", "lognormal, coefficient of variation 0.19", "assumed, as leo-bent"},
    {"round trip", "113 to 388 ms by quantiles, median 151", LENS},
    {"correlation of slots", "0.675", "assumed, as leo-bent"},
    {"slots", "15 s, at second 12 of each minute", MULTIFACETED},
    {"reconfiguration, dropped", "510 ms", LENS " (497 to 544 ms)"},
    {"reconfiguration, held", "200 ms", LENS " (survivors leave together)"},
    {"jitter one way", "0 to 2.7 ms over 10 ms", "assumed, as leo-bent"},
    {"loss", "0.1 %", LENS " (19 packets outside reconfigurations)"},
    {"queue", "100 ms", "assumed"},
};

static void fill_slots(struct lane_plan *plan) {
    plan->slots = (struct slots_options){
        .period_ns = 15 * SECOND, .phase_ns = 12 * SECOND, .correlation_permille = 675};
    /* log2 of a lognormal with a coefficient of variation of 0.19 deviates by 0.27168. */
    plan->rate_spread_q16 = 17805;
    plan->jitter_ns = 2700 * US;
}

static void fill_bent_direction(struct lane_plan *plan) {
    fill_slots(plan);
    plan->rtt_quantiles = bent_rtt;
    plan->rtt_quantile_count = COUNT(bent_rtt);
    plan->reconfiguration = (struct gate_schedule){
        .period_ns = 15 * SECOND,
        .phase_ns = 12 * SECOND,
        .drop_ns = 7 * MS,
        .hold_ns = 78 * MS,
        .hold_spread_q16 = 22980, /* (log2(110 / 78) + log2(78 / 59)) / 2 / 1.2816 */
    };
    plan->bad_loss_ppb = 500000000;
    plan->bad_ns = 20 * MS;
    plan->good_ns = 20 * SECOND;
}

static void fill_bent(struct profile *profile) {
    fill_bent_direction(&profile->there);
    profile->there.rate_bps = 20 * MBIT;
    profile->there.queue_packets = 500;
    profile->there.loss_ppb = 1000000;
    fill_bent_direction(&profile->back);
    profile->back.rate_bps = 300 * MBIT;
    profile->back.queue_packets = 50000;
    profile->back.loss_ppb = 100000;
    profile->rtt_ns = 27610 * US;
}

static void fill_isl_direction(struct lane_plan *plan) {
    fill_slots(plan);
    plan->rtt_quantiles = isl_rtt;
    plan->rtt_quantile_count = COUNT(isl_rtt);
    plan->reconfiguration = (struct gate_schedule){.period_ns = 15 * SECOND,
                                                   .phase_ns = 12 * SECOND,
                                                   .drop_ns = 510 * MS,
                                                   .hold_ns = 200 * MS};
    plan->loss_ppb = 1000000;
    plan->queue_ns = 100 * MS;
}

static void fill_isl(struct profile *profile) {
    fill_isl_direction(&profile->there);
    profile->there.rate_bps = 20 * MBIT;
    fill_isl_direction(&profile->back);
    profile->back.rate_bps = 300 * MBIT;
    profile->rtt_ns = 151 * MS;
}

const struct profile_entry profile_leo_bent = {
    "leo-bent", "Starlink consumer dish, bent pipe, 20 Mbit/s up and 300 down, 28 ms", fill_bent,
    bent_figures, COUNT(bent_figures)};

const struct profile_entry profile_leo_isl = {
    "leo-isl", "Starlink over laser links, 151 ms, 0.7 s of silence each 15 s", fill_isl,
    isl_figures, COUNT(isl_figures)};
