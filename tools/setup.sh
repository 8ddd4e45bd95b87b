#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what the build needs on Debian 12: system packages, and a Python environment with the wheels of tools/requirements.txt
# (Halide, CMake, lit, NumPy). Looks first, changes nothing that is there, and takes well under a second when nothing is missing.
#
#   tools/setup.sh          as root, or as a user who may use sudo
#
# COSTATE_VENV names the Python environment; the default is .venv beside the Makefile. docs/dependencies.md gives the reason of each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  binutils ccache clang-22 clang-format-22 flatbuffers-compiler git libabsl-dev libclang-rt-22-dev libcli11-dev libflatbuffers-dev
  libgmock-dev libgtest-dev liblld-22-dev libmlir-22-dev lld-22 llvm-22-dev llvm-22-tools make mlir-22-tools ninja-build
  nlohmann-json3-dev pkg-config python3 python3-venv zlib1g-dev
)
venv=${COSTATE_VENV:-$PWD/.venv}

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

# Prints the packages, of those named, that dpkg does not list as installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null | sed -n 's/^.i //p' || true)
  printf '%s\n' "$@" | grep -Fxv -e "$installed" || true
}

# Prints the packages, of those named, for which apt knows no version.
unavailable_packages() {
  local name
  for name in "$@"; do
    [[ $(apt-cache policy "$name" 2>/dev/null) == *"Candidate: "[0-9]* ]] || echo "$name"
  done
}

install_packages() {
  local missing as_root=() unavailable
  mapfile -t missing < <(missing_packages "${packages[@]}")
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "needs ${#missing[@]} more Debian packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "requires root or sudo to install packages; ask an administrator for: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "updates the package lists (apt-get update)"
  # One unreachable source does not matter as long as the packages themselves can be had, which is checked next.
  "${as_root[@]}" apt-get update -q </dev/null || say "apt-get update reported a problem; continues with the lists there are"
  mapfile -t unavailable < <(unavailable_packages "${missing[@]}")
  [ "${#unavailable[@]}" -eq 0 ] || fail "no configured package source offers: ${unavailable[*]}
  Debian 12 has all of them in its main and security sections; check /etc/apt/sources.list and /etc/apt/sources.list.d
  for 'bookworm' and 'bookworm-security', and the network, then run this again"
  say "installs them (apt-get install)"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null ||
    fail "apt-get could not install the packages above; its own message is just before this line"
}

# The environment is complete when its copy of the requirements, written last, is the one in the tree.
install_wheels() {
  local stamp=$venv/costate-requirements.txt
  cmp -s tools/requirements.txt "$stamp" && [ -x "$venv/bin/python3" ] && return 0
  if ! "$venv/bin/python3" -m pip --version >/dev/null 2>&1; then
    # Debian's interpreter first: python3-venv, installed above, belongs to it; one on PATH may lack ensurepip.
    say "creates the Python environment $venv"
    /usr/bin/python3 -m venv --clear "$venv" || fail "requires 'python3 -m venv' to work, but /usr/bin/python3 could not create $venv"
  fi
  say "installs the wheels of tools/requirements.txt into it"
  "$venv/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r tools/requirements.txt ||
    fail "pip could not install tools/requirements.txt; check that a Python package index can be reached, then run this again"
  cp tools/requirements.txt "$stamp"
}

[ -e /etc/debian_version ] || fail "requires Debian 12 or a system with its packages; elsewhere install what docs/dependencies.md lists"
install_packages
install_wheels
