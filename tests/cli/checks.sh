# Checks of a command from outside, to be sourced by tests: each prints a line "ok" or "not ok".
# shellcheck shell=bash
checks=0 failures=0

# is NAME GOT WANTED
is() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] && echo "ok $checks $1" && return
    failures=$((failures + 1))
    echo "not ok $checks $1"
    printf '#   got:    %s\n#   wanted: %s\n' "$2" "$3"
}

# says NAME TEXT WORDS: WORDS are in TEXT
says() {
    case $2 in
    *"$3"*) is "$1" yes yes ;;
    *) is "$1" "$2" "... $3 ..." ;;
    esac
}

# The last line of a test: its status is 1 if any check failed.
all_checked() {
    echo "1..$checks"
    [ "$failures" = 0 ]
}
