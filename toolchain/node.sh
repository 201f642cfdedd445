# Node.js: the one on PATH if it is new enough, else npm's own packaging of it in the cache.
# shellcheck shell=bash disable=SC2034,SC2154

node_label="Node.js $node_version (52 MB to fetch)"
node_home=$cache/node-$node_version

node_on_path() {
    have node && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge \
        "$node_oldest" ]
}

node_bin() {
    if node_on_path; then dirname "$(command -v node)"; else printf '%s\n' "$node_home/bin"; fi
}

node_ready() { [ -x "$node_home/bin/node" ] || node_on_path; }

node_make() {
    local machine sum folder=$cache/download/node
    case $(uname -m) in
    x86_64) machine=x64 sum=$node_sha256_x64 ;;
    aarch64) machine=arm64 sum=$node_sha256_arm64 ;;
    *) die "Put Node.js $node_oldest or newer on PATH: none is pinned for $(uname -m)." ;;
    esac
    mkdir -p "$folder"
    npm pack --silent --pack-destination "$folder" "node-linux-$machine@$node_version" >/dev/null ||
        die "npm did not give node-linux-$machine@$node_version: is the npm registry in reach?"
    check_sha256 "$folder/node-linux-$machine-$node_version.tgz" "$sum"
    rm -rf "$node_home.part"
    mkdir -p "$node_home.part"
    tar -xzf "$folder/node-linux-$machine-$node_version.tgz" --no-same-owner -C "$node_home.part" \
        --strip-components=1 package/bin package/LICENSE
    mv "$node_home.part" "$node_home"
    rm -rf "$folder"
}
