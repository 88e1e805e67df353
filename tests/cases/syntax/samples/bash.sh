#!/usr/bin/env bash
# Orders of a shop.
set -euo pipefail

source ./lib/stock.sh
. "$(dirname "$0")/errors.sh"

readonly MAX_LINES=100
export CURRENCY="EUR"
orders=()

# Sum of all lines.
total() {
  local file=$1 total=0
  while read -r name price; do
    total=$((total + price))
  done < "$file"
  echo "$total"
}

function reserve {
  local attempt
  for attempt in 1 2 3; do
    if curl --fail "localhost/$1"; then
      return 0
    else
      echo "attempt $attempt: it's gone" >&2
    fi
  done
  case "$1" in
    a*) echo "a" ;;
    *) return 1 ;;
  esac
}

cat <<TEXT
a long "text" of ${CURRENCY}
TEXT

main() {
  for order in "${orders[@]}"; do
    reserve "$order" || total "$order"
  done
}

main "$@"
