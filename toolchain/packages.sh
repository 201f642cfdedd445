# The few system packages that are not unpacked into the cache: installed by apt when we are root,
# named in one sentence otherwise.
# shellcheck shell=bash disable=SC2034,SC2154

packages_for() {
    case $1 in
    native | wasm)
        have cmake && at_least "$cmake_oldest" "$(cmake --version | awk 'NR == 1 { print $3 }')" ||
            echo cmake
        have ninja || echo ninja-build
        have xz || echo xz-utils
        have protoc || echo protobuf-compiler # nanopb's generator calls it and the next
        [ -e /usr/lib/python3/dist-packages/google/protobuf/__init__.py ] || echo python3-protobuf
        ;;&
    native)
        # libc's and C++'s headers, and libgcc, which clang takes from the system
        [ -e /usr/include/stdio.h ] && compgen -G '/usr/include/c++/*/cstdlib' >/dev/null ||
            echo g++
        [ -e /usr/include/cmocka.h ] || echo libcmocka-dev # the unit tests' harness
        have pkg-config || echo pkg-config # the installed library's test
        [[ $(parallel --version 2>/dev/null) = GNU* ]] || echo parallel # docs/archive.md's test
        ;;
    judges) # other readers of DICOM, and writers of pictures and ONNX files, which tests compare with
        have dcmdump || echo dcmtk
        have dciodvfy || echo dicom3tools
        have gdcmconv || echo libgdcm-tools
        have opj_compress || echo libopenjp2-tools
        have cjpeg || echo libjpeg-turbo-progs
        [ -e /usr/lib/python3/dist-packages/PIL/__init__.py ] || echo python3-pil
        [ -e /usr/lib/python3/dist-packages/pydicom/__init__.py ] || echo python3-pydicom
        [ -e /usr/lib/python3/dist-packages/numpy/__init__.py ] || echo python3-numpy
        [ -e /usr/lib/python3/dist-packages/onnx/__init__.py ] || echo python3-onnx
        ;;
    node) have npm || printf '%s\n' npm ca-certificates ;;
    browser)
        have chromium || printf '%s\n' chromium fonts-dejavu-core
        have firefox-esr || echo firefox-esr
        ;;
    docs) have doxygen || echo doxygen ;;
    esac
}

# packages_install NAME...
packages_install() {
    local install=(apt-get install -y --no-install-recommends "$@")
    [ "$(id -u)" = 0 ] || die "System packages are missing; this installs them, then run me again:
    sudo ${install[*]}"
    say "      apt-get install $*"
    # One broken third-party list must not stop us: what matters is whether the install works.
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null || true
    "${install[@]}" -qq -o DPkg::Lock::Timeout=300 >/dev/null ||
        die "apt-get could not install: $* (is this machine online?)"
}
