#!/usr/bin/env python3
"""Times Cermet and ONNX Runtime side by side on the same models, inputs and machine, and prints a table.

Every job is a fresh process. Within a round the two run one after the other, and rounds follow each other, so that a
machine that speeds up or slows down meets both. A model is a folder with model.onnx and case0.npz or case.npz, whose
in_<input> arrays are the inputs. docs/benchmarks.md says how to set this up and how to read the table.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

WARM_UP_RUNS = 3
FEWEST_RUNS = 10


def ort_job(model, case, threads, min_time):
    """Runs in its own process: times ONNX Runtime and prints one JSON object."""
    import numpy as np
    import onnxruntime

    with np.load(case) as arrays:
        feeds = {name.removeprefix("in_"): arrays[name] for name in arrays if name.startswith("in_")}
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3

    start = time.perf_counter()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    compile_ms = 1e3 * (time.perf_counter() - start)
    start = time.perf_counter()
    session.run(None, feeds)
    first_run_ms = 1e3 * (time.perf_counter() - start)
    for _ in range(WARM_UP_RUNS):
        session.run(None, feeds)

    runs = []
    end = time.perf_counter() + min_time
    while len(runs) < FEWEST_RUNS or time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feeds)
        runs.append(1e3 * (time.perf_counter() - start))
    runs.sort()
    result = {
        "version": onnxruntime.__version__,
        "compile_ms": compile_ms,
        "first_run_ms": first_run_ms,
        "min_ms": runs[0],
        "median_ms": runs[len(runs) // 2],
        "runs": len(runs),
        "threads": threads,
    }
    print(json.dumps(result))


def run(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"exit status {done.returncode}")
    return done.stdout


def time_ort(args, model, case, threads):
    command = [sys.executable, __file__, "--ort-job", str(model), str(case), str(threads), str(args.min_time)]
    return json.loads(run(command).splitlines()[-1])


def time_cermet(args, model, case, threads):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "bench.json"
        command = [args.cermet, "bench", str(model), "--case", str(case), "--threads", str(threads)]
        command += ["--min-time", str(args.min_time), "--json", str(out)]
        run(command + args.cermet_flag, CERMET_CACHE_DIR=str(pathlib.Path(folder) / "cache"))  # empty: a cold compile
        return json.loads(out.read_text())


def combine(rounds):
    """The minimum of the minima and the median of the medians, with the compile time of the first round."""
    medians = sorted(r["median_ms"] for r in rounds)
    return {
        "min_ms": min(r["min_ms"] for r in rounds),
        "median_ms": medians[len(medians) // 2],
        "compile_ms": rounds[0]["compile_ms"],
    }


def find_case(folder):
    for name in ("case0.npz", "case.npz"):
        if (folder / name).exists():
            return folder / name
    sys.exit(f"bench.py: no case0.npz or case.npz in {folder}")


def bench_model(args, folder, threads):
    model, case = folder / "model.onnx", find_case(folder)
    row = {"model": folder.name, "threads": threads}
    rounds = {"ort": [], "cermet": []}
    for _ in range(args.rounds):
        for name, job in (("ort", time_ort), ("cermet", time_cermet)):
            if name in row:
                continue  # it failed in an earlier round
            try:
                rounds[name].append(job(args, model, case, threads))
            except RuntimeError as error:
                row[name] = {"error": str(error)}
    for name, results in rounds.items():
        row.setdefault(name, combine(results) if results else None)
    return row


def table(rows):
    head = "| model | threads | ORT min ms | Cermet min ms | ratio | ORT median ms | Cermet median ms | ratio | ORT load ms | Cermet compile ms |"
    lines = [head, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    ratios = {}
    for row in rows:
        ort, cermet = row["ort"], row["cermet"]
        failed = [f"{name}: {row[name]['error']}" for name in ("ort", "cermet") if "error" in row[name]]
        if failed:
            lines.append(f"| {row['model']} | {row['threads']} | {'; '.join(failed)} |||||||||")
            continue
        by_min, by_median = cermet["min_ms"] / ort["min_ms"], cermet["median_ms"] / ort["median_ms"]
        ratios.setdefault(row["threads"], []).append(by_median)
        lines.append(
            f"| {row['model']} | {row['threads']} "
            f"| {ort['min_ms']:.3f} | {cermet['min_ms']:.3f} | {by_min:.2f} "
            f"| {ort['median_ms']:.3f} | {cermet['median_ms']:.3f} | {by_median:.2f} "
            f"| {ort['compile_ms']:.0f} | {cermet['compile_ms']:.0f} |"
        )
    for threads, values in ratios.items():
        mean = math.exp(sum(map(math.log, values)) / len(values))
        lines.append(
            f"\nThreads {threads}: geometric mean of the median ratios {mean:.2f}, worst {max(values):.2f}, "
            f"over {len(values)} models. A ratio above 1 means that Cermet is slower."
        )
    return "\n".join(lines)


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def main():
    if len(sys.argv) == 6 and sys.argv[1] == "--ort-job":
        ort_job(sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5]))
        return
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path, help="folders with model.onnx and case0.npz")
    parser.add_argument("--cermet", default=str(root / "build/release/bin/cermet"), help="the cermet binary")
    parser.add_argument("--cermet-flag", action="append", default=[], help="a further flag of `cermet bench` (repeatable)")
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2], help="such as 1,2")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved repetitions of each job")
    parser.add_argument("--min-time", type=float, default=1.0, help="seconds of timed runs in each job")
    parser.add_argument("--json", type=pathlib.Path, help="also write every number here")
    args = parser.parse_args()

    import onnxruntime

    print(f"{cpu_name()}; ONNX Runtime {onnxruntime.__version__}; {run([args.cermet, 'version']).splitlines()[0]}\n")
    rows = []
    for folder in args.models:
        for threads in args.threads:
            if sys.stderr.isatty():
                print(f"\r\033[K{folder.name}, {threads} threads", end="", file=sys.stderr, flush=True)
            rows.append(bench_model(args, folder, threads))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(table(rows))
    if args.json:
        args.json.write_text(json.dumps({"cpu": cpu_name(), "rows": rows}, indent=1) + "\n")
    if any("error" in row[name] for row in rows for name in ("ort", "cermet")):
        sys.exit(1)


if __name__ == "__main__":
    main()
