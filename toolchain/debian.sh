# Fetches Debian packages and upstream tarballs of any suite, without root: apt gets a sources
# list, package lists and cache of its own, no memory of what is installed here (it would want the
# same versions again), and checks Debian's signatures as always.
# shellcheck shell=bash disable=SC2034,SC2154

# The mirror that this machine's apt uses for Debian, from either format of its configuration.
debian_mirror() {
    local files=()
    mapfile -t files < <(find /etc/apt/sources.list /etc/apt/sources.list.d \
        \( -name '*.list' -o -name '*.sources' \) -type f 2>/dev/null | sort)
    [ ${#files[@]} -gt 0 ] || return 0
    awk '
        function debian(suites, parts) {
            return (" " parts " ") ~ / main / && (" " suites " ") ~ \
                / (stable|oldstable|testing|unstable|bookworm|trixie|forky|sid) /
        }
        function found(address) { if (address != "") { print address; exit } }
        FNR == 1 || NF == 0 { uri = suites = parts = "" }
        $1 == "deb" {
            sub(/\[[^]]*\] */, "")
            rest = $0; sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+/, "", rest); gsub(/\t/, " ", rest)
            if (debian($3, rest)) found($2)
        }
        $1 == "URIs:" { uri = $2 }
        $1 == "Suites:" { suites = $0 }
        $1 == "Components:" { parts = $0 }
        debian(suites, parts) { found(uri) }
    ' "${files[@]}"
}

debian_keyring() {
    local file
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [ ! -e "$file" ] || { printf '%s\n' "$file" && return; }
    done
}

# isolated_apt SUITE TYPE apt-get-arguments...
isolated_apt() {
    local home=$cache/apt/$1-$2
    shift 2
    local quiet=-qq
    [ ! -t 2 ] || quiet=-q=1 # a terminal gets apt's own progress
    DEBIAN_FRONTEND=noninteractive apt-get "$quiet" \
        -o "Dir::Etc::SourceList=$home/debian.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o "Dir::State::Lists=$home/lists" -o "Dir::Cache=$home/cache" \
        -o "Dir::State::status=$home/status" \
        -o APT::Default-Release= -o APT::Sandbox::User=root -o Acquire::Languages=none \
        -o Acquire::Retries=3 -o APT::Update::Error-Mode=any "$@" >&2
}

# debian_fetch SUITE deb|deb-src FOLDER PACKAGE...: the files lie in FOLDER afterwards. Files left
# there by an interrupted run are checked by apt and used.
debian_fetch() {
    local suite=$1 type=$2 folder=$3 mirror keyring home=$cache/apt/$1-$2
    shift 3
    mirror=$(debian_mirror)
    keyring=$(debian_keyring)
    [ -n "$mirror" ] || die "This needs Debian: there is no Debian mirror in /etc/apt."
    [ -n "$keyring" ] || die "The package debian-archive-keyring is missing."
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial" "$folder"
    : >"$home/status"
    printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
        "$type" "$mirror" "$suite" "$keyring" >"$home/debian.sources"
    isolated_apt "$suite" "$type" update || die \
        "Cannot read Debian $suite's package lists from this machine's mirror: is it online?"
    local command=(download)
    [ "$type" = deb ] || command=(source --tar-only --download-only)
    (cd "$folder" && isolated_apt "$suite" "$type" "${command[@]}" "$@") || die \
        "Debian $suite's mirror did not give all of: $* (run this again to go on where it stopped)."
    rm -rf "$home"
}

# unpack_deb FOLDER PACKAGE TO [tar-options...]
unpack_deb() {
    local deb
    deb=$(find "$1" -name "$2_*.deb" | sort | tail -n 1)
    dpkg-deb --fsys-tarfile "$deb" | tar -x --no-same-owner -C "$3" "${@:4}"
}

# A point release of Debian may have moved a package: say so, as results may then differ.
tell_other_version() {
    compgen -G "$1/$2_*$3*.deb" >/dev/null ||
        say "      note: this project was tested with $2 $3; Debian has another version now."
}
