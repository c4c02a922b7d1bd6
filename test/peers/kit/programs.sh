# One small wrapper per program in $dir/bin: runs it with the unpacked tree's own loader and libraries.
# shellcheck shell=bash
libraries() { dirname "$(find "$packages/root/usr/lib" -maxdepth 2 -name 'ld-linux-*.so.*' | head -1)"; }
loader() { find "$(libraries)" -maxdepth 1 -name 'ld-linux-*.so.*' | head -1; }

# wrapper NAME PROGRAM [ARGUMENTS...]
wrapper() {
  local name=$1 program=$2 lib
  shift 2
  lib=$(libraries)
  cat >"$dir/bin/$name" <<END
#!/bin/sh
exec $(loader) --argv0 $name --library-path $lib:$lib/android $program $* "\$@"
END
  chmod +x "$dir/bin/$name"
}

write_programs() {
  local usr=$packages/root/usr ip
  mkdir -p "$dir/bin"
  wrapper sipp "$usr/bin/sipp"
  wrapper adb "$usr/lib/android-sdk/platform-tools/adb"
  wrapper ssh-keygen "$usr/bin/ssh-keygen"
  wrapper ssh-keyscan "$usr/bin/ssh-keyscan"
  wrapper ssh "$usr/bin/ssh"
  wrapper sshd-session "$usr/lib/openssh/sshd-session"
  wrapper sshd-auth "$usr/lib/openssh/sshd-auth"
  ip=$usr/sbin/ip
  [ -e "$ip" ] || ip=$usr/bin/ip
  wrapper ip "$ip"
  wrapper asterisk "$usr/sbin/asterisk" -C "$dir/pbx/etc/asterisk.conf"
  # sshd starts itself again by its own name, so it must not be given another one.
  printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' "$(loader)" "$(libraries)" "$usr/sbin/sshd" >"$dir/bin/sshd"
  chmod +x "$dir/bin/sshd"
}
