# Asterisk, and sipp as its phones and carriers. Everything listens on loopback only.
# shellcheck shell=bash

# Name, address, port, first RTP port and scenario of each. Carriers have addresses of their own, for Asterisk tells
# them apart by address. Nobody is at 127.0.0.3: the dead carrier.
sip_peers() {
  cat <<END
phone-150 127.0.0.1 ${prefix}150 30000 phone.xml
phone-151 127.0.0.1 ${prefix}151 31000 phone.xml
carrier 127.0.0.2 ${prefix}070 32000 carrier.xml
carrier-refusing 127.0.0.4 ${prefix}070 33000 carrier-refusing.xml
END
}

write_asterisk_config() {
  local file modules etc=$dir/pbx/etc
  mkdir -p "$dir"/pbx/{etc,run,log/cdr-csv,spool,lib/moh,sipp} "$recordings"
  for file in "$kit"/asterisk/*.conf; do render "$file" >"$etc/$(basename "$file")"; done
  for file in "$kit"/sipp/*.xml; do render "$file" >"$dir/pbx/sipp/$(basename "$file")"; done
  node "$kit/kit/tone.mjs" >"$dir/pbx/sipp/tone.ul"
  modules=$(libraries)/asterisk/modules
  [ -d "$modules" ] || modules=$packages/root/usr/lib/asterisk/modules
  cat >"$etc/asterisk.conf" <<END
[directories]
astetcdir => $etc
astmoddir => $modules
astvarlibdir => $dir/pbx/lib
astdbdir => $dir/pbx/lib
astkeydir => $dir/pbx/lib
astdatadir => $packages/root/usr/share/asterisk
astagidir => $dir/pbx/agi
astspooldir => $dir/pbx/spool
astrundir => $dir/pbx/run
astlogdir => $dir/pbx/log
[options]
verbose = 3
nocolor = yes
lockconfdir = no
END
}

booted() { "$dir/bin/asterisk" -rx 'core waitfullybooted' | grep -q 'fully booted'; }
registered() { "$dir/bin/asterisk" -rx 'pjsip show registrations' | grep -qE 'trunk-main.* Registered'; }

# The peers first, so that the first REGISTER is answered. Without -deadcall_wait 0 sipp remembers a Call-ID for half
# a minute and ignores the next REGISTER, which has the same.
start_sip_peers() {
  local name address port rtp scenario
  write_asterisk_config
  while read -r name address port rtp scenario; do
    background "$name" "$dir/bin/sipp" -sf "$dir/pbx/sipp/$scenario" -i "$address" -mi "$address" -p "$port" \
      -min_rtp_port "$rtp" -max_rtp_port $((rtp + 998)) -nostdin -deadcall_wait 0
  done < <(sip_peers)
}

# The words before a command that run it in a time zone five hours from UTC, so that a mix-up of times shows. Asterisk
# reads /etc/localtime and nothing else; where that can't be covered up, it runs in the host's zone.
in_another_zone() {
  local zone=/usr/share/zoneinfo/Asia/Karachi
  if unshare -m mount --bind "$zone" /etc/localtime 2>/dev/null; then
    echo "unshare -m $kit/kit/with-zone.sh $zone"
  fi
}

start_asterisk() {
  # shellcheck disable=SC2046
  background asterisk $(in_another_zone) "$dir/bin/asterisk" -f
  wait_for 200 booted || {
    say "Asterisk did not start: $dir/log/asterisk.log"
    exit 1
  }
  wait_for 200 registered || {
    say "the carrier was not registered at: $dir/log/carrier.log"
    exit 1
  }
}
