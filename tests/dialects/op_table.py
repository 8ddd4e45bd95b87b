# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of ops: what each op has, and the named test that shows it.

    op_table.py examples DIALECT FILE.td --include DIR     parses the documented example of each op
    op_table.py table DIALECT FILE.td --include DIR --invalid FILE.mlir --numeric FOLDER
                                                           runs the tests of every op and prints the table; fails if a cell is empty

DIR is what FILE.td includes Costate's from; --plugin LIBRARY loads the dialect of a plugin. Ops, examples and labelled constraints are read from the
generated documentation; nothing here names an op but where an example needs a symbol around it.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# The symbols that an example refers to.
AROUND = {
    "graph.vjp": """func.func private @loss(%w: tensor<8x4xf32>, %x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}) -> tensor<f32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %s = graph.reduce_sum %y axes [0, 1] : tensor<?x4xf32> -> tensor<f32>
  return %s : tensor<f32>
}""",
    "graph.jvp": """func.func private @f(%w: tensor<8x4xf32>, %x: tensor<?x8xf32> {graph.dims = [#graph.dim<n>, #graph.dim<8>]}) -> tensor<?x4xf32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}""",
    "graph.map": """func.func private @f(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<f32> {
  %y = graph.dot_general %a, %b contracting [0] x [0] : tensor<8xf32>, tensor<8xf32> -> tensor<f32>
  return %y : tensor<f32>
}""",
    "graph.leaf": 'optim.arena @f : f32 {\n  optim.leaf "w" [64, 128]\n  optim.leaf "b" [16]\n}',
    "graph.pack": 'optim.arena @f : f32 {\n  optim.leaf "w" [64, 128]\n  optim.leaf "b" [128]\n}',
}


def documentation(given):
    """{op: its page}, in the order of the definition files."""
    include = subprocess.run(["llvm-config", "--includedir"], capture_output=True, text=True, check=True).stdout.strip()
    page = subprocess.run(["mlir-tblgen", "-gen-dialect-doc", f"-dialect={given.dialect}", "-I", given.include, "-I", include, given.td],
                          capture_output=True, text=True, check=True).stdout
    parts = re.split(rf"^### `({given.dialect}\.\w+)` \(.*\)$", page, flags=re.M)
    return {name: re.split(r"^#### ", text, flags=re.M)[0] for name, text in zip(parts[1::2], parts[2::2])}


def free_values(example):
    """Values that an example uses and does not define, in order of use."""
    defined, free = set(), []
    for line in example.splitlines():
        left, is_definition, right = line.partition(" = ") if re.match(r"\s*%", line) else ("", "", line)
        for name in re.findall(r"%(\w+)", right if is_definition else line):
            if name not in defined and name not in free:
                free.append(name)
        if is_definition:
            defined.update(re.findall(r"%(\w+)", left))
    return free


def parse_example(op, example, plugins):
    """None if the example parses, else the message. The types of free values are learnt from the parser, which says what it expects."""
    types = {name: "none" for name in free_values(example)}
    while True:
        arguments = ", ".join(f"%{name}: {type}" for name, type in types.items())
        body = example if op.startswith("optim.") else f"func.func @example({arguments}) {{\n{example}\nreturn\n}}"
        run = subprocess.run(["costate-opt", *plugins, "-"], input=AROUND.get(op, "") + "\n" + body, capture_output=True, text=True)
        if run.returncode == 0:
            return None
        wanted = re.search(r"use of value '%(\w+)' expects different type than prior uses: '(.*?)' vs 'none'", run.stderr)
        if not wanted or types.get(wanted[1]) != "none":
            return next((line for line in run.stderr.splitlines() if "error:" in line), run.stderr)
        types[wanted[1]] = wanted[2]


def check_examples(given):
    """{op: None or what is wrong with its example}."""
    pages = documentation(given)

    def check(item):
        op, page = item
        blocks = re.findall(r"```mlir\n(.*?)```", page, flags=re.S)
        if not any(op in block for block in blocks):
            return op, "has no documented example"
        return op, next((error for block in blocks if (error := parse_example(op, block, given.plugins))), None)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(pool.map(check, pages.items()))


def labels(page):
    """The labels of constraints in a page: C1, C2 ..."""
    return sorted({label for group in re.findall(r"((?:C\d+(?:, )?)+):", page) for label in re.findall(r"C\d+", group)})


def verifier_tests(given):
    """Names of the functions and symbols in the file of invalid programs, which is run here."""
    subprocess.run(["costate-opt", *given.plugins, given.invalid, "-split-input-file", "-verify-diagnostics"], check=True)
    return re.findall(r"func\.func @(\w+)", given.invalid.read_text())


def values(given):
    """The checks that costate-values makes in the folder: a list of {op, test, kind, by, ok}. Those by "proof" name a test that failed when the
    op's values, vjp, jvp or batch answered zero."""
    def check(file):
        with tempfile.NamedTemporaryFile("r") as report:
            subprocess.run(["costate-values", *given.plugins, *given.libraries, f"--dialect={given.dialect}", "--compiled", "--zero-rules", f"--report={report.name}", file],
                           stdout=subprocess.DEVNULL)
            return [json.loads(line) for line in report]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return [line for lines in pool.map(check, sorted(given.numeric.glob("*.mlir"))) for line in lines]


def table(given):
    pages = documentation(given)
    examples = check_examples(given)
    invalid = verifier_tests(given)
    checks = values(given)
    columns = ["example", "verifier", "shapes", "vjp/jvp", "batch", "executor", "oracle"]
    rows, empty = {}, []
    for op, page in pages.items():
        short = op.split(".")[1]
        mine = [check for check in checks if check["op"] == short]

        def first(kinds, by):
            """The first check of these kinds by these executors, if all of them hold."""
            found = [check for check in mine if check["kind"] in kinds and check["by"] in by]
            return found[0]["test"] if found and all(check["ok"] for check in found) else None

        def proof(*kinds):
            """The tests that fail without these rules, if each of the rules has one."""
            found = [next((check["test"] for check in mine if check["by"] == "proof" and check["kind"] == kind and check["ok"]), None) for kind in kinds]
            return ", ".join(dict.fromkeys(found)) if all(found) else None

        wanted = labels(page)
        cases = [name for name in invalid if name.startswith(short + "_")]
        covered = [next((case for case in cases if case.startswith(f"{short}_{label.lower()}_")), None) for label in wanted]
        machine = ["loops in f64", "loops", "halide"]
        rows[op] = {
            "example": "documented" if examples[op] is None else None,
            "verifier": (covered[0] if all(covered) else None) if wanted else next(iter(cases), None),
            "shapes": first({"values", "gradient"}, {"oracle", "differences"}),  # the oracle compares every extent with the op's own inference
            "vjp/jvp": first({"gradient"}, {"differences", "differentiated"}) and proof("vjp", "jvp"),
            "batch": first({"map"}, {"differentiated"}) and proof("batch"),
            "executor": all(first({"values", "gradient"}, {by}) for by in machine) and first({"values", "gradient"}, machine),
            "oracle": first({"values", "gradient"}, {"oracle", "differences"}) and proof("value"),
        }
        empty += [f"{op}: {column}" for column in columns if not rows[op][column]]

    width = {column: max(len(column), *(len(row[column] or "-") for row in rows.values())) for column in columns}
    print("op".ljust(28), *(column.ljust(width[column]) for column in columns))
    for op, row in rows.items():
        print(op.ljust(28), *((row[column] or "-").ljust(width[column]) for column in columns))
    print(f"{len(rows)} ops, {len(empty)} empty cells")
    for cell in empty:
        print("empty:", cell)
    return 1 if empty else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["examples", "table"])
    parser.add_argument("dialect")
    parser.add_argument("td")
    parser.add_argument("--include", required=True, metavar="DIR")
    parser.add_argument("--plugin", dest="plugins", action="append", default=[], type="--plugin={}".format, metavar="LIBRARY")
    parser.add_argument("--extern", dest="libraries", action="append", default=[], type="--extern={}".format, metavar="LIBRARY", help="what numeric tests call")
    parser.add_argument("--invalid", type=pathlib.Path, metavar="FILE.mlir", help="a case for each labelled constraint of each op: OP_LABEL_...")
    parser.add_argument("--numeric", type=pathlib.Path, metavar="FOLDER", help="a file for each op, named as it")
    given = parser.parse_args()
    if given.action == "table":
        return table(given)
    errors = {op: error for op, error in check_examples(given).items() if error}
    for op, error in errors.items():
        print(f"{op}: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
