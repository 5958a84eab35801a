"""The reference rollout's dates: leaders' date and all-staff date of waves 1 to 7."""

import datetime as dt

BASELINE = {
    1: (dt.date(2018, 2, 7), dt.date(2018, 2, 27)),
    2: (dt.date(2018, 4, 4), dt.date(2018, 4, 17)),
    3: (dt.date(2018, 4, 26), dt.date(2018, 5, 7)),
    4: (dt.date(2018, 5, 23), dt.date(2018, 6, 5)),
    5: (dt.date(2018, 8, 16), dt.date(2018, 8, 28)),
    6: (dt.date(2018, 9, 6), dt.date(2018, 9, 18)),
    7: (dt.date(2018, 9, 27), dt.date(2018, 10, 16)),
}
