# Packages without installing them: apt with a private configuration downloads, dpkg-deb unpacks into a directory, and
# programs run with that directory's own dynamic loader. So neither root nor a chroot is needed, and the host stays as
# it was. Debian stable has no Asterisk and too old a release has no adbd, hence the newer suites.
# shellcheck shell=bash
suites=${TEL_SUITES:-"forky sid"}
# A script that sources this may want others; the first one names the tree.
: "${wanted:=asterisk sip-tester adb adbd openssh-server openssh-client iproute2}"
# Dependencies that the programs don't need to run; the host has its own.
unneeded='^(perl|libperl|python3|libpython3|systemd|libsystemd-shared|coreutils|gnupg|gpg|gpgv|gpgsm|dirmngr|pinentry|dpkg|apt|libapt|debconf|adduser|passwd|util-linux|tar|debianutils|ucf|sensible|libsnmp-base|tzdata|media-types|shared-mime|openssl|bash|dash|sed|grep|mawk|base-files|base-passwd|init-system|login|procps|android-udev|asterisk-config)'

mirror() {
  echo "${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m1 -E '/debian/?$' || echo http://deb.debian.org/debian)}"
}

# download SUITE: the packages and what they depend on, into $packages/apt.
download() {
  local suite=$1 apt=$packages/apt
  rm -rf "$apt"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d}
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" >"$apt/sources.list"
  # Lists of a moving suite may be past their date; signatures are checked all the same.
  cat >"$apt/apt.conf" <<END
Dir::Etc "$apt/etc";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Architecture "$(dpkg --print-architecture)";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "20";
Debug::NoLocking "true";
END
  # shellcheck disable=SC2086
  APT_CONFIG=$apt/apt.conf apt-get -q update -o APT::Update::Error-Mode=any >"$packages/apt.log" 2>&1 &&
    APT_CONFIG=$apt/apt.conf apt-get -q -y --download-only install $wanted >>"$packages/apt.log" 2>&1
}

unpack() {
  local suite=$1 archives=$packages/apt/cache/archives tree=$packages/root.new package
  rm -rf "$tree"
  mkdir "$tree"
  for package in "$archives"/*.deb; do
    [[ $(basename "$package") =~ $unneeded ]] && continue
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$tree" --no-same-owner \
      --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*' --exclude='./usr/share/info*'
  done
  (cd "$archives" && ls -- *.deb) >"$tree/.packages"
  echo "$suite $(grep -oE "^${wanted%% *}_[^_]+" "$tree/.packages")" >"$tree/.found"
  echo "$wanted" >"$tree/.wanted"
  rm -rf "$packages/root" "$packages/apt"
  mv "$tree" "$packages/root"
}

# An archive that does not answer is this machine's lot, one that answers without the packages is a fault to mend.
cannot_be_had() {
  local reason
  reason="none of the suites [$suites] could be had from $(mirror): $(grep -m1 -E '^(E|W|Err)' "$packages/apt.log" || echo "see $packages/apt.log")"
  rm -rf "$packages/apt"
  if grep -qE 'Could not (connect|resolve|handshake)|Cannot initiate|Temporary failure|Connection (timed out|refused|failed)|Network is unreachable' "$packages/apt.log"; then
    skip "$reason"
  fi
  say "$reason"
  exit 1
}

# Needs a few seconds the first time, nothing afterwards. Two at once on a shared directory wait for each other.
install_packages() {
  mkdir -p "$packages"
  exec 8>"$packages/lock"
  flock 8
  # A tree that was made for another list of packages is made anew.
  if [ "$(cat "$packages/root/.wanted" 2>/dev/null)" != "$wanted" ]; then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "no apt here"
    local suite found=
    for suite in $suites; do
      if download "$suite"; then
        found=$suite
        break
      fi
    done
    [ -n "$found" ] || cannot_be_had
    unpack "$found"
    say "unpacked $(cat "$packages/root/.found"), $(du -sm "$packages/root" | cut -f1) MB"
  fi
  exec 8>&-
}
