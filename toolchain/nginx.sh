# nginx with its Brotli module, for tests/browser/deploy.test.mjs: unpacked and not installed, since Debian's
# package would start a server of its own.
# shellcheck shell=bash disable=SC2034,SC2154

nginx_home=$cache/nginx-$nginx_version
nginx_label="nginx $nginx_version (1 MB to fetch)"

nginx_ready() { [ -e "$nginx_home/usr/sbin/nginx" ]; }

nginx_make() {
    local debs=$cache/download/nginx package
    debian_fetch "$nginx_suite" deb "$debs" nginx libnginx-mod-http-brotli-static
    tell_other_version "$debs" nginx "$nginx_version"
    rm -rf "$nginx_home.part"
    mkdir -p "$nginx_home.part"
    for package in nginx libnginx-mod-http-brotli-static; do
        unpack_deb "$debs" "$package" "$nginx_home.part" --exclude=./usr/share/man
    done
    mv "$nginx_home.part" "$nginx_home"
    rm -rf "$debs"
}
