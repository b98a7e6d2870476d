#!/usr/bin/env bash
# Debian packages that no Python package can bring: the sandbox, programs for the tests, fonts for Vietnamese.
# Installs what is missing as root or with sudo that asks for no password; otherwise says the one command to run.
set -euo pipefail
missing=()
command -v bwrap >/dev/null || missing+=(bubblewrap)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v pdftoppm >/dev/null || missing+=(poppler-utils) # looks at certificates in the tests
# typesets the PDF of the book
/sbin/ldconfig -p | grep -q 'libpangoft2-1\.0\.so\.0' || missing+=(libpangoft2-1.0-0)
/sbin/ldconfig -p | grep -q 'libharfbuzz-subset\.so\.0' || missing+=(libharfbuzz-subset0)
command -v hunspell >/dev/null || missing+=(hunspell) # spelling in the tests, with its two dictionaries
[ -e /usr/share/hunspell/en_GB.dic ] || missing+=(hunspell-en-gb)
[ -e /usr/share/hunspell/vi_VN.dic ] || missing+=(hunspell-vi)
command -v minisign >/dev/null || missing+=(minisign) # checks our signatures in the tests
# our settings for it are tested on it; where systemd runs it would begin to serve, so there the test does without
[ -x /usr/sbin/nginx ] || [ -d /run/systemd/system ] || missing+=(nginx-light)
[ -d /usr/share/fonts/truetype/noto ] || missing+=(fonts-noto-core)
# the program that drives the browser in the tests is linked against it; a minimal Debian lacks it
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || missing+=(libatomic1)
[ ${#missing[@]} -eq 0 ] && exit 0

command -v apt-get >/dev/null || {
    echo "Needed and not found: ${missing[*]}. Install them with this system's package manager, then run again."
    exit 1
}
install="apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif sudo --non-interactive true 2>/dev/null; then
    as_root="sudo"
else
    echo "Needed and not found: ${missing[*]}. Run this once, then the same make command again:"
    echo "  sudo sh -c '$install'"
    exit 1
fi
echo "Installing ${missing[*]} …"
log=$(mktemp)
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $as_root sh -c "$install" >"$log" 2>&1 || {
    tail -n 20 "$log"
    echo "The installation failed; the full log is $log. Mend it, then run the same make command again."
    exit 1
}
