#!/usr/bin/env bash
# A real mail server for the tests: Exim with a domain of the shop's and a customer's mailbox (Maildir).
# Usage: mail.sh install | up | down | env
#
#   TEL_DIR       everything it writes; default /tmp/trunkline-mail-<uid>
#   TEL_PREFIX    first digits of its ports: …025 it listens on, …026 it hands the shop's mail to
#   TEL_PACKAGES  where the unpacked packages are kept; default $TEL_DIR/packages. Exim refuses to be root: where root
#                 runs this it is nobody, who has to be able to read them.
#   TEL_SUITES    Debian suites to try, in this order
#
# Works as root and as an ordinary user, installs nothing into the system. Exit code 77: the packages can't be had
# here, the last line of stderr says why.
set -euo pipefail
umask 022
TEL_DIR=${TEL_DIR:-/tmp/trunkline-mail-$(id -u)}
TEL_SUITES=${TEL_SUITES:-"stable forky sid"}
wanted="exim4-daemon-light libnss-wrapper"
kit=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
for part in common packages programs; do . "$kit/kit/$part.sh"; done

# Who Exim is, and how it becomes that.
if [ "$(id -u)" -eq 0 ]; then
  owner=65534
  become="setpriv --reuid=$owner --regid=$owner --clear-groups"
else
  owner=$(id -u)
  become=
fi

# Debian's Exim looks up its user by name, whom this machine need not have.
write_exim() {
  local wrapper_library
  mkdir -p "$dir/bin" "$dir/etc" "$dir/log" "$dir/run" "$dir/spool"
  echo "Debian-exim:x:$owner:$owner::$dir:/bin/false" >"$dir/etc/passwd"
  echo "Debian-exim:x:$owner:" >"$dir/etc/group"
  wrapper_library=$(find "$packages/root/usr/lib" -name 'libnss_wrapper.so*' -type f | head -1)
  cat >"$dir/bin/exim" <<END
#!/bin/sh
export NSS_WRAPPER_PASSWD=$dir/etc/passwd NSS_WRAPPER_GROUP=$dir/etc/group
exec $(loader) --argv0 exim --preload $wrapper_library --library-path $(libraries) $packages/root/usr/sbin/exim4 "\$@"
END
  chmod +x "$dir/bin/exim"
  render "$kit/mail/exim.conf" | sed -e "s#{{TLS}}#$(tls_lines)#" >"$dir/etc/exim.conf"
  if [ "$owner" -ne "$(id -u)" ]; then chown -R "$owner:$owner" "$dir/etc" "$dir/log" "$dir/run" "$dir/spool" "$dir/mailbox"; fi
}

# A certificate of its own, where something can make one; the provider trusts it by $TEL_DIR/etc/cert.pem.
tls_lines() {
  if ! command -v openssl >/dev/null; then
    say "no openssl here: without TLS"
    echo 'tls_advertise_hosts ='
    return
  fi
  [ -f "$dir/etc/cert.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$dir/etc/key.pem" -out "$dir/etc/cert.pem" 2>/dev/null
  echo "tls_certificate = $dir/etc/cert.pem\ntls_privatekey = $dir/etc/key.pem"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/${prefix}025") 2>/dev/null; }

up() {
  install_packages
  if [ -f "$dir/run/exim.pid" ]; then
    say "already up, or not taken down after a failure: run 'down' first"
    exit 1
  fi
  rm -rf "$dir/mailbox" "$dir/spool"
  mkdir -p "$dir/mailbox"
  write_exim
  # -bdf: in the foreground; -q2s: what waits is tried again every two seconds.
  # shellcheck disable=SC2086
  background exim $become "$dir/bin/exim" -C "$dir/etc/exim.conf" -bdf -q2s
  wait_for 200 listening || {
    say "Exim does not listen: $(tail -3 "$dir"/log/exim* 2>/dev/null)"
    exit 1
  }
  settings >"$dir/env"
  say "up; its settings are in $dir/env"
}

settings() {
  cat <<END
MAIL_DIR=$dir
MAIL_PORT=${prefix}025
MAIL_HANDS_TO=${prefix}026
MAIL_CA=$([ -f "$dir/etc/cert.pem" ] && echo "$dir/etc/cert.pem")
MAIL_USER=shop
MAIL_PASSWORD=shop-password
END
}

case "${1:-}" in
  install) install_packages ;;
  up) up ;;
  down)
    stop_process exim
    say down
    ;;
  env) settings ;;
  *)
    sed -n 3p "$0" >&2
    exit 64
    ;;
esac
