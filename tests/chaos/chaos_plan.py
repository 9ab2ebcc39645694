"""What a case of chaos is, from its seed: what runs, on how many ranks, in how much memory, over what, and what is done
to it when."""

import dataclasses
import random

# What takes 2 to 6 s on a small machine, each with several batches. FARM is a list of commands, OUTPUTS one of commands
# whose outputs are large.
FARM, OUTPUTS = "farm", "outputs"
PROGRAMS = {
    "montecarlo": ["--paths", "400000", "--scenarios", "12000000"],
    "sensors": ["--years", "4", "--sensors", "64"],
    "kmeans": ["--rows", "1600000"],
    "tiles": ["--size", "1792"],
    "wordcount": [],
    "terasort": [],
    "signup": ["--signups", "400000"],
    "clickstream": ["--events", "60000", "--malformed", "2"],
}
# Of these some runs have a budget too small for what a worker holds by key, unless there are many: it writes in pieces.
SPILLING = ("terasort", "signup", "clickstream")
SMALL = "16MiB"  # the least that --memory takes
SMALL_SHARE = 0.5  # of the runs of these
OUTPUTS_SHARE = 0.12  # of the cases; over TCP
OUTPUT_BYTES = (1 << 20, 8 << 20)
OUTPUT_COMMANDS = 40
FARM_SHARE = 0.2  # of the cases
COMMANDS = 400
FAILING = 7  # each command with this remainder of 60 fails

# How messages go: through shared memory in pieces, by reading the other's memory, over TCP alone.
NETWORKS = ("shared", "cma", "tcp")

# What is done: ranks killed, stopped and continued, both, all stopped for a while, mpirun killed, all killed.
KINDS = {"kill": 6, "stop": 4, "both": 4, "pause": 2, "mpirun": 1, "all": 1}
DEADLINE = 1.0  # seconds: --heartbeat

MOST_RESTARTS_MEANT = 2  # times that a case kills mpirun or all ranks: the launcher gives up after three in a row


@dataclasses.dataclass
class Deed:
    """At `at` (a share of the time that the run takes undisturbed) `what` is done; `seconds`: until it is continued."""

    at: float
    what: str  # "kill", "stop", "pause", "mpirun", "all"
    victim: float = 0  # place among those that may be chosen, from 0 to 1; -1: the coordinator
    seconds: float = 0


@dataclasses.dataclass
class Plan:
    seed: int
    program: str
    ranks: int
    network: str
    kind: str
    root: bool  # the coordinator is among the victims
    checkpoint: str
    deeds: list
    memory: str = ""  # --memory

    def line(self):
        whom = ", rank 0 too" if self.root else ""
        memory = f" in {self.memory}" if self.memory else ""
        return f"{self.program} on {self.ranks} ranks{memory}, {self.network}, {self.kind} x {len(self.deeds)}{whom}"


def deed_of(chance, kind, at, root):
    what = chance.choice(["kill", "stop"]) if kind == "both" else kind
    victim = -1 if root else chance.random()
    if what == "stop":
        # Some are back before anybody misses them, some long after.
        return Deed(at, what, victim, chance.choice([chance.uniform(0.05, 0.8), chance.uniform(1.2, 3.5)]) * DEADLINE)
    if what == "pause":
        return Deed(at, what, 0, chance.uniform(1.3, 3) * DEADLINE)
    return Deed(at, what, victim)


def plan_of(seed, networks=NETWORKS):
    """The case of this seed; the same everywhere, but for `networks` that a machine lacks."""
    chance = random.Random(f"chaos {seed}")
    program = FARM if chance.random() < FARM_SHARE else chance.choice(list(PROGRAMS))
    ranks = chance.randint(3, 8)
    network = chance.choice(NETWORKS)
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    ranked = kind in ("kill", "stop", "both")
    root = ranked and chance.random() < 1 / 3
    most = {"pause": 2, "mpirun": MOST_RESTARTS_MEANT, "all": MOST_RESTARTS_MEANT}.get(kind, 2 * ranks - 4)
    count = 1 if chance.random() < 0.4 else chance.randint(1, most)
    # Some at the very begin and the very end; those after the end find nobody.
    moments = sorted(chance.choice([chance.uniform(0, 1), chance.uniform(0, 1), chance.uniform(0, 0.05),
                                    chance.uniform(0.85, 1.05)]) for _ in range(count))
    of_root = chance.randrange(count) if root else -1
    deeds = [deed_of(chance, kind, at, place == of_root) for place, at in enumerate(moments)]
    checkpoint = chance.choice(["auto", "1s", "100ms"])
    # Drawn last: what was drawn before them stays what it was.
    if "tcp" in networks and chance.random() < OUTPUTS_SHARE:
        program, network = OUTPUTS, "tcp"
    memory = SMALL if program in SPILLING and chance.random() < SMALL_SHARE else ""
    return Plan(seed, program, ranks, network if network in networks else networks[0], kind, root, checkpoint, deeds, memory)


def with_root(plan):
    """The same, and of single ranks one victim is the coordinator."""
    if plan.root or plan.kind not in ("kill", "stop", "both"):
        return plan
    deeds = list(plan.deeds)
    deeds[len(deeds) // 2] = dataclasses.replace(deeds[len(deeds) // 2], victim=-1)
    return dataclasses.replace(plan, root=True, deeds=deeds)


def farm_lines(seed=1):
    """Commands of 1 to 300 ms, most of them short; some with output, a few that fail."""
    chance = random.Random(f"farm {seed}")
    lines = []
    for unit in range(COMMANDS):
        seconds = chance.choice([0.001, 0.005, 0.02, 0.05, 0.1, chance.uniform(0.001, 0.3)])
        say = "" if unit % 3 else f"; echo out {unit}; echo err {unit} >&2"
        large = "" if unit % 40 != 5 else "; seq 3000"
        end = f"; exit {unit % 5 + 1}" if unit % 60 == FAILING else ""
        lines.append(f"sleep {seconds:.3f}{say}{large}{end}")
    return lines


def output_lines(seed=1):
    """Commands that write 1 to 8 MiB each."""
    chance = random.Random(f"outputs {seed}")
    return [f"yes {unit} | head -c {chance.randint(*OUTPUT_BYTES)}; sleep {chance.uniform(0, 0.2):.3f}"
            for unit in range(OUTPUT_COMMANDS)]


if __name__ == "__main__":
    print("kiln", *PROGRAMS)  # what must be built
