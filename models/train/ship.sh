#!/usr/bin/env bash
# From a trained network to the shipped files: gate, figures, card, model file, reference films. What is left to do by
# hand stands in README.md.
#   models/train/ship.sh DATA WORK TRAINED [PLEURA]
# TRAINED is a run's model.pt, or a model file of ours (with its history.json beside it); PLEURA the core's command
# line (build/native/pleura), which answers for every figure. WORK gets checkpoints and caches, and its gate's pictures;
# what is there already (net8, a gate that is newer) is not made again.
#   WEIGHTS   int8, qdq (what layers pass on in eight bits, too), float16 or float32
#   SETTLE    epochs trained with the roundings of qdq (0)
#   FRAMINGS  shares of a side that further framings of a film near the threshold cut off (-: add): 0.1,-0.1; none if empty
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1 work=$2 checkpoint=$3 engine=${4:-$here/../../build/native/pleura}
out=$here/../child-pneumonia weights=${WEIGHTS:-int8}
python=${PYTHON:-/usr/bin/python3}
common=(--data "$data" --cache "$work/cache")
doubted=(--doubted "$out/doubted.json")
step() { echo "$(date +%T) $*" >&2; "$python" "$here/$1" "${@:2}"; }

mkdir -p "$work"
exact=()
if [ "$weights" = qdq ]; then
    [ -f "$work/net8/model.pt" ] || step settle.py "${common[@]}" "${doubted[@]}" --trained "$checkpoint" --net "${NET:-whole}" --size "${SIZE:-192}" \
        --epochs "${SETTLE:-0}" --out "$work/net8" --resume
    exact=(--exact "$checkpoint")
    checkpoint=$work/net8/model.pt
fi
[ -d "$work/pictures/files" ] || "$here/pictures.sh" "$work/pictures"
[ "$work/gate.npz" -nt "$checkpoint" ] || step gate.py "${common[@]}" --pictures "$work/pictures/files" \
    --checkpoint "$checkpoint" --out "$work/gate.npz"
step evaluate.py "${common[@]}" --checkpoint "$checkpoint" --gate "$work/gate.json" --weights "$weights" \
    --engine "$engine" ${FRAMINGS:+--framings="$FRAMINGS"} "${exact[@]}" "${doubted[@]}" --out "$out"
cp "$(dirname "$checkpoint")/history.json" "$out/history.json"
step card.py --metrics "$out/metrics.json" --out "$out/card.md"
step export.py --checkpoint "$checkpoint" --gate "$work/gate.npz" --weights "$weights" \
    --metrics "$out/metrics.json" --card "$out/card.md" --out "$out/model.onnx"
step reference.py "$data" "$engine"
