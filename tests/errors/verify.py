# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad inputs beside what Costate says about them: the whole message, its place and the exit code.

A file .costate holds models, cut by lines `#--- title`. A comment under a line is what is said about it, `^` under its place:

    fn f(x) = x ^ 2
    #           ^ error: '^' is not an operator here; '**' is the power

Each model goes through `costate compile` without these comments. Its errors, notes and remarks must be these, with the source line and the caret, and no
others but notes in the library.

A file .test holds commands, each with all that it must print on stderr, up to an empty line. Lines `>>>` are Python that runs before, in the folder of the
commands; files that they need stand at the end behind `#--- NAME`.

    $ costate train good.costate --epochs -1
    error: --epochs requires an integer >= 0, but got '-1'

    verify.py FILE              # fails with what differs
    verify.py --update FILE     # writes what is printed into the file: for review
    verify.py --count FOLDER    # how many there are
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

EXPECTATION = re.compile(r"#\s*(\^) ((?:error|note|remark): .*)")
DIAGNOSTIC = re.compile(r"(.*?):(\d+):(\d+): ((?:error|note|remark): .*)")
MARKER = "#--- "


def run(arguments, folder):
    """The exit code and stderr of a command; a file named without a folder is in `folder`."""
    environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
    done = subprocess.run(arguments, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
    return done.returncode, done.stderr.decode(errors="replace").splitlines()


def sections(text):
    """What stands before the first marker, then (marker line, text) for each."""
    parts = re.split(rf"^({MARKER}.*\n)", text, flags=re.MULTILINE)
    return parts[0], list(zip(parts[1::2], parts[2::2]))


# ==== Models =========================================================================================================================================


def split_model(text):
    """The model without its expectations, and those: (line, column, message), from 1, columns in characters."""
    lines, expected = [], []
    for line in text.rstrip("\n").split("\n"):
        found = EXPECTATION.fullmatch(line)
        if found:
            expected.append((len(lines), found.start(1) + 1, found.group(2)))
        else:
            lines.append(line)
    return lines, expected


def diagnose(lines, folder):
    """What is said about a model: (line, column, message); raises ValueError where it does not look as it should."""
    with open(os.path.join(folder, "model.costate"), "w", encoding="utf-8", newline="") as file:
        file.write("\n".join(lines))
    code, output = run(["costate", "compile", "model.costate", "--no-cache"], folder)
    if code != 1:
        raise ValueError(f"exit code {code}: " + "\n".join(output))
    said = []
    while output:
        found = DIAGNOSTIC.fullmatch(output.pop(0))
        if not found:
            raise ValueError("no place, or more than its source line and a caret")
        place, message = (int(found.group(2)), int(found.group(3))), found.group(4)
        source, caret = output[:2] if output and output[0].startswith("  ") else (None, None)
        del output[: 2 if source else 0]
        if found.group(1) != "model.costate":
            if message.startswith("error"):
                raise ValueError("an error outside of the model: " + message)
            continue
        text = lines[place[0] - 1]
        column = len(text.encode()[: place[1] - 1].decode())
        if text and (source != "  " + text or caret.index("^") != 2 + column):
            raise ValueError(f"source line or caret: {source!r}, {caret!r}")
        said.append((place[0], column + 1, message))
    return said


def verify_models(text, folder):
    """Returns complaints, and the text with what was said."""
    head, models = sections(text)
    complaints, written = [], [head]
    for title, body in models:
        lines, expected = split_model(body)
        try:
            said = diagnose(lines, folder)
        except ValueError as error:
            complaints.append(f"{title}{error}")
            written += [title, body]
            continue
        if sorted(said) != sorted(expected):
            complaints.append(title + "".join(f"  {'not said' if e in expected else 'not expected'}: {e}\n" for e in set(said) ^ set(expected)))
        written.append(title)
        for number, line in enumerate(lines, 1):
            written.append(line + "\n")
            written += [f"#{' ' * (column - 2)}^ {message}\n" for at, column, message in said if at == number]
        written.append("\n" * (len(body) - len(body.rstrip("\n")) - 1))
    return complaints, "".join(written)


# ==== Commands =======================================================================================================================================


def verify_commands(text, folder):
    body, files = sections(text)
    for marker, content in files:
        with open(os.path.join(folder, marker[len(MARKER) :].strip()), "w", encoding="utf-8") as file:
            file.write(content)
    import numpy  # where no model needs it

    os.chdir(folder)
    names = {"np": numpy}
    complaints, written, lines = [], [], body.split("\n")
    while lines:
        line = lines.pop(0)
        written.append(line)
        if line.startswith(">>> "):
            exec(line[4:], names)
        if not line.startswith("$ "):
            continue
        expected = []
        while lines and lines[0]:
            expected.append(lines.pop(0))
        code, said = run(shlex.split(line[2:]), folder)
        if said != expected or code != (1 if said else 0):
            complaints.append("\n".join([line, "requires:", *expected, f"but got exit code {code}:", *said, ""]))
        written += said
    return complaints, "\n".join(written) + "".join(marker + content for marker, content in files)


# ==== Main ===========================================================================================================================================


def count(folder):
    models = commands = messages = 0
    for path in sorted(pathlib.Path(folder).glob("*.*")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".costate":
            models += len(sections(text)[1])
            messages += sum(1 for line in text.splitlines() if EXPECTATION.fullmatch(line) and "error: " in line)
        elif path.suffix == ".test":
            found = len(re.findall(r"^\$ .*\n(?=.)", sections(text)[0], flags=re.MULTILINE))
            commands += found
            messages += found
    print(f"{models} models and {commands} commands, {messages} errors")


def main():
    *flags, path = sys.argv[1:]
    if flags == ["--count"]:
        return count(path)
    text = pathlib.Path(path).read_text(encoding="utf-8")
    verify = verify_models if path.endswith(".costate") else verify_commands
    path = os.path.abspath(path)
    with tempfile.TemporaryDirectory() as folder:
        complaints, written = verify(text, folder)
        os.chdir("/")
    if flags == ["--update"]:
        print("\n".join(c for c in complaints if "exit code" in c and "exit code 1:" not in c), end="")
        return pathlib.Path(path).write_text(written, encoding="utf-8") and 0
    print("\n".join(complaints), end="")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
