# The upstream sources that we compile: Debian's source packages keep the original tarballs.
# Each lands in a folder named by its SHA-256, so a new pin never meets an old tree.
# shellcheck shell=bash disable=SC2034,SC2154

sources_label="upstream sources (38 MB to fetch)"

sources_list() { grep -hv '^#' "$root/deps/sources.txt" "$root/deps/codecs/sources.txt"; }
source_folder() { printf '%s\n' "$cache/sources/$1-${2:0:12}"; } # NAME SHA256

sources_ready() {
    local name sum
    while read -r name _ sum; do
        [ -d "$(source_folder "$name" "$sum")" ] || return 1
    done < <(sources_list)
}

sources_make() {
    local name version sum folder=$cache/download/sources wanted=()
    while read -r name _ sum; do
        [ -d "$(source_folder "$name" "$sum")" ] || wanted+=("$name")
    done < <(sources_list)
    debian_fetch "$sources_suite" deb-src "$folder" "${wanted[@]}"
    while read -r name version sum; do
        source_unpack "$folder" "$name" "$version" "$sum"
    done < <(sources_list)
    rm -rf "$folder"
}

# source_unpack FOLDER NAME VERSION SHA256: with or without a top folder, as the tarball comes.
source_unpack() {
    local to top tarball
    to=$(source_folder "$2" "$4")
    [ ! -d "$to" ] || return 0
    tarball=$(find "$1" -name "$2_$3.orig.tar.*" | head -n 1)
    [ -n "$tarball" ] || die "Debian $sources_suite has no $2 $3 any more, and no other will do."
    check_sha256 "$tarball" "$4"
    rm -rf "$to.part"
    mkdir -p "$to.part"
    tar -xf "$tarball" --no-same-owner -C "$to.part"
    top=$(find "$to.part" -mindepth 1 -maxdepth 1)
    if [ -d "$top" ]; then
        mv "$top" "$to"
        rmdir "$to.part"
    else
        mv "$to.part" "$to"
    fi
}
