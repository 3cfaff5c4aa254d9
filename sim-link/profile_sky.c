#include "sim-link/profile_sky.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t US = 1000;
static const uint64_t MS = 1000000;
static const uint64_t SECOND = 1000000000;
static const uint64_t MBIT = 1000000;

/* The share of time in each state, as ranks of a normal: the state of a rank is a step. */
#define STEP(z, low, high)                                                                         \
    {(z), (low)}, {                                                                                \
        (z) + 1, (high)                                                                            \
    }

/* 8,062 km: a hop of 26.9 to 39.7 ms, so 54 to 79.5 ms one way, rising and falling as a satellite
 * comes and goes; the next one takes over at the same height on the other side, 45 min apart. */
static const struct path_knot meo_way[] = {
    {0, 74 * 1000000},
    {11 * 60000000000, 60 * 1000000},
    {1350000000000, 54 * 1000000},
    {34 * 60000000000, 62 * 1000000},
    {45 * 60000000000 - 1, 79500000},
    {45 * 60000000000, 74 * 1000000},
};

static void fill_meo(struct profile *profile) {
    struct lane_plan *plans[] = {&profile->there, &profile->back};
    for (size_t i = 0; i < 2; i++) {
        plans[i]->table = (struct path_table_options){meo_way, COUNT(meo_way), false};
        plans[i]->jitter_ns = 1 * MS;
        plans[i]->loss_ppb = 10000;
        plans[i]->queue_ns = 150 * MS;
    }
    profile->there.rate_bps = 300 * MBIT;
    profile->back.rate_bps = 1000 * MBIT;
    profile->rtt_ns = 130 * MS;
}

static const struct profile_figure meo_figures[] = {
    {"rate", "1 Gbit/s down, 300 Mbit/s up",
     "assumed, within the 50 Mbit/s to 10 Gbit/s of https://www.knowpia.com/knowpedia/O3b_mPOWER"},
    {"round trip", "108 to 159 ms over 45 min",
     "computed: slant of 8,062 km at 90 to 10 degrees, four times; about 140 claimed at "
     "https://www.knowpia.com/knowpedia/O3b_mPOWER"},
    {"change of satellite", "a step of 11 ms each 45 min, nothing lost", "assumed"},
    {"jitter one way", "0 to 1 ms over 10 ms", "assumed"},
    {"loss", "1e-5", "assumed"},
    {"queue", "150 ms", "assumed"},
};

/* Adaptive coding: full rate half of the time, down to 0.5 of it. */
static const struct quantile geo_rate[] = {
    STEP(-92340, 500, 700), /* 8 % */
    STEP(-55120, 700, 800), /* 20 % */
    STEP(-25260, 800, 900), /* 35 % */
    STEP(0, 900, 1000),     /* 50 % */
};

static void fill_geo(struct profile *profile) {
    profile->rtt_ns = 560 * MS;
    profile->there.rate_bps = 3 * MBIT;
    profile->back.rate_bps = 250 * MBIT;
    struct lane_plan *plans[] = {&profile->there, &profile->back};
    for (size_t i = 0; i < COUNT(plans); i++) {
        plans[i]->delay_ns = 280 * MS;
        plans[i]->slots =
            (struct slots_options){.period_ns = 10 * SECOND, .correlation_permille = 500};
        plans[i]->rate_quantiles = geo_rate;
        plans[i]->rate_quantile_count = COUNT(geo_rate);
        plans[i]->queue_ns = 600 * MS;
        plans[i]->jitter_ns = 4 * MS;
        plans[i]->loss_ppb = 100;
    }
}

static const struct profile_figure geo_figures[] = {
    {"rate", "250 Mbit/s down, 3 up", "picoquic's satellite_test.c, the link J. Border asked for"},
    {"rate by adaptive coding", "times 1, 0.9, 0.8, 0.7, 0.5, anew each 10 s",
     "https://github.com/shynuu/trunks (the factors and 10 s); how often each: assumed"},
    {"round trip", "560 ms",
     "https://arts.units.it/handle/11368/3129920 (>= 550), "
     "https://blog.apnic.net/2022/05/02/testing-leo-and-geo-satellite-services-in-australia/ "
     "(about 600)"},
    {"jitter one way", "0 to 4 ms over 10 ms", "assumed"},
    {"loss", "1e-7", "assumed, quasi error free; outages by rain are the user's: outage="},
    {"queue", "600 ms", "assumed"},
};

/* A pass of 300 s over a ground station: 1,800 km, 530 at the middle, 1,800; then nothing. */
static const struct path_knot opt_way[] = {
    {0, 6004000},
    {75000000000, 3436000},
    {150000000000, 1768000},
    {225000000000, 3436000},
    {300000000000, 6004000},
    {5700000000000, 6004000},
};

static void fill_opt_down(struct profile *profile) {
    struct lane_plan *plans[] = {&profile->there, &profile->back};
    for (size_t i = 0; i < COUNT(plans); i++) {
        plans[i]->table = (struct path_table_options){opt_way, COUNT(opt_way), false};
        plans[i]->outage = (struct gate_schedule){
            .period_ns = 5700 * SECOND, .phase_ns = 300 * SECOND, .drop_ns = 5400 * SECOND};
        plans[i]->queue_ns = 20 * MS;
    }
    profile->there.rate_bps = 1 * MBIT;
    profile->back.rate_bps = 200000 * MBIT;
    profile->back.bad_loss_ppb = 1000000000;
    profile->back.bad_ns = 3 * MS;
    profile->back.good_ns = 10 * MS;
    profile->back.mtu_bytes = 9000;
    profile->rtt_ns = 7 * MS;
}

static const struct profile_figure opt_figures[] = {
    {"rate down", "200 Gbit/s",
     "https://gigazine.net/gsc_news/en/20230601-laser-communications (TBIRD, 4.8 TB in a pass)"},
    {"rate up", "1 Mbit/s", "assumed, low-rate feedback"},
    {"pass", "300 s, then 5400 s of nothing",
     "https://gigazine.net/gsc_news/en/20230601-laser-communications (about 5 min); 95 min: "
     "computed, the period at 530 km"},
    {"delay one way", "1.77 to 6.0 ms", "computed: slant of 530 to 1,800 km"},
    {"fades down", "all lost for 3 ms each 10 ms", "assumed, so that 77 % arrive"},
    {"MTU down", "9000", "assumed"},
    {"queue", "20 ms", "assumed"},
};

/* Perigee 363,300 km, apogee 405,500 km, in a month of 27.55 days. */
static const struct path_knot lunar_way[] = {
    {0, 1211800000},
    {4 * 86400000000000, 1249000000},
    {8 * 86400000000000, 1313000000},
    {1190160000000000, 1352600000},
    {19 * 86400000000000, 1317000000},
    {23 * 86400000000000, 1253000000},
    {2380320000000000, 1211800000},
};

static void fill_lunar(struct profile *profile) {
    struct lane_plan *plans[] = {&profile->there, &profile->back};
    for (size_t i = 0; i < COUNT(plans); i++) {
        plans[i]->table = (struct path_table_options){lunar_way, COUNT(lunar_way), false};
        plans[i]->bad_loss_ppb = 1000000000;
        plans[i]->bad_ns = 5 * MS;
        plans[i]->good_ns = 10 * SECOND;
        plans[i]->queue_ns = 1 * SECOND;
        plans[i]->jitter_ns = 100 * US;
    }
    profile->there.rate_bps = 20 * MBIT;
    profile->back.rate_bps = 260 * MBIT;
    profile->rtt_ns = 2564 * MS;
}

static const struct profile_figure lunar_figures[] = {
    {"rate", "260 Mbit/s down, 20 up", "https://www.aiaa.org/Detail.aspx?id=20015 (Orion O2O)"},
    {"delay one way", "1.212 to 1.353 s over a month", "computed: 363,300 to 405,500 km"},
    {"fades", "all lost for 5 ms each 10 s", "assumed"},
    {"jitter one way", "0 to 100 us", "assumed"},
    {"queue", "1 s", "assumed"},
    {"contacts", "always", "assumed; blackouts are the user's: outage="},
};

const struct profile_entry profile_meo = {
    "meo", "medium orbit (O3b), 300 Mbit/s up and 1 Gbit/s down, 108 to 159 ms", fill_meo,
    meo_figures, COUNT(meo_figures)};

const struct profile_entry profile_geo = {
    "geo", "geostationary satellite, 3 Mbit/s up and 250 down, 560 ms", fill_geo, geo_figures,
    COUNT(geo_figures)};

const struct profile_entry profile_opt_down = {
    "opt-down", "light from orbit to the ground, 200 Gbit/s down in passes of 300 s", fill_opt_down,
    opt_figures, COUNT(opt_figures)};

const struct profile_entry profile_lunar = {"lunar",
                                            "light to the Moon, 20 Mbit/s up and 260 down, 2.6 s",
                                            fill_lunar, lunar_figures, COUNT(lunar_figures)};
