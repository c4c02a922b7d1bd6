# An ADB server and three adbd, each with stand-ins for Android's own programs (phone/) and a state directory.
# adbd listens on every interface, asks for no key and can't be told otherwise, so it only runs where no network
# reaches it: in a network namespace, or with its bind() calls turned to loopback. Where neither can be had there are
# no phones, and TEL_PHONES in the settings is empty.
# shellcheck shell=bash
choose_cage() {
  if [ -z "${TEL_NO_NAMESPACE:-}" ] && [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
    echo namespace
  elif command -v cc >/dev/null && cc -shared -fPIC -O2 -o "$dir/loopback-only.so" "$kit/kit/loopback-only.c" 2>/dev/null; then
    echo preload
  elif unshare -Urn true 2>/dev/null; then
    echo user-namespace
  fi
}

# slots_in CAGE COMMAND...: starts the keeper of the adbd processes by that command.
slots_in() {
  local cage=$1 program preload=
  shift
  [ "$cage" = preload ] && preload="--preload $dir/loopback-only.so"
  program="$(loader) $preload --library-path $(libraries):$(libraries)/android $packages/root/usr/lib/android-sdk/platform-tools/adbd"
  background slots env TEL_DIR="$dir" TEL_PREFIX="$prefix" ADBD="$program" CAGE="$cage" "$@" node "$kit/slots.mjs"
}

connected() {
  HOME=$dir "$dir/bin/adb" -P "${prefix}037" connect "$1" | grep -qE '^(connected|already)'
}

start_phones() {
  local cage number
  cage=$(choose_cage)
  if [ -z "$cage" ]; then
    say "no phones: neither a network namespace nor a C compiler to keep adbd off the network"
    return
  fi
  mkdir -p "$dir/phone"
  cp "$kit"/phone/* "$dir/phone/"
  chmod +x "$dir"/phone/*
  HOME=$dir ADB_MDNS_AUTO_CONNECT=0 background adb "$dir/bin/adb" -P "${prefix}037" server nodaemon
  case $cage in
    preload) slots_in preload ;;
    namespace) slots_in namespace unshare -n ;;
    user-namespace) slots_in namespace unshare -Urn ;;
  esac
  [ "$cage" = preload ] || background cables env TEL_DIR="$dir" TEL_PREFIX="$prefix" node "$kit/cables.mjs"
  for number in $(seq 1 "${TEL_PHONE_COUNT:-3}"); do
    wait_for 100 connected "127.0.0.1:$((prefix * 1000 + 600 + number))" || {
      say "slot $number did not come: $dir/log/slots.log"
      exit 1
    }
  done
  echo "$cage" >"$dir/run/phones.cage"
}
