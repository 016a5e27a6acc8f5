#!/usr/bin/env bash
# usage: lint.sh mandoc|shellcheck|format ROOT
# Exits 0 if clean, 1 if not, 77 (skipped) and says why if the program to ask is not here.
set -euo pipefail

lint=$1
cd "$2"
skip() {
  echo "skipped: $*"
  exit 77
}

case $lint in
  mandoc)
    command -v mandoc >/dev/null || skip "no mandoc here"
    # From their own folder, so that the pages find each other.
    cd man
    pages=(*.[1-9])
    # Every level counts, down to matters of style.
    mandoc -Tlint "${pages[@]}"
    echo "${#pages[@]} pages"
    ;;
  shellcheck)
    command -v shellcheck >/dev/null || skip "no shellcheck here"
    # Whatever its name, a script says so in its first line.
    mapfile -t scripts < <(find scripts .ci tests -type f -print | sort |
      while read -r file; do
        case $file in *.cc | *.h | *.py) continue ;; esac
        read -r first <"$file" 2>/dev/null || true
        [[ $first == '#!'*sh || $first == '# shellcheck shell='* ]] && echo "$file"
      done)
    ((${#scripts[@]})) || { echo "no scripts found"; exit 1; }
    shellcheck "${scripts[@]}"
    echo "${#scripts[@]} scripts"
    ;;
  format)
    # Other versions of clang-format lay some lines out otherwise.
    wanted=14
    clang_format=clang-format
    command -v "clang-format-$wanted" >/dev/null && clang_format=clang-format-$wanted
    command -v "$clang_format" >/dev/null || skip "no clang-format here"
    version=$("$clang_format" --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
    [[ $version == "$wanted" ]] || skip "clang-format is $version here, and the style is that of $wanted"
    mapfile -t files < <(find libcore tools tests -name '*.h' -o -name '*.cc' | sort)
    "$clang_format" --style=file --dry-run -Werror "${files[@]}"
    echo "${#files[@]} files"
    ;;
  *)
    echo "lint.sh: unknown lint '$lint'" >&2
    exit 2
    ;;
esac
