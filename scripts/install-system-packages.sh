#!/usr/bin/env bash
# Installs the Debian packages that some tests and the benchmark want, if they are missing and it may.
# Usage: install-system-packages.sh browser | bench
# Exit code 0: everything is there. 3: something could not be had (the message says what).
set -u

case "${1:-}" in
  browser)
    # A browser of one's own does as well; without a font its screenshots show boxes, but the tests run.
    if [ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ]; then exit 0; fi
    packages=(chromium fonts-dejavu-core)
    optional=fonts-dejavu-core
    ;;
  bench) packages=(nginx-light libnginx-mod-nchan) ;;
  *)
    echo "usage: $0 browser|bench" >&2
    exit 2
    ;;
esac

missing=()
refused() {
  if [ "${missing[*]}" = "${optional:-}" ]; then exit 0; fi
  exit 3
}
for package in "${packages[@]}"; do
  # A fuller build of nginx does as well as the light one.
  if [ "$package" = nginx-light ] && command -v nginx >/dev/null 2>&1; then continue; fi
  if ! dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
    missing+=("$package")
  fi
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "no apt-get here; install these by hand: ${missing[*]}" >&2
  refused
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "installing ${missing[*]} needs root: sudo apt-get install ${missing[*]}" >&2
    refused
  fi
fi

export DEBIAN_FRONTEND=noninteractive
options=(-o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o DPkg::Lock::Timeout=120)
install() {
  timeout 900 "${as_root[@]}" apt-get "${options[@]}" install --yes --no-install-recommends "${missing[@]}" </dev/null
}
echo "installing ${missing[*]}"
# The lists of a fresh image are empty or old; a refusal to refresh them does not have to be the end.
timeout 300 "${as_root[@]}" apt-get "${options[@]}" update </dev/null || echo "apt-get update failed, trying with the lists there are" >&2
if ! install; then
  echo "these packages could not be had: ${missing[*]}" >&2
  refused
fi
