# Settings and small tools of telephony.sh.
# shellcheck shell=bash disable=SC2034
dir=${TEL_DIR:-/tmp/trunkline-peers-$(id -u)}
prefix=${TEL_PREFIX:-15}
packages=${TEL_PACKAGES:-$dir/packages}
recordings=$dir/pbx/spool/monitor

say() { echo "telephony: $*" >&2; }

skip() {
  say "SKIPPED: $*"
  exit 77
}

# background NAME COMMAND...: starts a process of its own session and remembers its pid under the name.
background() {
  local name=$1
  shift
  setsid "$@" >>"$dir/log/$name.log" 2>&1 </dev/null &
  echo $! >"$dir/run/$name.pid"
}

# stop_process NAME: by its pid file; kills it if it does not go within 8 s.
stop_process() {
  local file="$dir/run/$1.pid" pid
  [ -f "$file" ] || return 0
  pid=$(cat "$file")
  kill "$pid" 2>/dev/null || true
  wait_for 160 gone "$pid" || kill -9 "$pid" 2>/dev/null || true
  rm -f "$file"
}

# A zombie counts as gone: in a container nobody may be there to reap it.
gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

# wait_for TRIES COMMAND...: until it succeeds, 50 ms between tries.
wait_for() {
  local tries=$1 try
  shift
  for ((try = 0; try < tries; try++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  return 1
}

# render FILE: prints a template of ours with its places filled in.
render() {
  sed -e "s#{{PREFIX}}#$prefix#g" -e "s#{{DIR}}#$dir#g" -e "s#{{RECORDINGS}}#$recordings#g" "$1"
}
