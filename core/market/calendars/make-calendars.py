"""Makes core/market/calendars/data.ts out of the PyPI package exchange_calendars and overrides.json.

From the root of the checkout, in one line:

    python3 -m venv .quotron/calendars && .quotron/calendars/bin/pip install -q -r core/market/calendars/requirements.txt \
      && .quotron/calendars/bin/python core/market/calendars/make-calendars.py

With --check nothing is written, and the exit code is 1 where data.ts is not what would be written. With --reference the
sessions of the package itself, without overrides, are printed as JSON lines: what the tests compare the data with. Both
may be asked for at once.

Days are written as exceptions from Monday to Friday at the calendar's usual hours. Hours are local time; `<` marks a time
of the day before the session's date.
"""

import argparse
import json
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import exchange_calendars
import pandas as pd

FOLDER = Path(__file__).parent
TARGET = FOLDER / "data.ts"
FIRST = "2015-01-01"
# Exchanges publish their holidays one to two years ahead; what lies beyond is a rule's guess.
LAST = "2027-12-31"
CALENDARS = ["XNYS", "XLON", "XETR", "XTKS", "XHKG", "XSWX", "XTSE", "XASX", "CMES"]
TIMES = ["open", "break_start", "break_end", "close"]


@cache
def schedule_of(name):
    calendar = exchange_calendars.get_calendar(name, start=FIRST, end=LAST)
    return calendar, calendar.schedule


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


def usual_hours(calendar, hours):
    """The usual hours and the dates since when, from the package's own list of changes."""
    lists = [calendar.open_times, calendar.close_times, calendar.break_start_times, calendar.break_end_times]
    changes = {pd.Timestamp(FIRST)}
    for times in lists:
        changes |= {since for since, _ in times or () if since is not None and since > pd.Timestamp(FIRST)}
    changes = sorted(changes)
    usual = []
    for since, until in zip(changes, changes[1:] + [pd.Timestamp(LAST) + pd.Timedelta(days=1)]):
        within = [each for date, each in hours.items() if since <= date < until]
        usual.append((since.strftime("%Y-%m-%d"), max(set(within), key=within.count)))
    return usual


def in_force(usual, date):
    return [hours for since, hours in usual if since <= date][-1]


def compact(name, override):
    calendar, schedule = schedule_of(name)
    zone = str(calendar.tz)
    hours = hours_of(schedule, zone)
    usual = usual_hours(calendar, hours)
    days = {}
    for day in pd.date_range(FIRST, LAST):
        date = day.strftime("%Y-%m-%d")
        if day in hours:
            if day.weekday() > 4 or hours[day] != in_force(usual, date):
                days[date] = hours[day]
        elif day.weekday() <= 4:
            days[date] = "closed"
    days |= override.get("days", {})
    groups = {}
    for date in sorted(days):
        groups.setdefault(days[date], []).append(date)
    return {"zone": zone, "hours": override.get("hours", usual), "days": groups}


def written(dates):
    """2025-01-01 and 2025-12-25 as `2025:0101 1225`."""
    years = {}
    for date in dates:
        years.setdefault(date[:4], []).append(date[5:7] + date[8:])
    return " ".join(f"{year}:{' '.join(days)}" for year, days in years.items())


def module(calendars):
    lines = [
        "/**",
        " * Trading sessions of exchanges. Written by make-calendars.py out of exchange_calendars "
        f"{version('exchange_calendars')} and overrides.json;",
        " * change those, not this file.",
        " */",
        "",
        "/** A calendar as exceptions from Monday to Friday at its usual hours. */",
        "export interface CalendarData {",
        "  /** IANA zone. */",
        "  readonly zone: string;",
        "  /** The usual hours, and since when; oldest first. `<` marks a time of the day before. */",
        "  readonly hours: readonly (readonly [since: string, hours: string])[];",
        "  /** Days that differ, by what they have instead: `closed` or other hours. `2025:0101 1225` are two days of 2025. */",
        "  readonly days: Readonly<Record<string, string>>;",
        "}",
        "",
        "/** First and last date that the data speak of. */",
        f"export const validFrom = '{FIRST}';",
        f"export const validThrough = '{LAST}';",
        "",
        "/** By calendar id: the MIC of the venue, or `CMES` for the futures of the CME group. */",
        "export const calendarData: Readonly<Record<string, CalendarData>> = {",
    ]
    for name, calendar in calendars.items():
        usual = [f"['{since}', '{hours}']" for since, hours in calendar["hours"]]
        lines += [f"  {name}: {{", f"    zone: '{calendar['zone']}',"]
        # Lines are broken as the formatter breaks them, so that the file passes the check as it is written.
        if len(usual) == 1:
            lines += [f"    hours: [{usual[0]}],"]
        else:
            lines += ["    hours: [", *(f"      {each}," for each in usual), "    ],"]
        lines += ["    days: {"]
        for hours, dates in calendar["days"].items():
            key = hours if hours == "closed" else f"'{hours}'"
            one = f"      {key}: '{written(dates)}',"
            lines += [one] if len(one) <= 120 else [f"      {key}:", f"        '{written(dates)}',"]
        lines += ["    },", "  },"]
    return "\n".join([*lines, "};", ""])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--reference", action="store_true")
    asked = arguments.parse_args()
    if asked.reference:
        for name in CALENDARS:
            _, schedule = schedule_of(name)
            rows = [
                [date.strftime("%Y-%m-%d"), *(None if pd.isna(at) else int(at.timestamp() * 1000) for at in times)]
                for date, *times in schedule[TIMES].itertuples()
            ]
            print(json.dumps({"id": name, "sessions": rows}))
        if not asked.check:
            return
    overrides = json.loads((FOLDER / "overrides.json").read_text())
    text = module({name: compact(name, overrides.get(name, {})) for name in CALENDARS})
    if not asked.check:
        TARGET.write_text(text)
        print(f"{TARGET.name}: {len(CALENDARS)} calendars, {FIRST} to {LAST}, {len(text)} bytes")
    elif TARGET.read_text() != text:
        sys.exit(f"{TARGET.name} is not what make-calendars.py would write: run it without --check.")


main()
