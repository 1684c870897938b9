"""Reads exported and archived files with DuckDB and pandas, and prints what they say as JSON.

Called with the folder of an export, the folder of the archive, and a query of the documentation.
"""

import json
import sys

import duckdb
import pandas as pd

export, archive, query = sys.argv[1:]

by_series = """
    SELECT listing_id || ' ' || source AS key, count(*) AS rows, CAST(sum(price) AS VARCHAR) AS price,
           CAST(coalesce(sum(volume), 0) AS VARCHAR) AS volume
    FROM read_parquet('{}') GROUP BY 1 ORDER BY 1"""


def rows(sql):
    found = duckdb.sql(sql)
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


duckdb.sql(f"SET file_search_path = '{export}'")
quotes = pd.read_parquet(f"{export}/quotes")
quotes["key"] = quotes["listing_id"].astype(str) + " " + quotes["source"]
by_pandas = quotes.groupby("key").agg(rows=("price", "size"), price=("price", "sum"), volume=("volume", "sum"))
print(
    json.dumps(
        {
            "exported": rows(by_series.format(f"{export}/quotes/**/*.parquet")),
            "archived": rows(by_series.format(f"{archive}/quotes/**/*.parquet")),
            "pandas": [
                {"key": key, "rows": int(row["rows"]), "price": str(row["price"]), "volume": str(row["volume"])}
                for key, row in by_pandas.iterrows()
            ],
            "types": {name: str(kind) for name, kind in zip(*(lambda f: (f.columns, f.types))(duckdb.sql(f"FROM '{export}/quotes/**/*.parquet'")))},
            "bars": rows(f"SELECT count(*) AS rows, CAST(sum(close) AS VARCHAR) AS close FROM '{export}/bars/**/*.parquet'"),
            "folders": rows(
                f"SELECT DISTINCT CAST(exchange AS VARCHAR) AS exchange, interval, CAST(month AS VARCHAR) AS month FROM read_parquet('{export}/bars/**/*.parquet', hive_partitioning = true) ORDER BY ALL"
            ),
            "instants": rows(f"SELECT CAST(epoch_us(max(ingested_at)) AS VARCHAR) AS newest FROM '{export}/bars/**/*.parquet'"),
            "adjusted": [
                {name: str(value) for name, value in row.items()} for row in rows(query) if str(row["date"]) == "2026-09-09"
            ],
        }
    )
)
