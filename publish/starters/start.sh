#!/bin/sh
# @ABOUT@
# Nothing is installed and nothing is written; a small server in this window sends the files of the folder "site"
# to this machine alone.
cd "$(dirname "$0")" || exit 1
me=$PWD/$(basename "$0")
leave() {
    printf '%s\n' "$1"
    if [ -t 0 ]; then
        printf '%s ' '@ENTER@'
        read -r _
    fi
    exit 1
}
if [ ! -f site/editions.json ]; then leave '@UNZIP@'; fi
cd site || exit 1

system=$(uname -s)
if [ -z "${COURSE_OPEN+x}" ]; then
    if [ "$system" = Darwin ]; then COURSE_OPEN=open; else COURSE_OPEN=$(command -v xdg-open || true); fi
fi
export COURSE_OPEN

has_python() {
    command -v python3 >/dev/null 2>&1 || return 1
    # on a Mac without the developers' tools this name only asks to install them
    if [ "$system" = Darwin ] && [ "$(command -v python3)" = /usr/bin/python3 ]; then
        xcode-select -p >/dev/null 2>&1 || return 1
    fi
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null
}

program() { sed "1,/^# --- $1\$/d;/^# --- /,\$d" "$me"; }

# in place of this shell, so that Ctrl+C and closing the window end it
if has_python; then exec python3 -c "$(program python)"; fi
if command -v perl >/dev/null 2>&1; then exec perl -e "$(program perl)"; fi
leave '@NOTHING@'
: <<'PROGRAMS'
# --- python
@PYTHON@
# --- perl
@PERL@
# --- end
PROGRAMS
