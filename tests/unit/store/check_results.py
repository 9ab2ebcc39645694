"""Reads results.h5 with h5py and pandas alone, and compares it with what a test expects.

check_results.py RESULTS.h5 EXPECTED.json; the JSON: {"attributes": {name: value}, "tables": {group: {column: [...]}}}.
Columns and groups must be exactly those. null stands for NaN. The rows of arrays and lists are lists; the offsets of lists
are not named.
"""
import json
import math
import sys

import h5py
import pandas


def plain(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "ndim") and value.ndim > 0:
        return [plain(one) for one in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def columns_of(group):
    """Column by column what pandas takes: one value or array a row."""
    found = {}
    offsets = {data.attrs["offsets"].decode() for data in group.values() if "offsets" in data.attrs}
    for name, data in group.items():
        if "offsets" in data.attrs:
            bounds = group[data.attrs["offsets"].decode()][:]
            found[name] = [data[begin:end] for begin, end in zip(bounds, bounds[1:])]
        elif name not in offsets:
            found[name] = data[:] if data.ndim == 1 else list(data[:])
    return found


def main(path, expected_path):
    with open(expected_path, encoding="utf-8") as file:
        expected = json.load(file)
    problems = []
    with h5py.File(path, "r") as results:
        for name, value in expected["attributes"].items():
            if plain(results.attrs[name]) != value:
                problems.append(f"attribute {name}: {results.attrs[name]!r}, expected {value!r}")
        if set(results) != set(expected["tables"]):
            problems.append(f"groups {sorted(results)}, expected {sorted(expected['tables'])}")
        for group, columns in expected["tables"].items():
            table = pandas.DataFrame(columns_of(results[group]))
            if set(table) != set(columns):
                problems.append(f"{group} has columns {sorted(table)}, expected {sorted(columns)}")
                continue
            for name, values in columns.items():
                found = [plain(value) for value in table[name]]
                if found != values:
                    problems.append(f"{group}/{name}: {found[:20]}, expected {values[:20]}")
            for name, data in results[group].items():
                if data.dtype.kind == "f" and "unit" not in data.attrs and group != "results":
                    problems.append(f"{group}/{name} has no unit of measure")
                if "description" not in data.attrs:
                    problems.append(f"{group}/{name} has no description")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
