"""Write regions/base/calendar.csv from the facts in the `chinesecalendar` package (MIT).

One row for each day off (holiday) and each make-up working day (workday) that the State Council's
yearly notices name. Every other day follows the week. Run it in the development environment:

    python scripts/build_calendar.py
"""

import csv
from pathlib import Path

from chinese_calendar.constants import Holiday, holidays, workdays

TARGET = Path(__file__).parents[1] / "regions" / "base" / "calendar.csv"


def main() -> None:
    """Write the table, one row a day, oldest first."""
    names = {holiday.value: holiday.chinese for holiday in Holiday}
    rows = [(day, "holiday", names[name]) for day, name in holidays.items()]
    rows += [(day, "workday", names[name]) for day, name in workdays.items()]
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "kind", "name", "source"])
        for day, kind, name in sorted(rows):
            notice = f"国务院办公厅关于{day.year}年部分节假日安排的通知"
            writer.writerow([day.isoformat(), kind, name, notice])
    print(f"{TARGET.name}: {len(rows)} days")


if __name__ == "__main__":
    main()
