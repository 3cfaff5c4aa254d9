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
    Z_ISL_END = 244449 /* 3.73: one of 10,337 */
};

/* Fitted with sim-link/check/fit.c to five days of FjordLink, 183,600 round trips of 1 s (CC
 * BY 4.0, github.com/ds-kiel/FjordLink, converted): what jitter and held packets add is taken off,
 * so that whole round trips have the measured distribution. */
static const struct quantile bent_rtt[] = {
    {-269188, 19450000}, {-123260, 19450000}, {-101894, 20110000}, {-83988, 20360000},
    {-65173, 20640000},  {-48421, 21670000},  {-32496, 22810000},  {-16603, 24040000},
    {0, 25200000},       {16603, 26780000},   {32496, 28650000},   {48421, 30770000},
    {65173, 33220000},   {83988, 36330000},   {101894, 39720000},  {123260, 44250000},
    {152460, 49270000},  {202521, 73560000},  {269188, 109990000},
};

/* LENS inter-satellite example of 2024-08-12, 10,337 pings. Its lowest given rank is 5 %. */
static const struct quantile isl_rtt[] = {
    {-Z_95, 113000000}, {-Z_75, 146000000}, {0, 151000000},         {Z_75, 158000000},
    {Z_95, 199000000},  {Z_99, 217000000},  {Z_ISL_END, 388000000},
};

/* Silences of the LeoCC example trace at its eight reconfigurations (59, 59, 68, 69, 82, 93, 95,
 * 135 ms), smoothed; less the 7 ms that are dropped. */
static const struct quantile bent_hold[] = {
    {-Z_99, 46000000},  {-100538, 52000000}, {-58111, 54000000}, {-32036, 58000000},
    {-10309, 62500000}, {10309, 72000000},   {32036, 82000000},  {58111, 87000000},
    {Z_90, 105000000},  {100538, 121000000}, {Z_99, 143000000},
};

/* 60 ms, and steps of 20 to 100 ms when the landing station changes. */
static const struct quantile oneweb_rtt[] = {
    {-Z_99, 50000000}, {-Z_75, 55000000}, {0, 60000000},
    {Z_75, 80000000},  {Z_90, 110000000}, {Z_99, 160000000},
};

#define FJORDLINK "computed from FjordLink, 183,600 PoP pings over five days, CC BY 4.0"
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
    {"round trip", "19.5 to 123 ms by quantiles, median 27.6", FJORDLINK},
    {"steps of the round trip from slot to slot",
     "35 %, 46 %, 20 % with correlation 0.85, 0.7, 0.2", FJORDLINK},
    {"round trip within a slot", "6, 12, 22 or 40 % of the deviation, anew each 0.5 s", FJORDLINK},
    {"slots", "15 s, at second 12 of each minute", MULTIFACETED},
    {"reconfiguration, silence", "dropped and held: 77 ms median, 60 to 112 from p10 to p90",
     LEOCC},
    {"reconfiguration, dropped", "7 ms", FJORDLINK " (0.05 % above the mean, of 15 s)"},
    {"jitter one way", "0 to 2.7 ms over 10 ms", LEOCC " (mean step of 10 ms samples 0.91 ms)"},
    {"loss down, good state", "0.01 %", LEOREPLAYER},
    {"loss up, good state", "0.1 %", "assumed, so that the total is FjordLink's 0.14 %"},
    {"loss, bad state", "50 % for 20 ms each 20 s", "assumed, tuned to the same total"},
    {"queue down", "50000 packets", LEOREPLAYER},
    {"queue up", "500 packets", LEOREPLAYER},
};

static const struct profile_figure rain_figures[] = {
    {"rate down, median", "180 Mbit/s",
     "https://arxiv.org/html/2505.04772v1 (38 % less in rain), of leo-bent's"},
    {"rate up, median", "10 Mbit/s",
     "https://arxiv.org/html/2505.04772v1 (52 % less in rain), of leo-bent's"},
    {"all else", "as leo-bent", "https://arxiv.org/html/2505.04772v1 (round trip unchanged)"},
};

static const struct profile_figure oneweb_figures[] = {
    {"rate", "100 Mbit/s down, 20 up", "https://arawireless.org/tag/oneweb"},
    {"round trip", "50 to 160 ms, median 60, anew each 2 min",
     "assumed; jumps when the landing station changes: "
     "https://pulse.internetsociety.org/blog/measuring-the-oneweb-satellite-network"},
    {"beam change", "each 11 s, 5 ms dropped and 30 held", "assumed"},
    {"jitter one way", "0 to 3 ms over 10 ms", "assumed"},
    {"loss", "0.5 %", "assumed, below the 2 % of https://arawireless.org/tag/oneweb"},
    {"queue", "100 ms", "assumed"},
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

/* What lasts from slot to slot: see path.h. */
static const uint32_t bent_within[] = {60, 120, 220, 400};

static void fill_slots(struct lane_plan *plan) {
    plan->slots = (struct slots_options){
        .period_ns = 15 * SECOND, .phase_ns = 12 * SECOND, .correlation_permille = 675};
    /* log2 of a lognormal with a coefficient of variation of 0.19 deviates by 0.27168. */
    plan->rate_spread_q16 = 17805;
    plan->jitter_ns = 2700 * US;
}

static void fill_bent_way(struct lane_plan *plan) {
    plan->rtt = (struct path_slots_options){
        .slots = {.period_ns = 15 * SECOND,
                  .phase_ns = 12 * SECOND,
                  .kernels = {{350, 845}, {455, 700}, {195, 225}}},
        .quantiles = bent_rtt,
        .quantile_count = COUNT(bent_rtt),
        .within_permille = bent_within,
        .within_count = COUNT(bent_within),
        .within_ns = 500 * MS,
    };
}

static void fill_bent_direction(struct lane_plan *plan) {
    fill_slots(plan);
    fill_bent_way(plan);
    plan->reconfiguration = (struct gate_schedule){
        .period_ns = 15 * SECOND,
        .phase_ns = 12 * SECOND,
        .drop_ns = 7 * MS,
        .hold_quantiles = bent_hold,
        .hold_quantile_count = COUNT(bent_hold),
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

static void fill_bent_rain(struct profile *profile) {
    fill_bent(profile);
    profile->there.rate_bps = 10 * MBIT;
    profile->back.rate_bps = 180 * MBIT;
}

static void fill_isl_direction(struct lane_plan *plan) {
    fill_slots(plan);
    plan->rtt = (struct path_slots_options){
        .slots = {.period_ns = 15 * SECOND, .phase_ns = 12 * SECOND, .correlation_permille = 675},
        .quantiles = isl_rtt,
        .quantile_count = COUNT(isl_rtt)};
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

static void fill_oneweb_direction(struct lane_plan *plan) {
    plan->rtt = (struct path_slots_options){
        .slots = {.period_ns = 120 * SECOND, .correlation_permille = 300},
        .quantiles = oneweb_rtt,
        .quantile_count = COUNT(oneweb_rtt)};
    plan->reconfiguration =
        (struct gate_schedule){.period_ns = 11 * SECOND, .drop_ns = 5 * MS, .hold_ns = 30 * MS};
    plan->jitter_ns = 3 * MS;
    plan->loss_ppb = 5000000;
    plan->queue_ns = 100 * MS;
}

static void fill_oneweb(struct profile *profile) {
    fill_oneweb_direction(&profile->there);
    profile->there.rate_bps = 20 * MBIT;
    fill_oneweb_direction(&profile->back);
    profile->back.rate_bps = 100 * MBIT;
    profile->rtt_ns = 60 * MS;
}

const struct profile_entry profile_leo_bent = {
    "leo-bent", "Starlink consumer dish, bent pipe, 20 Mbit/s up and 300 down, 28 ms", fill_bent,
    bent_figures, COUNT(bent_figures)};

const struct profile_entry profile_leo_isl = {
    "leo-isl", "Starlink over laser links, 151 ms, 0.7 s of silence each 15 s", fill_isl,
    isl_figures, COUNT(isl_figures)};

const struct profile_entry profile_leo_bent_rain = {
    "leo-bent-rain", "the same in rain, 10 Mbit/s up and 180 down", fill_bent_rain, rain_figures,
    COUNT(rain_figures)};

const struct profile_entry profile_leo_oneweb = {
    "leo-oneweb", "OneWeb, bent pipe at 1,200 km, 20 Mbit/s up and 100 down, 60 ms", fill_oneweb,
    oneweb_figures, COUNT(oneweb_figures)};
