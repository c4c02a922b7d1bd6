#!/usr/bin/env bash
# Real peers for the tests: Asterisk 22, sshd, sipp phones and carriers, an ADB server and adbd "phones".
# Usage: telephony.sh install | up | down | env | start NAME | stop NAME
#
#   start, stop   one of a set that is up: asterisk or sshd. A stopped sshd keeps the connections it has.
#   TEL_DIR       everything it writes; default /tmp/trunkline-peers-<uid>. Keep it short: it holds Unix sockets.
#   TEL_PREFIX    first digits of every port, 10 to 64; default 15 gives 15060 SIP, 15022 SSH, 15038 AMI, …
#   TEL_PACKAGES  where the unpacked packages are kept; default $TEL_DIR/packages. May be shared and cached.
#   TEL_PHONE_COUNT  how many phones; default 3. Each is an adbd of 9 MB.
#   TEL_SUITES    Debian suites to try, in this order; default "forky sid".
#
# Works as root and as an ordinary user, installs nothing into the system. Exit code 77: the packages can't be had
# here, the last line of stderr says why. Two sets run side by side with different TEL_DIR and TEL_PREFIX.
set -euo pipefail
kit=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
for part in common packages programs asterisk ssh phones; do . "$kit/kit/$part.sh"; done

up() {
  install_packages
  write_programs
  if compgen -G "$dir/run/*.pid" >/dev/null; then
    say "already up, or not taken down after a failure: run 'down' first"
    exit 1
  fi
  mkdir -p "$dir"/{run,log}
  # An Asterisk with a call needs ten descriptors for it.
  ulimit -n 8192 2>/dev/null || say "only $(ulimit -n) descriptors: about $(($(ulimit -n) / 10)) calls at once"
  start_sip_peers
  start_asterisk
  write_ssh_config
  start_sshd
  start_phones
  settings >"$dir/env"
  say "up; its settings are in $dir/env"
}

# What a test needs to know, as NAME=value lines.
settings() {
  cat <<END
TEL_DIR=$dir
TEL_PREFIX=$prefix
TEL_PROGRAMS=$dir/bin
TEL_SSH_HOST=127.0.0.1
TEL_SSH_PORT=${prefix}022
TEL_SSH_USER=$(id -un)
TEL_SSH_KEY=$dir/ssh/client
TEL_SSH_HOSTKEY=$(cut -d' ' -f2 "$dir/ssh/host.pub")
TEL_AMI_PORT=${prefix}038
TEL_AMI_USER=bridge
TEL_AMI_SECRET=loopback-ami-secret
TEL_SIP_PORT=${prefix}060
TEL_RECORDINGS=$recordings
TEL_ADB_PORT=${prefix}037
TEL_PHONES=$(cat "$dir/run/phones.cage" 2>/dev/null || true)
TEL_SLOTS=127.0.0.1:${prefix}601,127.0.0.1:${prefix}602,127.0.0.1:${prefix}603
TEL_PHONE_STATE=$dir/phones
END
}

# Stops what this directory's pid files name, phones first, and waits until each is gone.
down() {
  local name
  for name in slots cables adb sshd asterisk; do stop_process "$name"; done
  for name in $(cd "$dir/run" 2>/dev/null && ls -- *.pid 2>/dev/null); do stop_process "${name%.pid}"; done
  rm -f "$dir/run/phones.cage"
  say down
}

case "${1:-}" in
  install) install_packages ;;
  up) up ;;
  down) down ;;
  env) settings ;;
  start)
    case "${2:-}" in
      asterisk) start_asterisk ;;
      sshd) start_sshd ;;
      *) exit 64 ;;
    esac
    ;;
  stop) stop_process "${2:?which one}" ;;
  *)
    sed -n 2,3p "$0" >&2
    exit 64
    ;;
esac
