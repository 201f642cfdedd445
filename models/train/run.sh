#!/usr/bin/env bash
# From the films to the shipped files, on CUDA where there is one, else on the CPU.
#   models/train/run.sh DATA WORK [START] [fast|whole]
# DATA holds chest/ and ood/, WORK gets checkpoints and caches, START is a folded ImageNet MobileNetV2
# (.npz) or a model of ours (.onnx; the shipped one unless told otherwise).
#   fast    one network for the split "train" / "select" / "report", then with the doubted kinds left out,
#           its gate, card and file
#   whole   before that the cross-validation, whose answers teach the one that is shipped
# Everything goes on where it was cut off. Options for train.py: EPOCHS, SIZE, BATCH, RATE, SEED, NET.
# EIGHT_BITS=1 rounds what layers pass on as well (QDQ), SETTLE epochs are then trained with those roundings (0).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1 work=$2 start=${3:-$here/../child-pneumonia/model.onnx} what=${4:-fast}
out=$here/../child-pneumonia
python=${PYTHON:-/usr/bin/python3}
common=(--data "$data" --cache "$work/cache")
net=(--start "$start" --net "${NET:-whole}" --epochs "${EPOCHS:-24}" --size "${SIZE:-192}"
    --batch "${BATCH:-32}" --rate "${RATE:-0.02}" --resume)
mkdir -p "$work"
step() { echo "$(date +%T) $*" >&2; "$python" "$here/$1" "${@:2}"; }

teacher=()
if [ "$what" = whole ]; then
    step folds.py "${common[@]}" "${net[@]}" --out "$work/folds" --predictions "$out/folds"
    step noise.py --predictions "$out/folds" --out "$work/suspects.csv"
    step distil.py --data "$data" --predictions "$out/folds" --out "$work/teacher.npy"
    teacher=(--teacher "$work/teacher.npy")
fi
step train.py "${common[@]}" "${net[@]}" "${teacher[@]}" --seed "${SEED:-0}" --out "$work/first"
step doubts.py "${common[@]}" --checkpoint "$work/first/model.pt" --out "$work/doubted.json"
doubted=(--doubted "$work/doubted.json")
step train.py "${common[@]}" "${net[@]}" "${teacher[@]}" "${doubted[@]}" --start "$work/first/model.pt" \
    --epochs "${MORE:-6}" --rate 0.01 --seed "$((${SEED:-0} + 7))" --out "$work/net"
checkpoint=$work/net/model.pt weights=int8 exact=()
if [ "${EIGHT_BITS:-}" ]; then
    step settle.py "${common[@]}" "${doubted[@]}" --trained "$checkpoint" --net "${NET:-whole}" --size "${SIZE:-192}" \
        --epochs "${SETTLE:-0}" --out "$work/net8" --resume
    exact=(--exact "$checkpoint")
    checkpoint=$work/net8/model.pt weights=qdq
fi
[ -d "$work/pictures/files" ] || "$here/pictures.sh" "$work/pictures"
step gate.py "${common[@]}" --pictures "$work/pictures/files" --checkpoint "$checkpoint" \
    --out "$work/gate.npz"
step evaluate.py "${common[@]}" --checkpoint "$checkpoint" --gate "$work/gate.json" \
    --weights "$weights" "${exact[@]}" "${doubted[@]}" --out "$out"
cp "$(dirname "$checkpoint")/history.json" "$out/history.json"
step card.py --metrics "$out/metrics.json" --out "$out/card.md"
step export.py --checkpoint "$checkpoint" --gate "$work/gate.npz" --weights "$weights" \
    --metrics "$out/metrics.json" --card "$out/card.md" --out "$out/model.onnx"
