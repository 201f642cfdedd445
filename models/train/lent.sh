#!/usr/bin/env bash
# Training on a lent GPU machine that sees nothing but a copy of this repository and some carried files.
#   here:   models/train/lent.sh pack DATA START.npz .lent     (55 MB; keep .lent out of git)
#   there:  bash models/train/lent.sh one .lent OUT            one network, its eight-bit twin, figures
#           bash models/train/lent.sh folds .lent OUT 0:0 0:1 ...    answers of these folds
#   here:   then gate.py, card.py and export.py as in run.sh, with OUT/net.pt or OUT/net8.pt
# Options as for run.sh (EPOCHS, SIZE, BATCH, RATE, SEED, NET), and AT_ONCE: folds run side by side (3).
# What is not done after LIMIT seconds (540) is dropped; finished folds come back.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3} limit=${LIMIT:-540}

pack() { # DATA START FOLDER
    mkdir -p "$3"
    { head -1 "$1/chest/index.csv"; grep '^kermany/' "$1/chest/index.csv"; } >"$3/index.csv"
    tar -C "$1/chest" -cf "$3/films.tar" kermany
    xz -9 -c "$2" >"$3/start.npz.xz"
    du -sh "$3"
}

unpack() { # FOLDER
    work=$(mktemp -d)
    mkdir -p "$work/data/chest" "$out"
    tar -C "$work/data/chest" -xf "$1/films.tar"
    cp "$1/index.csv" "$work/data/chest/"
    xz -dc "$1/start.npz.xz" >"$work/start.npz"
    common=(--data "$work/data" --cache "$work/cache" --threads 4)
    net=(--net "${NET:-whole}" --size "${SIZE:-192}" --batch "${BATCH:-32}")
    course=(--start "$work/start.npz" --epochs "${EPOCHS:-24}" --rate "${RATE:-0.02}")
}

one() {
    timeout "$limit" "$python" "$here/train.py" "${common[@]}" "${net[@]}" "${course[@]}" \
        --seed "${SEED:-0}" ${TEACHER:+--teacher "$TEACHER"} --out "$work/net"
    cp "$work/net/history.json" "$out/" && cp "$work/net/model.pt" "$out/net.pt"
    "$python" "$here/evaluate.py" "${common[@]}" --checkpoint "$out/net.pt" --out "$out/net"
    "$python" "$here/settle.py" "${common[@]}" "${net[@]}" --trained "$out/net.pt" --out "$work/net8"
    cp "$work/net8/model.pt" "$out/net8.pt"
    "$python" "$here/evaluate.py" "${common[@]}" --checkpoint "$out/net8.pt" --out "$out/net8"
}

folds() { # SEED:FOLD ...
    "$python" -c "import sys; sys.path.insert(0, '$here'); import data
rows = data.read_index('$work/data'); data.Films('$work/data', rows, '$work/cache').squares()"
    printf '%s\n' "$@" | timeout "$limit" xargs -P "${AT_ONCE:-3}" -I{} "$python" "$here/folds.py" \
        "${common[@]}" "${net[@]}" "${course[@]}" --out "$work/folds" \
        --predictions "$work/answers" --only {} || true
    rm -f "$work"/answers/*.partial
    tar -C "$work" -czf "$out/answers.tar.gz" answers
}

task=$1 folder=$2 out=${3:-}
case $task in
pack) pack "$2" "$3" "$4" ;;
one) unpack "$folder" && one ;;
folds) unpack "$folder" && folds "${@:4}" ;;
*) sed -n '2,9p' "$0" && exit 2 ;;
esac
