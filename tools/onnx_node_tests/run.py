#!/usr/bin/env python3
"""Runs the node tests of the `onnx` Python package through `cermet run`.

The package makes the tests (a model, inputs, expected outputs): one folder each with model.onnx and test_data_set_0, written below
--data when that folder is not there yet. Prints what failed and how, and a summary; exits with 1 if a test failed for another
reason than something that Cermet says it does not have.
"""

import argparse
import collections
import concurrent.futures
import csv
import json
import pathlib
import re
import subprocess
import sys

OK, UNSUPPORTED, FAILED = "ok", "unsupported", "failed"


def generate(folder):
    import numpy as np
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        types = [i.type for i in case.model.graph.input] + [o.type for o in case.model.graph.output]
        inputs, outputs = case.data_sets[0]
        values = list(inputs) + list(outputs)
        plain = all(isinstance(v, (np.ndarray, np.generic, onnx.TensorProto)) for v in values)
        if not plain or not all(t.HasField("tensor_type") for t in types):
            continue
        data = folder / case.name / "test_data_set_0"
        data.mkdir(parents=True)
        (folder / case.name / "model.onnx").write_bytes(case.model.SerializeToString())
        (folder / case.name / "tolerance.json").write_text(json.dumps({"rtol": case.rtol, "atol": case.atol}))
        for kind, arrays, infos in (("input", inputs, case.model.graph.input), ("output", outputs, case.model.graph.output)):
            for i, (array, info) in enumerate(zip(arrays, infos)):
                tensor = array if isinstance(array, onnx.TensorProto) else numpy_helper.from_array(np.asarray(array), info.name)
                (data / f"{kind}_{i}.pb").write_bytes(tensor.SerializeToString())


def run_test(args, folder):
    tolerance = json.loads((folder / "tolerance.json").read_text())
    command = [args.cermet, "run", str(folder / "model.onnx"), "--device", args.device]
    command += ["--rtol", str(tolerance["rtol"]), "--atol", str(max(tolerance["atol"], 1e-7))]
    for data in sorted(folder.glob("test_data_set_*")):
        try:
            done = subprocess.run(command + ["--case", str(data)], capture_output=True, text=True, timeout=args.timeout)
        except subprocess.TimeoutExpired:
            return FAILED, "timeout"
        if done.returncode == 0:
            continue
        message = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").replace(str(folder), folder.name)
        outside = [line for line in done.stdout.splitlines() if "OUTSIDE" in line]
        if outside:
            message += "\n" + "\n".join(outside)
        if done.returncode < 0 or done.returncode > 2:
            return FAILED, f"CRASH {done.returncode}: {message}"
        unsupported = re.search(r"not supported|not a dense tensor|not a supported element type|has no shape", message)
        return (UNSUPPORTED if unsupported else FAILED), message
    return OK, ""


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=root / "build/onnx_node_tests", help="the folder of the tests")
    parser.add_argument("--cermet", default=str(root / "build/release/bin/cermet"))
    parser.add_argument("--device", default="cpu", choices=["cpu", "reference"])
    parser.add_argument("--scope", type=pathlib.Path, help="a CSV with the columns test and scope: run only those with scope yes")
    parser.add_argument("--filter", default="", help="a regular expression that the test's name must match")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("--verbose", action="store_true", help="every message in full")
    args = parser.parse_args()
    if not args.data.is_dir():
        try:
            generate(args.data)
        except ImportError:
            print("SKIPPED: the onnx package is not installed, and --data names no folder with its tests")
            return
    folders = [f for f in sorted(args.data.iterdir()) if (f / "model.onnx").exists() and re.search(args.filter, f.name)]
    if args.scope:
        with open(args.scope, newline="") as file:
            wanted = {row["test"] for row in csv.DictReader(file) if row["scope"] == "yes"}
        folders = [f for f in folders if f.name in wanted]

    results = {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for folder, result in zip(folders, pool.map(lambda f: run_test(args, f), folders)):
            results[folder.name] = result
    for name, (state, message) in results.items():
        if state == FAILED or (state == UNSUPPORTED and args.verbose):
            print(f"{state} {name}: {message if args.verbose else message.splitlines()[0][:200]}")
    counts = collections.Counter(state for state, _ in results.values())
    print(f"{counts[OK]} ok, {counts[UNSUPPORTED]} unsupported, {counts[FAILED]} failed of {len(results)}")
    if counts[FAILED]:
        sys.exit(1)


if __name__ == "__main__":
    main()
