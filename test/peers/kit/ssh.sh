# sshd of the user who runs this, for one key, with what a bridge may use and nothing else.
# shellcheck shell=bash
write_ssh_config() {
  mkdir -p "$dir/ssh"
  local key
  for key in host client; do
    [ -f "$dir/ssh/$key" ] || "$dir/bin/ssh-keygen" -q -t ed25519 -N '' -C "$key" -f "$dir/ssh/$key"
  done
  cp "$dir/ssh/client.pub" "$dir/ssh/authorized_keys"
  echo "[127.0.0.1]:${prefix}022 $(cut -d' ' -f1,2 "$dir/ssh/host.pub")" >"$dir/ssh/known_hosts"
  # PerSourcePenalties: a refused login would otherwise lock out every test after it for seconds.
  cat >"$dir/ssh/sshd_config" <<END
ListenAddress 127.0.0.1:${prefix}022
HostKey $dir/ssh/host
PidFile none
AuthorizedKeysFile $dir/ssh/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
AllowUsers $(id -un)
StrictModes no
UsePAM no
UseDNS no
PermitTTY no
AllowTcpForwarding yes
PermitOpen 127.0.0.1:${prefix}038
Subsystem sftp internal-sftp
MaxSessions 10
MaxStartups 50:30:100
PerSourcePenalties no
SshdSessionPath $dir/bin/sshd-session
SshdAuthPath $dir/bin/sshd-auth
# A home of its own: bash run by sshd reads .bashrc, and a developer's may take a second for each command.
SetEnv PATH=$dir/bin:/usr/bin:/bin HOME=$dir/ssh
END
}

start_sshd() {
  if [ "$(id -u)" -eq 0 ]; then
    # sshd run by root insists on both; the only thing outside of $dir, and what its package would do.
    mkdir -p /run/sshd
    getent passwd sshd >/dev/null ||
      useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
  fi
  background sshd "$dir/bin/sshd" -D -e -f "$dir/ssh/sshd_config"
  wait_for 100 "$dir/bin/ssh-keyscan" -T 1 -p "${prefix}022" 127.0.0.1 || {
    say "sshd did not answer: $dir/log/sshd.log"
    exit 1
  }
}
