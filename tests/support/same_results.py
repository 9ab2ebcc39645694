"""What of a results.h5 must not depend on how its run went: everything but times, ranks, hosts and attempts."""

import h5py

OF_THE_RUN = ("batches", "stages")  # who did what, when; the age of input files
OF_THE_ATTEMPT = ("attempts", "rank", "host", "start", "seconds", "user", "system", "max_rss")  # columns of /units


def content_of(path):
    """{path of a dataset: (type, shape, values)}; values are bytes where numbers are, so that each NaN equals itself."""
    found = {}

    def take(name, item):
        group, *rest = name.split("/")
        if not isinstance(item, h5py.Dataset) or group in OF_THE_RUN or (group == "units" and rest[0] in OF_THE_ATTEMPT):
            return
        if name in ("dead_letters/attempts", "dead_letters/reason"):  # the reason names ranks
            return
        values = item[...]
        found[name] = (item.dtype.str, item.shape, values.tolist() if item.dtype.kind == "O" else values.tobytes())

    with h5py.File(path) as file:
        file.visititems(take)
    return found


def differences(one, other):
    """Names of what differs between two contents, with what is missing on a side."""
    return [name if name in one and name in other else f"{name} (only in one)"
            for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
