"""The seven regions of Fung & McDuff 2020, Table II, from the country.

The paper names the groups and not their borders. Ours follow the United Nations' subregions
(M49), with these choices, so that nobody is left out: Australia, New Zealand, the Pacific
islands and Russia go with North America and Europe; Mexico and the Caribbean with South America;
all of Africa south of the Sahara, Sudan excepted, is Southern Africa; Turkey and Iran are Middle
East; Cyprus is Europe; the Caucasus is Central Asia; Mongolia is North-East Asia. Antarctica,
where nobody comes from, goes with the islands.
"""

from noisyau.demographics import REGIONS

_COUNTRIES = {
    "north_america_europe": (
        "USA CAN GRL BMU SPM ALB AND AUT BEL BGR BIH BLR CHE CYP CZE DEU DNK ESP EST FIN FRA FRO "
        "GBR GGY GIB GRC HRV HUN IMN IRL ISL ITA JEY LIE LTU LUX LVA MCO MDA MKD MLT MNE NLD NOR "
        "POL PRT ROU RUS SJM SMR SRB SVK SVN SWE UKR VAT ALA AUS NZL CCK CXR HMD NFK ASM COK FJI "
        "FSM GUM KIR MHL MNP NCL NIU NRU PCN PLW PNG PYF SLB TKL TON TUV UMI VUT WLF WSM ATA"
    ),
    "south_asia": "AFG BGD BTN IND LKA MDV NPL PAK",
    "southern_africa": (
        "AGO ATF BDI BEN BFA BWA CAF CIV CMR COD COG COM CPV DJI ERI ETH GAB GHA GIN GMB GNB GNQ "
        "IOT KEN LBR LSO MDG MLI MOZ MRT MUS MWI MYT NAM NER NGA REU RWA SEN SHN SLE SOM SSD STP "
        "SWZ SYC TCD TGO TZA UGA ZAF ZMB ZWE"
    ),
    "middle_east_central_asia_north_africa": (
        "ARE ARM AZE BHR DZA EGY ESH GEO IRN IRQ ISR JOR KAZ KGZ KWT LBN LBY MAR OMN PSE QAT SAU "
        "SDN SYR TJK TKM TUN TUR UZB YEM"
    ),
    "central_south_america": (
        "ABW AIA ARG ATG BES BHS BLM BLZ BOL BRA BRB BVT CHL COL CRI CUB CUW CYM DMA DOM ECU FLK "
        "GLP GRD GTM GUF GUY HND HTI JAM KNA LCA MAF MEX MSR MTQ NIC PAN PER PRI PRY SGS SLV SUR "
        "SXM TCA TTO URY VCT VEN VGB VIR"
    ),
    "north_east_asia": "CHN HKG JPN KOR MAC MNG PRK TWN",
    "south_east_asia": "BRN IDN KHM LAO MMR MYS PHL SGP THA TLS VNM",
}

REGION_OF = {country: region for region in REGIONS for country in _COUNTRIES[region].split()}
"""ISO 3166 alpha-3 to region; every country has one."""
