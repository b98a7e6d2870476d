"""Time linelab beside its peers: ``make bench``, or ``python tests/bench/run.py --help``.

Everything is measured in interleaved rounds in one process tree: in each round each contender runs once, in a
process of its own, after a short run that is not timed; ratios are taken within a round, so that whatever
slows the machine for a while slows both sides. The line: five stations with exponential times of mean 1,
buffers of 5, the first saturated, blocking after service; once reliable, once with failures on the operating
clock (MTBF 100, MTTR 10).
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PARTS = {"store": 20_000, "ciw_line": 4_000, "salabim_line": 3_000, "simantha_line": 6_000,
         "factorysimpy_line": 2_000, "cimba_line": 1_000_000}  # fmt: skip
OURS = ("linelab simpy", "linelab recursion", "bare numpy recursion")
REFERENCE = "store"
TO_A_TIME = ("ciw_line", "simantha_line", "factorysimpy_line", "cimba_line")


def one(contender: str, failing: bool) -> tuple[float, float]:
    """Parts a second and throughput of one timed run."""
    if contender == "bare numpy recursion":
        if failing:
            raise NotImplementedError("no failures without bookkeeping")
        return _timed(lambda parts: _bare(parts, 1000), 1000, 1000)
    if contender.startswith("linelab"):
        return _linelab(contender.split()[1], failing)
    peer = importlib.import_module(contender)
    speed, throughput = _timed(lambda parts: peer.run(parts, 1, failing), PARTS[contender], 1)
    if contender in TO_A_TIME:  # these run for as long as the parts should take: count those that came out
        speed *= throughput / (0.65 if failing else 0.79)
    return speed, throughput


def _timed(run: Callable[[int], float], parts: int, replications: int) -> tuple[float, float]:
    run(max(parts // 20, 10))
    begun = time.perf_counter()
    throughput = run(parts)
    return parts * replications / (time.perf_counter() - begun), throughput


def _line(failing: bool, stations: int = 5):
    from linelab import Exponential, Failures, Line, Station

    failures = Failures(Exponential(100.0), Exponential(10.0)) if failing else None
    return Line([Station(f"s{j}", Exponential(1.0), failures) for j in range(stations)], [5] * (stations - 1))


def _linelab(engine: str, failing: bool) -> tuple[float, float]:
    from linelab import simulate

    line, replications = _line(failing), 1000 if engine == "recursion" else 1
    parts = 1000 if engine == "recursion" else 50_000

    def run(parts: int) -> float:
        return simulate(line, parts=parts, replications=replications, engine=engine).throughput.mean

    return _timed(run, parts, replications)


def _bare(parts: int, replications: int) -> float:
    """The recursion and nothing else: draws of one generator, departures of the last station."""
    import numpy as np

    work = np.random.default_rng(1).standard_exponential((5, parts, replications))
    leave: list[list[np.ndarray]] = [[] for _ in range(5)]
    for n in range(parts):
        for j in range(5):
            begin = leave[j - 1][n] if j else None
            if n:
                begin = leave[j][n - 1] if begin is None else np.maximum(begin, leave[j][n - 1])
            done = work[j][n] if begin is None else begin + work[j][n]
            if j < 4 and n > 5:
                done = np.maximum(done, leave[j + 1][n - 6])
            leave[j].append(done)
    return float((parts / leave[4][-1]).mean())


def memory(departures: bool) -> float:
    """Peak MB of 1,000 replications of 10,000 parts through ten stations."""
    from linelab import simulate

    extent = {"parts": 10_000} if departures else {"horizon": 10_000 / 0.7617}
    simulate(_line(False, 10), replications=1000, **extent)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def two_cores() -> float:
    """Efficiency of two processes: time alone over twice the time shared, the median of five pairs."""
    from linelab import simulate

    line, found = _line(False), []
    simulate(line, parts=10, replications=4, jobs=2)  # the processes start once
    for _ in range(5):
        took = []
        for jobs in (1, 2):
            begun = time.perf_counter()
            simulate(line, parts=1000, replications=4000, jobs=jobs)
            took.append(time.perf_counter() - begun)
        found.append(took[0] / (2 * took[1]))
    return statistics.median(found)


def _child(arguments: list[str]) -> dict[str, float | str]:
    """Run this file in a process of its own; what it said."""
    command = [sys.executable, str(HERE / "run.py"), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        return {"error": "took more than ten minutes"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
    answer: dict[str, float | str] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--only", nargs="*", help="contenders to run, besides the reference")
    parser.add_argument("--one", nargs=2, metavar=("CONTENDER", "KIND"), help=argparse.SUPPRESS)
    parser.add_argument("--extra", choices=("memory", "memory-parts", "cores"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT / "labs"), str(HERE / "peers")]
    if options.rounds < 1:
        parser.error("--rounds: give one or more")
    if options.one:
        speed, throughput = one(options.one[0], options.one[1] == "failing")
        print(json.dumps({"speed": speed, "throughput": throughput}))
        return
    if options.extra:
        value = two_cores() if options.extra == "cores" else memory(options.extra == "memory-parts")
        print(json.dumps({"value": value}))
        return
    contenders = [REFERENCE, *(c for c in (*OURS, *PARTS) if c != REFERENCE)]
    if options.only:
        contenders = [c for c in contenders if c == REFERENCE or c in options.only]
    results = _measure(contenders, options.rounds)
    extras = {name: _child(["--extra", name]) for name in ("memory", "memory-parts", "cores")}
    _report(results, extras)


def _measure(contenders: list[str], rounds: int) -> dict[str, dict[str, list[dict[str, float | str]]]]:
    results = {kind: {c: [] for c in contenders} for kind in ("reliable", "failing")}
    skipped = set()
    for i in range(rounds):
        for kind, rows in results.items():
            for contender in contenders[i % len(contenders) :] + contenders[: i % len(contenders)]:
                if (kind, contender) in skipped:
                    continue
                _say(f"round {i + 1} of {rounds}: {kind}, {contender}")
                answer = _child(["--one", contender, kind])
                answer["round"] = i
                if "error" in answer:
                    skipped.add((kind, contender))
                rows[contender].append(answer)
    _say("")
    return results


def _say(words: str) -> None:
    print(f"\r{words:<70}\r", end="", file=sys.stderr, flush=True)


def _report(results: dict, extras: dict) -> None:
    for kind, rows in results.items():
        print(f"\n{kind}\n")
        print("| program | parts/s (median, least to most) | times hand-written SimPy | throughput |")
        print("|---|---|---|---|")
        reference = {a["round"]: a["speed"] for a in rows[REFERENCE] if "speed" in a}
        for contender, answers in rows.items():
            good = [a for a in answers if a["round"] in reference and "speed" in a]
            if not good:
                print(f"| {contender} | - | - | {answers[-1].get('error', 'no round with the reference')} |")
                continue
            speeds = [a["speed"] for a in good]
            ratios = [a["speed"] / reference[a["round"]] for a in good]
            print(
                f"| {contender} "
                f"| {statistics.median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f}) "
                f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) "
                f"| {good[-1]['throughput']:.3f} |"
            )
    print("\n1,000 replications of 10,000 parts through 10 stations, peak MB")
    print("  to a horizon, no departures:", extras["memory"])
    print("  a number of parts, with their departures:", extras["memory-parts"])
    print("efficiency of two processes, 4,000 replications of 1,000 parts:", extras["cores"])
    out = ROOT / "_build" / "bench.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"results": results, "extras": extras}, indent=1), "utf-8")
    print(f"figures of every round: {out}")


if __name__ == "__main__":
    main()
