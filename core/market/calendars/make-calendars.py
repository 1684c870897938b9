"""Makes core/market/calendars/data.ts out of the PyPI package exchange_calendars and overrides.json.

From the root of the checkout, in one line:

    python3 -m venv .quotron/calendars && .quotron/calendars/bin/pip install -q -r core/market/calendars/requirements.txt \
      && .quotron/calendars/bin/python core/market/calendars/make-calendars.py

With --check nothing is written, and the exit code is 1 where data.ts is not what would be written. With --reference the
sessions of the package itself, without overrides, are printed as JSON lines: what the tests compare the data with. Both
may be asked for at once.

Days are written as exceptions from the usual week. A day that is the same in every year of the data, by date or by its
distance from Easter, is written once. Hours are local time; `<` marks a time of the day before the session's date.
"""

import argparse
import json
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import exchange_calendars
import pandas as pd
from dateutil.easter import easter

FOLDER = Path(__file__).parent
TARGET = FOLDER / "data.ts"
FIRST = "2015-01-01"
# Exchanges publish their holidays one to two years ahead; what lies beyond is a rule's guess.
LAST = "2027-12-31"
CALENDARS = (
    "XNYS XLON XETR XTKS XHKG XSWX XTSE XASX CMES "
    "XPAR XAMS XBRU XLIS XMIL XMAD XSTO XCSE XOSL XHEL XWBO XWAR "
    "XBOM XSHG XKRX XTAI XSES XIDX XBKK BVMF XMEX XJSE XTAE XSAU"
).split()
# Venues that the package does not have, and the calendar that is nearest: another exchange of the same country, whose
# days and hours are the same.
NEAREST = {"XSHE": "XSHG", "XNSE": "XBOM", "XKOS": "XKRX"}
# The package goes on after this, but without the days that the exchange has not published yet.
PUBLISHED = {"XIDX": "2026-12-31"}
# The names by which the time zone database knows these today.
ZONES = {"Asia/Tel_Aviv": "Asia/Jerusalem"}
TIMES = ["open", "break_start", "break_end", "close"]
WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
DAY = pd.Timedelta(days=1)


@cache
def schedule_of(name):
    # Any month gives the class, which knows from when to when the package has data.
    whole = type(exchange_calendars.get_calendar(name, start="2024-01-01", end="2024-01-31"))
    first = max(FIRST, str(whole.bound_min() or FIRST)[:10])
    last = min(LAST, str(whole.bound_max() or LAST)[:10], PUBLISHED.get(name, LAST))
    calendar = exchange_calendars.get_calendar(name, start=first, end=last)
    return calendar, calendar.schedule, first, last


def local(instants, zone):
    """Hours and minutes on a zone's clocks by session, as far as there are any."""
    there = instants.dropna().dt.tz_convert(zone).dt.tz_localize(None)
    days = (there.index.to_series() - there.dt.normalize()).dt.days
    for date in days.index[~days.isin([0, 1])]:
        away = f"{there[date]} is {days[date]} days from its session's date"
        raise SystemExit(f"{date}: {away}, which the format cannot say")
    return (days.map({0: "", 1: "<"}) + there.dt.strftime("%H:%M")).to_dict()


def hours_of(schedule, zone):
    opens, pauses, ends, closes = (local(schedule[key], zone) for key in TIMES)
    return {
        date: f"{opens[date]}-{f'{pauses[date]},{ends[date]}-' if date in pauses else ''}{closes[date]}"
        for date in schedule.index
    }


def usual_hours(calendar, hours, first, last):
    """The usual weeks and the dates since when, from the package's own lists of changes."""
    lists = [calendar.open_times, calendar.close_times, calendar.break_start_times, calendar.break_end_times]
    changes = {pd.Timestamp(first)}
    for times in lists:
        changes |= {since for since, _ in times or () if since is not None and since > pd.Timestamp(first)}
    # Another week for some days is an exception; for longer, it is the usual one of that time.
    for since, until, _ in getattr(calendar, "special_weekmasks", []):
        if since is None or until is None or until - since > pd.Timedelta(days=30):
            edges = {since, until + DAY if until is not None else None}
            changes |= {edge for edge in edges if edge is not None and edge > pd.Timestamp(first)}
    changes = sorted(changes)
    usual = []
    for since, until in zip(changes, changes[1:] + [pd.Timestamp(last) + DAY]):
        days = [[] for _ in WEEK]
        for day in pd.date_range(since, until - DAY):
            days[day.weekday()].append(hours.get(day, "closed"))
        within = [each for of_day in days for each in of_day if each != "closed"]
        common = max(set(within), key=within.count)
        week = {}
        for number, name in enumerate(WEEK):
            mode = max(sorted(set(days[number])), key=days[number].count)
            if mode != (common if number < 5 else "closed"):
                week[name] = mode
        usual.append((since.strftime("%Y-%m-%d"), common, week))
    return usual


def in_force(usual, day):
    """What a day usually has."""
    date = day.strftime("%Y-%m-%d")
    _, hours, week = [each for each in usual if each[0] <= date][-1]
    return week.get(WEEK[day.weekday()], hours if day.weekday() < 5 else "closed")


def compact(name, override):
    calendar, schedule, first, last = schedule_of(name)
    zone = ZONES.get(str(calendar.tz), str(calendar.tz))
    hours = hours_of(schedule, zone)
    usual = usual_hours(calendar, hours, first, last)
    days = {}
    for day in pd.date_range(first, last):
        has = hours.get(day, "closed")
        if has != in_force(usual, day):
            days[day.strftime("%Y-%m-%d")] = has
    days |= override.get("days", {})
    groups = {}
    for date in sorted(days):
        groups.setdefault(days[date], []).append(date)
    usual = [(since, *rest, *([{}] if len(rest) == 1 else [])) for since, *rest in override.get("hours", usual)]
    return {
        "zone": zone,
        **({"from": first} if first != FIRST else {}),
        **({"through": last} if last != LAST else {}),
        "hours": usual,
        "days": {what: written(dates, usual, first, last) for what, dates in groups.items()},
    }


def written(dates, usual, first, last):
    """2025-01-01 and 2025-12-25 as `2025:0101 1225`; what holds in every year as `every:0101` and `easter:-2 1`."""
    left = set(dates)
    years = range(int(first[:4]), int(last[:4]) + 1)

    def rule(days):
        """Whether the dates have it in all years in which they would trade otherwise."""
        trading = {day.strftime("%Y-%m-%d") for day in days if in_force(usual, day) != "closed"}
        if len(trading) < 3 or not trading <= set(dates):
            return False
        left.difference_update(trading)
        return True

    around = range(-60, 71)
    offsets = [n for n in around if rule([pd.Timestamp(easter(year)) + n * DAY for year in years])]
    found = {date[5:] for date in dates if date[5:] != "02-29"}
    every = [date for date in sorted(found) if rule([pd.Timestamp(f"{year}-{date}") for year in years])]
    words = {"every": [date.replace("-", "") for date in every], "easter": [str(n) for n in offsets]}
    for date in sorted(left):
        words.setdefault(date[:4], []).append(date[5:7] + date[8:])
    return " ".join(f"{when}:{' '.join(days)}" for when, days in words.items() if days)


def module(calendars):
    lines = [
        "/**",
        " * Trading sessions of exchanges. Written by make-calendars.py out of exchange_calendars "
        f"{version('exchange_calendars')} and overrides.json;",
        " * change those, not this file.",
        " */",
        "",
        "/** What is special in a week: by weekday (`Fri`) its hours, or `closed`. */",
        "export type Week = Readonly<Record<string, string>>;",
        "",
        "/** A calendar as exceptions from its usual week, which has the usual hours from Monday to Friday. */",
        "export interface OwnDays {",
        "  /** IANA zone. */",
        "  readonly zone: string;",
        "  /** First and last date, where the data know less than the others. */",
        "  readonly from?: string;",
        "  readonly through?: string;",
        "  /** The usual week and since when; oldest first. `<` marks a time of the day before. */",
        "  readonly hours: readonly (readonly [since: string, hours: string, week?: Week])[];",
        "  /**",
        "   * Days that differ, by what they have instead: `closed` or other hours. `2025:0101 1225` are two days of 2025,",
        "   * `every:0101` one of each year, `easter:-2` the second day before Easter. The last two are for days of the week",
        "   * that trade.",
        "   */",
        "  readonly days: Readonly<Record<string, string>>;",
        "}",
        "",
        "/** The days and hours of another calendar, on the clocks of this zone. */",
        "export interface SameDays {",
        "  readonly zone: string;",
        "  readonly sameAs: string;",
        "  /** True: the package does not have this venue. This is the nearest one that it has. */",
        "  readonly nearest?: true;",
        "}",
        "",
        "export type CalendarData = OwnDays | SameDays;",
        "",
        "/** First and last date that the data speak of. */",
        f"export const validFrom = '{FIRST}';",
        f"export const validThrough = '{LAST}';",
        "",
        "/** By calendar id: the MIC of the venue, or `CMES` for the futures of the CME group. */",
        "export const calendarData: Readonly<Record<string, CalendarData>> = {",
    ]
    for name, calendar in calendars.items():
        if "sameAs" in calendar:
            nearest = ", nearest: true" if name in NEAREST else ""
            lines.append(f"  {name}: {{ zone: '{calendar['zone']}', sameAs: '{calendar['sameAs']}'{nearest} }},")
            continue
        lines += [f"  {name}: {{", f"    zone: '{calendar['zone']}',"]
        lines += [f"    {key}: '{calendar[key]}'," for key in ("from", "through") if key in calendar]
        usual = [entry(*each) for each in calendar["hours"]]
        # Lines are broken as the formatter breaks them, so that the file passes the check as it is written.
        if len(usual) == 1:
            lines += [f"    hours: [{usual[0]}],"]
        else:
            lines += ["    hours: [", *(f"      {each}," for each in usual), "    ],"]
        lines += ["    days: {"]
        for what, dates in calendar["days"].items():
            key = what if what == "closed" else f"'{what}'"
            one = f"      {key}: '{dates}',"
            lines += [one] if len(one) <= 120 else [f"      {key}:", f"        '{dates}',"]
        lines += ["    },", "  },"]
    return "\n".join([*lines, "};", ""])


def entry(since, hours, week):
    words = ", ".join(f"{day}: '{what}'" for day, what in week.items())
    return f"['{since}', '{hours}', {{ {words} }}]" if week else f"['{since}', '{hours}']"


def all_calendars(overrides):
    calendars = {}
    for name in CALENDARS:
        calendar = compact(name, overrides.get(name, {}))
        days = {key: value for key, value in calendar.items() if key != "zone"}
        same = [other for other, its in calendars.items() if {**its, "zone": ""} == {**days, "zone": ""}]
        calendars[name] = {"zone": calendar["zone"], "sameAs": same[0]} if same else calendar
    for name, other in NEAREST.items():
        calendars[name] = {"zone": calendars[other]["zone"], "sameAs": other}
    return calendars


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--reference", action="store_true")
    asked = arguments.parse_args()
    if asked.reference:
        for name in CALENDARS:
            _, schedule, _, _ = schedule_of(name)
            rows = [
                [date.strftime("%Y-%m-%d"), *(None if pd.isna(at) else int(at.timestamp() * 1000) for at in times)]
                for date, *times in schedule[TIMES].itertuples()
            ]
            print(json.dumps({"id": name, "sessions": rows}))
        if not asked.check:
            return
    overrides = json.loads((FOLDER / "overrides.json").read_text())
    calendars = all_calendars(overrides)
    text = module(calendars)
    if not asked.check:
        TARGET.write_text(text)
        print(f"{TARGET.name}: {len(calendars)} calendars, {FIRST} to {LAST}, {len(text)} bytes")
    elif TARGET.read_text() != text:
        sys.exit(f"{TARGET.name} is not what make-calendars.py would write: run it without --check.")


main()
