# The ONNX project's backend test cases, for tests/conformance: a Debian package of data alone.
# shellcheck shell=bash disable=SC2034,SC2154

testdata=$cache/onnx-testdata-${testdata_sha256:0:12}
testdata_label="ONNX's test cases (7 MB to fetch)"
testdata_cases=$testdata/usr/share/libonnx-testdata/data

testdata_ready() { [ -d "$testdata" ]; }

testdata_make() {
    local debs=$cache/download/testdata
    debian_fetch "$testdata_suite" deb "$debs" libonnx-testdata
    check_sha256 "$(find "$debs" -name 'libonnx-testdata_*.deb' | head -n 1)" "$testdata_sha256"
    rm -rf "$testdata.part"
    mkdir -p "$testdata.part"
    unpack_deb "$debs" libonnx-testdata "$testdata.part"
    mv "$testdata.part" "$testdata"
    rm -rf "$debs"
}
